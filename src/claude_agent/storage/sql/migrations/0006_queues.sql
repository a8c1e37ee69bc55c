-- What people say of queues and dead letters: limits that win over the configuration, new
-- generations of a task, and re-drives that go on by themselves.
ALTER TABLE queues ADD COLUMN person_max BIGINT;
ALTER TABLE tasks ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE tasks ADD COLUMN generation_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tasks_dead ON tasks (ended_at, id) WHERE state = 'dead';
CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at IS NOT NULL;

-- A re-drive of many dead letters: it goes on until none is left that was dead at `until`.
CREATE TABLE redrives (
    id         TEXT   PRIMARY KEY,
    criteria   TEXT   NOT NULL,
    actor      TEXT   NOT NULL,
    per_minute BIGINT NOT NULL,
    until      BIGINT NOT NULL,
    total      BIGINT NOT NULL,
    done       BIGINT NOT NULL DEFAULT 0,
    skipped    BIGINT NOT NULL DEFAULT 0,
    after_at   BIGINT NOT NULL DEFAULT 0,
    after_id   TEXT   NOT NULL DEFAULT '',
    next_at    BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX redrives_open ON redrives (next_at) WHERE ended_at IS NULL;
