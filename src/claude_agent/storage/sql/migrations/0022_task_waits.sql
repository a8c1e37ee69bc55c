-- What a task waits for: other tasks that must end well before it may start.
ALTER TABLE tasks ADD COLUMN waits_for TEXT NOT NULL DEFAULT '{}';

-- One row for each pair; `outcome` is written by the transaction in which the awaited task ends.
CREATE TABLE task_waits (
    task_id  TEXT NOT NULL,
    needs_id TEXT NOT NULL,
    outcome  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (task_id, needs_id)
);
CREATE INDEX task_waits_needs ON task_waits (needs_id);
CREATE INDEX task_waits_ripe ON task_waits (task_id) WHERE outcome <> '';
