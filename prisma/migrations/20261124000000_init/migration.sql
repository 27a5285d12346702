-- The history of every agent: a packed table, one partition a UTC day, and a view for whoever reads it. Names in double
-- quotes that begin with the view's are replaced where POSTGRES_TABLE says otherwise; see core/platform/migrationFiles.ts.

-- A sequence instead of an identity column, which partitions do not take over before PostgreSQL 17.
CREATE SEQUENCE "metrics_snapshots_packed_id_seq" AS BIGINT;

-- Columns of eight bytes first, then those that need no alignment: no byte of a row is padding, but for up to three
-- before the measurements.
CREATE TABLE "metrics_snapshots_packed" (
    "id" BIGINT NOT NULL DEFAULT nextval('"metrics_snapshots_packed_id_seq"'),
    "timestamp_utc" TIMESTAMPTZ(6) NOT NULL,
    "total_cpu_percent" DOUBLE PRECISION NOT NULL,
    "system_memory_total_mb" DOUBLE PRECISION NOT NULL,
    "system_memory_used_mb" DOUBLE PRECISION NOT NULL,
    "received_at" TIMESTAMPTZ(6) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "snapshot_id" UUID NOT NULL,
    "agent_id" TEXT NOT NULL,
    "measurements" BYTEA NOT NULL,

    CONSTRAINT "metrics_snapshots_packed_pkey" PRIMARY KEY ("agent_id", "timestamp_utc", "snapshot_id")
) PARTITION BY RANGE ("timestamp_utc");

ALTER SEQUENCE "metrics_snapshots_packed_id_seq" OWNED BY "metrics_snapshots_packed"."id";

CREATE INDEX "metrics_snapshots_packed_timestamp_utc_idx" ON "metrics_snapshots_packed"("timestamp_utc");

-- The layout that these two read is told in core/packedMeasurements.ts. Neither calls another function of ours: what a
-- view calls is found whatever the search path is, what that calls is not. They read a copy, because a value of a snapshot
-- with very many cores may lie outside its row and would be fetched anew for every byte.

CREATE OR REPLACE FUNCTION "metrics_snapshots_per_core_cpu_percent"("measurements" BYTEA) RETURNS JSONB
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    packed CONSTANT BYTEA := substring(measurements FROM 1);
    version CONSTANT INT := get_byte(packed, 0);
    place INT := 1;
    cores BIGINT; -- how many there are, once it is read
    figures NUMERIC[] := '{}';
    value BIGINT;
    shift INT;
    byte BIGINT;
    bits BIGINT;
BEGIN
    IF version <> 1 THEN
        RAISE EXCEPTION 'packed measurements are of version %, and this function reads 1', version;
    END IF;
    LOOP
        EXIT WHEN cardinality(figures) = cores;
        value := get_byte(packed, place);
        place := place + 1;
        IF value > 127 THEN
            value := value & 127;
            shift := 7;
            LOOP
                byte := get_byte(packed, place);
                place := place + 1;
                value := value | ((byte & 127) << shift);
                EXIT WHEN byte < 128;
                shift := shift + 7;
            END LOOP;
        END IF;
        IF cores IS NULL THEN
            cores := value;
        ELSIF value > 0 THEN
            figures := figures || trim_scale((value - 1) * 0.01);
        ELSE
            bits := ('x' || encode(substring(packed FROM place + 1 FOR 8), 'hex'))::BIT(64)::BIGINT;
            place := place + 8;
            figures := figures || (
                CASE WHEN bits < 0 THEN -1.0::FLOAT8 ELSE 1 END
                * ((bits & 4503599627370495) | CASE WHEN bits >> 52 & 2047 > 0 THEN 4503599627370496 ELSE 0 END)
                * power(2::FLOAT8, greatest(bits >> 52 & 2047, 1) - 1075)
            )::TEXT::NUMERIC;
        END IF;
    END LOOP;
    RETURN to_jsonb(figures);
END
$$;

CREATE OR REPLACE FUNCTION "metrics_snapshots_top_processes"("measurements" BYTEA) RETURNS JSONB
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    packed CONSTANT BYTEA := substring(measurements FROM 1);
    version CONSTANT INT := get_byte(packed, 0);
    place INT := 1;
    cores BIGINT; -- figures still to pass over, once their count is read
    processes BIGINT; -- how many there are, once it is read
    found JSONB[] := '{}';
    field INT := 0; -- of the process being read; 2 is its name, 0 what stands before the first
    name TEXT;
    names TEXT[] := '{}';
    figures NUMERIC[] := '{}';
    value BIGINT;
    shift INT;
    byte BIGINT;
    bits BIGINT;
BEGIN
    IF version <> 1 THEN
        RAISE EXCEPTION 'packed measurements are of version %, and this function reads 1', version;
    END IF;
    LOOP
        value := get_byte(packed, place);
        place := place + 1;
        IF value > 127 THEN
            value := value & 127;
            shift := 7;
            LOOP
                byte := get_byte(packed, place);
                place := place + 1;
                value := value | ((byte & 127) << shift);
                EXIT WHEN byte < 128;
                shift := shift + 7;
            END LOOP;
        END IF;
        IF field = 2 THEN
            IF value & 1 = 1 THEN
                name := names[(value >> 1) + 1];
            ELSE
                name := convert_from(substring(packed FROM place + 1 FOR (value >> 1)::INT), 'UTF8');
                place := place + (value >> 1)::INT;
            END IF;
            names := names || name;
            field := 3;
        ELSIF field > 0 THEN
            IF value = 0 THEN
                bits := ('x' || encode(substring(packed FROM place + 1 FOR 8), 'hex'))::BIT(64)::BIGINT;
                place := place + 8;
                figures[field] := (
                    CASE WHEN bits < 0 THEN -1.0::FLOAT8 ELSE 1 END
                    * ((bits & 4503599627370495) | CASE WHEN bits >> 52 & 2047 > 0 THEN 4503599627370496 ELSE 0 END)
                    * power(2::FLOAT8, greatest(bits >> 52 & 2047, 1) - 1075)
                )::TEXT::NUMERIC;
            ELSIF field IN (1, 5, 8) THEN
                figures[field] := value - 1;
            ELSE
                figures[field] := trim_scale((value - 1) * 0.01);
            END IF;
            IF field < 8 THEN
                field := field + 1;
            ELSE
                found := found || jsonb_build_object(
                    'pid', figures[1], 'name', name, 'cpu_percent', figures[3], 'memory_mb', figures[4],
                    'thread_count', figures[5], 'io_read_mb', figures[6], 'io_write_mb', figures[7],
                    'handle_count', figures[8]);
                EXIT WHEN cardinality(found) = processes;
                field := 1;
            END IF;
        ELSIF cores IS NULL THEN
            cores := value;
        ELSIF cores > 0 THEN
            cores := cores - 1;
            place := place + CASE value WHEN 0 THEN 8 ELSE 0 END;
        ELSE
            processes := value;
            EXIT WHEN processes = 0;
            field := 1;
        END IF;
    END LOOP;
    RETURN to_jsonb(found);
END
$$;

CREATE VIEW "metrics_snapshots" AS
SELECT
    "id",
    "agent_id",
    "snapshot_id",
    "timestamp_utc",
    extract(epoch FROM "timestamp_utc")::BIGINT AS "epoch_seconds",
    "total_cpu_percent",
    "metrics_snapshots_per_core_cpu_percent"("measurements") AS "per_core_cpu_percent",
    "system_memory_total_mb",
    "system_memory_used_mb",
    "metrics_snapshots_top_processes"("measurements") AS "top_processes",
    "received_at",
    "created_at"
FROM "metrics_snapshots_packed";

-- Days live apart, so that a list of tables shows the one people read. Where the role may not make a schema, they live
-- beside it: Prisma's diff passes over partitions wherever they are.
DO $$
BEGIN
    CREATE SCHEMA IF NOT EXISTS "topline_partitions";
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END
$$;
