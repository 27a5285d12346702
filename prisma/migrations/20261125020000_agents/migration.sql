-- What is known of each agent for good: its figures of the moment are in Redis (docs/decisions/0011-fleet.md).
CREATE TABLE "metrics_snapshots_agents" (
    "agent_id" TEXT NOT NULL,
    "name" TEXT,
    "agent_labels" JSONB NOT NULL DEFAULT '{}',
    "operator_labels" JSONB NOT NULL DEFAULT '{}',
    "first_seen" TIMESTAMPTZ(6) NOT NULL,
    "last_seen" TIMESTAMPTZ(6) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "metrics_snapshots_agents_pkey" PRIMARY KEY ("agent_id")
);

-- Apart, because every insert of snapshots asks it, and it is nearly always empty.
CREATE TABLE "metrics_snapshots_forgotten" (
    "agent_id" TEXT NOT NULL,
    "forgotten_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "metrics_snapshots_forgotten_pkey" PRIMARY KEY ("agent_id")
);

-- Whoever was here before this table: the days' indexes tell the agents without reading all rows, and whoever reports
-- is added by that anyway. First and last row of each, by when it was received, are two looks at most a day.
INSERT INTO "metrics_snapshots_agents" ("agent_id", "first_seen", "last_seen")
WITH RECURSIVE "known" AS (
    (SELECT "agent_id" FROM "metrics_snapshots_packed" ORDER BY "agent_id" LIMIT 1)
    UNION ALL
    SELECT (
        SELECT "agent_id" FROM "metrics_snapshots_packed" WHERE "agent_id" > "known"."agent_id" ORDER BY "agent_id" LIMIT 1
    )
    FROM "known" WHERE "known"."agent_id" IS NOT NULL
)
SELECT
    "agent_id",
    (SELECT "received_at" FROM "metrics_snapshots_packed" AS "p" WHERE "p"."agent_id" = "known"."agent_id"
        ORDER BY "timestamp_utc" LIMIT 1),
    (SELECT "received_at" FROM "metrics_snapshots_packed" AS "p" WHERE "p"."agent_id" = "known"."agent_id"
        ORDER BY "timestamp_utc" DESC LIMIT 1)
FROM "known" WHERE "agent_id" IS NOT NULL;
