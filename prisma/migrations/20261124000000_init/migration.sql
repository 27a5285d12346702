-- The history of every agent, one partition a UTC day. Names in double quotes that begin with the table's are replaced
-- where POSTGRES_TABLE says otherwise; see core/platform/migrationFiles.ts.

-- A sequence instead of an identity column, which partitions do not take over before PostgreSQL 17.
CREATE SEQUENCE "metrics_snapshots_id_seq" AS BIGINT;

CREATE TABLE "metrics_snapshots" (
    "id" BIGINT NOT NULL DEFAULT nextval('"metrics_snapshots_id_seq"'),
    "agent_id" TEXT NOT NULL,
    "snapshot_id" UUID NOT NULL,
    "timestamp_utc" TIMESTAMPTZ(6) NOT NULL,
    "epoch_seconds" BIGINT NOT NULL,
    "total_cpu_percent" DOUBLE PRECISION NOT NULL,
    "per_core_cpu_percent" JSONB NOT NULL,
    "system_memory_total_mb" DOUBLE PRECISION NOT NULL,
    "system_memory_used_mb" DOUBLE PRECISION NOT NULL,
    "top_processes" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(6) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "metrics_snapshots_pkey" PRIMARY KEY ("agent_id", "timestamp_utc", "snapshot_id")
) PARTITION BY RANGE ("timestamp_utc");

ALTER SEQUENCE "metrics_snapshots_id_seq" OWNED BY "metrics_snapshots"."id";

CREATE INDEX "metrics_snapshots_timestamp_utc_idx" ON "metrics_snapshots"("timestamp_utc");

-- Days live apart, so that a list of tables shows the one people read. Where the role may not make a schema, they live
-- beside it: Prisma's diff passes over partitions wherever they are.
DO $$
BEGIN
    CREATE SCHEMA IF NOT EXISTS "topline_partitions";
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END
$$;
