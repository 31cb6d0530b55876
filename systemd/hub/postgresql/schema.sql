-- Tables of the hub; again on the same database it changes nothing. As the database's owner:
--   createdb emotion_edge && psql --dbname emotion_edge --file schema.sql
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = warning;

-- What faces showed, an episode a row, each once: a device sends until the broker has it, so some come twice.
CREATE TABLE IF NOT EXISTS episodes (
    device text NOT NULL CHECK (length(device) <= 100),
    id text NOT NULL CHECK (length(id) BETWEEN 1 AND 200),           -- the device's, for ever its own
    track bigint,                       -- only where the device's settings send details
    emotion text NOT NULL CHECK (length(emotion) BETWEEN 1 AND 40),
    start_utc timestamptz NOT NULL,     -- by the device's clock
    end_utc timestamptz NOT NULL,       -- by the device's clock
    seconds double precision CHECK (seconds >= 0),                  -- by a clock that nobody sets
    mean_score real CHECK (mean_score BETWEEN 0 AND 1),
    sent_utc timestamptz,               -- by the device's clock
    received_utc timestamptz NOT NULL,  -- by the hub's clock
    utc timestamptz NOT NULL,           -- its start; earlier than start_utc where the device's clock is ahead. Use this one
    PRIMARY KEY (device, id)            -- without a time: one that comes again may have others, its clock having been set
);
CREATE INDEX IF NOT EXISTS episodes_utc ON episodes (utc);
CREATE INDEX IF NOT EXISTS episodes_device_utc ON episodes (device, utc);

-- How the devices are, a row a minute and device.
CREATE TABLE IF NOT EXISTS stats (
    device text NOT NULL CHECK (length(device) <= 100),
    received_utc timestamptz NOT NULL,
    temperature_celsius real,
    frames_per_second real,
    dropped bigint,
    undervoltage boolean,
    throttled boolean,
    disk_free_mb double precision,
    clock_synchronized boolean,
    clock_ahead_seconds double precision, -- the device's clock minus the hub's; negative: behind
    log_rows bigint,
    lost_rows bigint,
    episodes_deleted_unsent bigint,       -- a device deleted them before the broker had them
    version text,
    model text,
    PRIMARY KEY (device, received_utc)
);
ALTER TABLE stats ADD COLUMN IF NOT EXISTS episodes_deleted_unsent bigint; -- for a hub of before
CREATE INDEX IF NOT EXISTS stats_utc ON stats (received_utc);

-- Who is there, and since when.
CREATE TABLE IF NOT EXISTS devices (
    name text PRIMARY KEY CHECK (length(name) <= 100),
    online boolean NOT NULL,
    since_utc timestamptz NOT NULL
);

-- Messages that cannot be read: the newest of each topic, and how many there were.
CREATE TABLE IF NOT EXISTS rejected (
    topic text PRIMARY KEY,
    messages bigint NOT NULL,
    reason text NOT NULL,
    payload text NOT NULL,              -- its first 2,000 bytes, as Python writes them
    last_utc timestamptz NOT NULL
);

-- Delete what is older; returns how many rows went. emotion-hub-forget.timer calls it every night.
CREATE OR REPLACE FUNCTION forget_older_than(age interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    episode_rows bigint;
    stats_rows bigint;
BEGIN
    DELETE FROM episodes WHERE utc < now() - age;
    GET DIAGNOSTICS episode_rows = ROW_COUNT;
    DELETE FROM stats WHERE received_utc < now() - age;
    GET DIAGNOSTICS stats_rows = ROW_COUNT;
    DELETE FROM rejected WHERE last_utc < now() - age;
    RETURN episode_rows + stats_rows;
END $$;

-- Grafana reads, and only reads.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana') THEN
        GRANT USAGE ON SCHEMA public TO grafana;
        GRANT SELECT ON episodes, stats, devices, rejected TO grafana;
    END IF;
END $$;

-- Where this database has TimescaleDB, stats are its. Episodes are not: it wants a time in every unique key.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('stats', 'received_utc', if_not_exists => true, migrate_data => true);
    END IF;
END $$;
COMMIT;
