-- Accounts with providers of models: why a breaker is open, who waits for one, and who was started.
ALTER TABLE breakers ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE breakers ADD COLUMN dated BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN parked TEXT NOT NULL DEFAULT '{}';
CREATE INDEX tasks_parked ON tasks (id) WHERE parked <> '{}';

-- The newest launches of an account's agents; older ones than its window are removed.
CREATE TABLE launches (
    account TEXT   NOT NULL,
    task_id TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (account, task_id, at)
);
CREATE INDEX launches_at ON launches (at);
