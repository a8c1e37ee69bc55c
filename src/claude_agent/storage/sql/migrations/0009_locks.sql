-- Locks of tasks: the row is the lock. It is put in the claim's transaction and goes with the end.
CREATE TABLE locks (
    name    TEXT PRIMARY KEY,
    task_id TEXT NOT NULL
);
ALTER TABLE tasks ADD COLUMN lock_name TEXT NOT NULL DEFAULT '';
CREATE INDEX tasks_lock ON tasks (lock_name, submitted_pos)
    WHERE state = 'ready' AND lock_name <> '';
