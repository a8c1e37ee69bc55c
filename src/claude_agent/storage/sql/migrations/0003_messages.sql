-- Plain Dramatiq messages (tasks have rows of their own: tickets for them are never stored).
--
--          enqueue              claim            ack
--   (new) ---------> ready  ------------> leased -----> (row gone)
--     |               ^  ^                 |  |
--     | delay         |  +--- released ----+  | failed, undecodable, unknown actor, poison
--     v     its time  |      owner lost       v
--   delayed ----------+        retry: back to delayed      dead
CREATE TABLE messages (
    id          TEXT   NOT NULL PRIMARY KEY,
    queue       TEXT   NOT NULL,
    actor       TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('ready', 'delayed', 'leased', 'dead')),
    priority    BIGINT NOT NULL,
    position    BIGINT NOT NULL,
    not_before  BIGINT NOT NULL,
    enqueued_at BIGINT NOT NULL,
    lease_owner TEXT,
    leased_at   BIGINT,
    fence       BIGINT NOT NULL,
    deliveries  BIGINT NOT NULL,
    dead_at     BIGINT,
    dead_reason TEXT,
    dead_error  TEXT,
    history     TEXT   NOT NULL
);
CREATE INDEX messages_ready ON messages (queue, priority, position) WHERE state = 'ready';
CREATE INDEX messages_delayed ON messages (not_before) WHERE state = 'delayed';
CREATE INDEX messages_leased ON messages (lease_owner) WHERE state = 'leased';
CREATE INDEX messages_dead ON messages (queue, dead_at) WHERE state = 'dead';

-- Processes that hold leases; each holds the lock of its file for as long as it lives.
CREATE TABLE message_owners (
    id         TEXT   NOT NULL PRIMARY KEY,
    lock_file  TEXT   NOT NULL,
    pid        BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);

-- The boot manifest: what a worker can run, so that a sender need not import it.
CREATE TABLE actor_manifest (
    name     TEXT   NOT NULL PRIMARY KEY,
    queue    TEXT   NOT NULL,
    priority BIGINT NOT NULL,
    bound_at BIGINT NOT NULL
);
