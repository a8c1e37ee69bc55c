-- What the next attempt of a task is told of the one before; outputs that later executions reuse.
ALTER TABLE tasks ADD COLUMN feedback TEXT NOT NULL DEFAULT '';
CREATE TABLE step_cache (
    key          TEXT   PRIMARY KEY,
    outputs      TEXT,
    at           BIGINT NOT NULL,
    execution_id TEXT   NOT NULL
);
