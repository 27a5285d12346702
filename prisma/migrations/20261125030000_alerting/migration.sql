-- Alerting (docs/decisions/0015-alerting.md): what it goes by, what fired, what became of it, and who changed what.
CREATE TABLE "metrics_snapshots_alert_rules" (
    "id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "metrics_snapshots_alert_rules_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "metrics_snapshots_channels" (
    "id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "metrics_snapshots_channels_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "metrics_snapshots_routes" (
    "id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "metrics_snapshots_routes_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "metrics_snapshots_maintenance" (
    "id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "metrics_snapshots_maintenance_pkey" PRIMARY KEY ("id")
);

-- Also those that are over: who silenced what is part of the record.
CREATE TABLE "metrics_snapshots_silences" (
    "id" UUID NOT NULL,
    "starts_at" TIMESTAMPTZ(6) NOT NULL,
    "ends_at" TIMESTAMPTZ(6) NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "metrics_snapshots_silences_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "metrics_snapshots_alerts" (
    "id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "rule_id" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL,
    "fired_at" TIMESTAMPTZ(6),
    "resolved_at" TIMESTAMPTZ(6),
    "revision" INTEGER NOT NULL,
    "labels" JSONB NOT NULL,
    "body" JSONB NOT NULL,

    CONSTRAINT "metrics_snapshots_alerts_pkey" PRIMARY KEY ("id")
);

-- No foreign key: that somebody has seen an alert can be here before the alert is.
CREATE TABLE "metrics_snapshots_alert_entries" (
    "alert_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "kind" TEXT NOT NULL,
    "by" TEXT,
    "detail" JSONB NOT NULL,

    CONSTRAINT "metrics_snapshots_alert_entries_pkey" PRIMARY KEY ("alert_id","key")
);

CREATE TABLE "metrics_snapshots_deliveries" (
    "id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "alert_ids" TEXT[],
    "body" JSONB NOT NULL,

    CONSTRAINT "metrics_snapshots_deliveries_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "metrics_snapshots_audit" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "role" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "by" TEXT,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "metrics_snapshots_audit_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "metrics_snapshots_silences_ends_at_id_idx" ON "metrics_snapshots_silences"("ends_at", "id");
CREATE INDEX "metrics_snapshots_alerts_started_at_id_idx" ON "metrics_snapshots_alerts"("started_at", "id");
CREATE INDEX "metrics_snapshots_alerts_state_started_at_id_idx" ON "metrics_snapshots_alerts"("state", "started_at", "id");
CREATE INDEX "metrics_snapshots_alerts_agent_id_started_at_id_idx" ON "metrics_snapshots_alerts"("agent_id", "started_at", "id");
CREATE INDEX "metrics_snapshots_alerts_rule_id_started_at_id_idx" ON "metrics_snapshots_alerts"("rule_id", "started_at", "id");
CREATE INDEX "metrics_snapshots_alerts_resolved_at_idx" ON "metrics_snapshots_alerts"("resolved_at");
CREATE INDEX "metrics_snapshots_alerts_labels_idx" ON "metrics_snapshots_alerts" USING GIN ("labels" jsonb_path_ops);
CREATE INDEX "metrics_snapshots_alert_entries_agent_id_at_idx" ON "metrics_snapshots_alert_entries"("agent_id", "at");
CREATE INDEX "metrics_snapshots_deliveries_created_at_id_idx" ON "metrics_snapshots_deliveries"("created_at", "id");
CREATE INDEX "metrics_snapshots_deliveries_channel_id_created_at_id_idx" ON "metrics_snapshots_deliveries"("channel_id", "created_at", "id");
CREATE INDEX "metrics_snapshots_deliveries_alert_ids_idx" ON "metrics_snapshots_deliveries" USING GIN ("alert_ids");
CREATE INDEX "metrics_snapshots_audit_at_idx" ON "metrics_snapshots_audit"("at");
