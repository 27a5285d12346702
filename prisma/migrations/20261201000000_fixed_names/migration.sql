-- What is not history gets names of its own, which do not follow POSTGRES_TABLE (docs/decisions/0030-prisma-client.md).
-- Only the catalog changes. The names before stay as views, for as long as a version that knows no others may still run,
-- or somebody reads them: a later release drops them.
DO $$
DECLARE
    "one" TEXT[];
    "tables" CONSTANT TEXT[] := ARRAY[
        ['"metrics_snapshots_agents"', 'topline_agents'],
        ['"metrics_snapshots_forgotten"', 'topline_forgotten_agents'],
        ['"metrics_snapshots_alert_rules"', 'topline_alert_rules'],
        ['"metrics_snapshots_channels"', 'topline_alert_channels'],
        ['"metrics_snapshots_routes"', 'topline_alert_routes'],
        ['"metrics_snapshots_maintenance"', 'topline_maintenance_windows'],
        ['"metrics_snapshots_silences"', 'topline_silences'],
        ['"metrics_snapshots_alerts"', 'topline_alerts'],
        ['"metrics_snapshots_alert_entries"', 'topline_alert_entries'],
        ['"metrics_snapshots_deliveries"', 'topline_deliveries'],
        ['"metrics_snapshots_audit"', 'topline_audit_entries']
    ];
    "indexes" CONSTANT TEXT[] := ARRAY[
        ['"metrics_snapshots_agents_pkey"', 'topline_agents_pkey'],
        ['"metrics_snapshots_forgotten_pkey"', 'topline_forgotten_agents_pkey'],
        ['"metrics_snapshots_alert_rules_pkey"', 'topline_alert_rules_pkey'],
        ['"metrics_snapshots_channels_pkey"', 'topline_alert_channels_pkey'],
        ['"metrics_snapshots_routes_pkey"', 'topline_alert_routes_pkey'],
        ['"metrics_snapshots_maintenance_pkey"', 'topline_maintenance_windows_pkey'],
        ['"metrics_snapshots_silences_pkey"', 'topline_silences_pkey'],
        ['"metrics_snapshots_silences_ends_at_id_idx"', 'topline_silences_ends_at_id_idx'],
        ['"metrics_snapshots_alerts_pkey"', 'topline_alerts_pkey'],
        ['"metrics_snapshots_alerts_started_at_id_idx"', 'topline_alerts_started_at_id_idx'],
        ['"metrics_snapshots_alerts_state_started_at_id_idx"', 'topline_alerts_state_started_at_id_idx'],
        ['"metrics_snapshots_alerts_agent_id_started_at_id_idx"', 'topline_alerts_agent_id_started_at_id_idx'],
        ['"metrics_snapshots_alerts_rule_id_started_at_id_idx"', 'topline_alerts_rule_id_started_at_id_idx'],
        ['"metrics_snapshots_alerts_resolved_at_idx"', 'topline_alerts_resolved_at_idx'],
        ['"metrics_snapshots_alerts_labels_idx"', 'topline_alerts_labels_idx'],
        ['"metrics_snapshots_alert_entries_pkey"', 'topline_alert_entries_pkey'],
        ['"metrics_snapshots_alert_entries_agent_id_at_idx"', 'topline_alert_entries_agent_id_at_idx'],
        ['"metrics_snapshots_deliveries_pkey"', 'topline_deliveries_pkey'],
        ['"metrics_snapshots_deliveries_created_at_id_idx"', 'topline_deliveries_created_at_id_idx'],
        ['"metrics_snapshots_deliveries_channel_id_created_at_id_idx"', 'topline_deliveries_channel_id_created_at_id_idx'],
        ['"metrics_snapshots_deliveries_alert_ids_idx"', 'topline_deliveries_alert_ids_idx'],
        ['"metrics_snapshots_audit_pkey"', 'topline_audit_entries_pkey'],
        ['"metrics_snapshots_audit_at_idx"', 'topline_audit_entries_at_idx']
    ];
    "used" BOOLEAN := false;
    "found" BOOLEAN;
    "privilege" RECORD;
BEGIN
    -- Everybody who wants a table queues up behind us while we wait for it, so not for long: it is tried again.
    PERFORM set_config('lock_timeout', '2000', true);

    FOREACH "one" SLICE 1 IN ARRAY "tables" LOOP
        -- Where POSTGRES_TABLE is "topline", some have their names already.
        IF "one"[1] <> '"' || "one"[2] || '"' THEN
            EXECUTE format('ALTER TABLE %s RENAME TO %I', "one"[1], "one"[2]);
        END IF;
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', "one"[2]) INTO "found";
        "used" := "used" OR "found";
    END LOOP;
    FOREACH "one" SLICE 1 IN ARRAY "indexes" LOOP
        IF "one"[1] <> '"' || "one"[2] || '"' THEN
            EXECUTE format('ALTER INDEX IF EXISTS %s RENAME TO %I', "one"[1], "one"[2]);
        END IF;
    END LOOP;
    IF pg_get_serial_sequence('topline_audit_entries', 'id') NOT LIKE '%.topline_audit_entries_id_seq' THEN
        EXECUTE format('ALTER SEQUENCE %s RENAME TO "topline_audit_entries_id_seq"',
            pg_get_serial_sequence('topline_audit_entries', 'id'));
    END IF;

    -- A new installation, which has nothing in any of them, needs no other names.
    IF NOT "used" THEN
        RETURN;
    END IF;
    FOREACH "one" SLICE 1 IN ARRAY "tables" LOOP
        IF to_regclass("one"[1]) IS NULL THEN
            EXECUTE format('CREATE VIEW %s AS SELECT * FROM %I', "one"[1], "one"[2]);
            -- Whoever may read or write the table may do so under the name before.
            FOR "privilege" IN
                SELECT "privilege_type" AS "what",
                    CASE "grantee" WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid("grantee")) END AS "whom"
                FROM pg_class, aclexplode("relacl")
                WHERE "oid" = "one"[2]::regclass AND "grantee" <> "relowner"
                    AND "privilege_type" IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
            LOOP
                EXECUTE format('GRANT %s ON %s TO %s', "privilege"."what", "one"[1], "privilege"."whom");
            END LOOP;
        END IF;
    END LOOP;
END
$$;
