-- News between executions, sub-workflows, concurrency keys.
CREATE TABLE execution_inbox (
    id           TEXT   PRIMARY KEY,
    execution_id TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    data         TEXT   NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX execution_inbox_of ON execution_inbox (execution_id, id);

-- The row is the place: how many there are is the key's limit, held by the primary key.
CREATE TABLE concurrency_slots (
    key          TEXT   NOT NULL,
    n            BIGINT NOT NULL,
    execution_id TEXT   NOT NULL,
    PRIMARY KEY (key, n)
);
ALTER TABLE executions ADD COLUMN concurrency_key TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN concurrency_limit BIGINT NOT NULL DEFAULT 0;
CREATE INDEX executions_key ON executions (concurrency_key, created_at, id)
    WHERE state = 'queued' AND concurrency_key <> '';

ALTER TABLE executions ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN parent_step TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN depth BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN pins TEXT NOT NULL DEFAULT '{}';
