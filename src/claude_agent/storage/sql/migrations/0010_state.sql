-- Shared state: the newest value of each key, its snapshots, and where named followers stand.
CREATE TABLE state (
    key        TEXT   PRIMARY KEY,
    value      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT   NOT NULL,
    expires_at BIGINT
);
CREATE INDEX state_expires ON state (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE state_snapshots (
    id         TEXT   PRIMARY KEY,
    name       TEXT   NOT NULL,
    pos        BIGINT NOT NULL DEFAULT 0,
    keys       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL
);
CREATE INDEX state_snapshots_created ON state_snapshots (created_at, id);

CREATE TABLE state_snapshot_entries (
    snapshot_id TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    value       TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    expires_at  BIGINT,
    PRIMARY KEY (snapshot_id, key)
);

-- Operational, not in the log: how far a named subscription has been served.
CREATE TABLE subscriptions (
    name TEXT   PRIMARY KEY,
    pos  BIGINT NOT NULL,
    at   BIGINT NOT NULL
);
