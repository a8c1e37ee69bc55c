-- What plain messages need beyond leases: ageing, expiry, cancelling, de-duplication; owners on
-- other hosts; results of actors and Dramatiq's rate limits.
--
-- `priority` is the one in force (lower goes first); ageing lowers it from `base_priority`.
ALTER TABLE messages ADD COLUMN base_priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN expires_at BIGINT;
ALTER TABLE messages ADD COLUMN cancelled_at BIGINT;
UPDATE messages SET base_priority = priority;
CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX messages_cancelled ON messages (cancelled_at) WHERE cancelled_at IS NOT NULL;

-- A key names one message while that is open, and until `expires_at`.
CREATE TABLE message_keys (
    key        TEXT   NOT NULL PRIMARY KEY,
    message_id TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX message_keys_expiring ON message_keys (expires_at);

-- A file lock proves a death only on its own host; elsewhere the beat has to stand still.
ALTER TABLE message_owners ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE message_owners ADD COLUMN boot_id TEXT NOT NULL DEFAULT '';
ALTER TABLE message_owners ADD COLUMN beat BIGINT NOT NULL DEFAULT 0;

-- What actors returned or raised, as Dramatiq's encoder writes it.
CREATE TABLE message_results (
    key        TEXT   NOT NULL PRIMARY KEY,
    data       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX message_results_expiring ON message_results (expires_at);

-- Counters of Dramatiq's rate limiters and barriers.
CREATE TABLE rate_limits (
    key        TEXT   NOT NULL PRIMARY KEY,
    value      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX rate_limits_expiring ON rate_limits (expires_at);
