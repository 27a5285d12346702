-- The history in minutes and hours, and how far they have got (core/stores/rollups.ts). Rows of a tier keep the whole
-- bucket packed (core/rollup/packBucket.ts); beside it stands what SQL adds up over a fleet without unpacking: counts,
-- sums, minima and maxima in hundredths of a percent and of an MB. Partitions are made by core/stores/partitions.ts, of a day
-- for minutes and of 28 days for hours.

-- What is to be rolled up is told by it. Inserts wait while it is made: a second for some two million rows.
CREATE INDEX "metrics_snapshots_packed_id_idx" ON "metrics_snapshots_packed"("id");

CREATE TABLE "metrics_snapshots_minutes" (
    "minute" TIMESTAMPTZ(6) NOT NULL,
    "cpu_sum" BIGINT NOT NULL,
    "memory_sum" BIGINT NOT NULL,
    "busy_units" BIGINT NOT NULL,
    "top_cpu_units" BIGINT,
    "samples" INTEGER NOT NULL,
    "held_seconds" INTEGER NOT NULL,
    "cpu_min" INTEGER NOT NULL,
    "cpu_max" INTEGER NOT NULL,
    "memory_min" INTEGER NOT NULL,
    "memory_max" INTEGER NOT NULL,
    "memory_total" INTEGER NOT NULL,
    "agent_id" TEXT NOT NULL,
    "top_process" TEXT,
    "bucket" BYTEA NOT NULL,

    CONSTRAINT "metrics_snapshots_minutes_pkey" PRIMARY KEY ("agent_id", "minute")
) PARTITION BY RANGE ("minute");

CREATE INDEX "metrics_snapshots_minutes_minute_idx" ON "metrics_snapshots_minutes"("minute");

CREATE TABLE "metrics_snapshots_hours" (
    "hour" TIMESTAMPTZ(6) NOT NULL,
    "cpu_sum" BIGINT NOT NULL,
    "memory_sum" BIGINT NOT NULL,
    "busy_units" BIGINT NOT NULL,
    "top_cpu_units" BIGINT,
    "samples" INTEGER NOT NULL,
    "held_seconds" INTEGER NOT NULL,
    "cpu_min" INTEGER NOT NULL,
    "cpu_max" INTEGER NOT NULL,
    "memory_min" INTEGER NOT NULL,
    "memory_max" INTEGER NOT NULL,
    "memory_total" INTEGER NOT NULL,
    "agent_id" TEXT NOT NULL,
    "top_process" TEXT,
    "bucket" BYTEA NOT NULL,

    CONSTRAINT "metrics_snapshots_hours_pkey" PRIMARY KEY ("agent_id", "hour")
) PARTITION BY RANGE ("hour");

CREATE INDEX "metrics_snapshots_hours_hour_idx" ON "metrics_snapshots_hours"("hour");

-- What each process did in an hour. In the order of bytes, so that a name's beginning is found by the index whatever the
-- collation of the database.
CREATE TABLE "metrics_snapshots_process_hours" (
    "hour" TIMESTAMPTZ(6) NOT NULL,
    "first_seen" TIMESTAMPTZ(6) NOT NULL,
    "last_seen" TIMESTAMPTZ(6) NOT NULL,
    "cpu_units" BIGINT NOT NULL,
    "cpu_sum" BIGINT NOT NULL,
    "cpu_peak" BIGINT NOT NULL,
    "memory_sum" BIGINT NOT NULL,
    "memory_peak" BIGINT NOT NULL,
    "io_read" BIGINT NOT NULL,
    "io_write" BIGINT NOT NULL,
    "samples" INTEGER NOT NULL,
    "agent_id" TEXT NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "metrics_snapshots_process_hours_pkey" PRIMARY KEY ("agent_id", "hour", "name")
) PARTITION BY RANGE ("hour");

CREATE INDEX "metrics_snapshots_process_hours_hour_idx" ON "metrics_snapshots_process_hours"("hour");

CREATE INDEX "metrics_snapshots_process_hours_name_hour_idx" ON "metrics_snapshots_process_hours"("name", "hour");

-- How far the minutes have got: one row, which whoever rolls up has locked meanwhile.
CREATE TABLE "metrics_snapshots_rollup" (
    "id" INTEGER NOT NULL DEFAULT 1 CHECK ("id" = 1),
    "seen_id" BIGINT NOT NULL,
    "minutes_until" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "metrics_snapshots_rollup_pkey" PRIMARY KEY ("id")
);

INSERT INTO "metrics_snapshots_rollup" ("seen_id", "minutes_until") VALUES (0, 'epoch');

-- Hours of which a minute has changed since they were made.
CREATE TABLE "metrics_snapshots_pending_hours" (
    "hour" TIMESTAMPTZ(6) NOT NULL,
    "marked_at" TIMESTAMPTZ(6) NOT NULL,
    "agent_id" TEXT NOT NULL,

    CONSTRAINT "metrics_snapshots_pending_hours_pkey" PRIMARY KEY ("agent_id", "hour")
);
