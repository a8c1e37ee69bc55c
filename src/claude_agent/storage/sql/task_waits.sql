-- name: task_waits.put
-- A task waits for another one, whose row is locked: it cannot end meanwhile.
INSERT INTO task_waits (task_id, needs_id) VALUES (:task, :needs);

-- name: task_waits.ended
-- A task ended; those that wait for it are told by whoever delivers, for he locks their rows.
UPDATE task_waits SET outcome = :outcome WHERE needs_id = :needs AND outcome = '';

-- name: task_waits.ripe
-- The tasks for which one that they wait for has ended.
SELECT DISTINCT task_id FROM task_waits WHERE outcome <> '' ORDER BY task_id LIMIT :limit;

-- name: task_waits.of
-- What of all that a task waits for has ended, and how.
SELECT needs_id, outcome FROM task_waits WHERE task_id = :task AND outcome <> '' ORDER BY needs_id;

-- name: task_waits.clear
-- These were told to the task.
DELETE FROM task_waits WHERE task_id = :task AND needs_id IN (:needs);
