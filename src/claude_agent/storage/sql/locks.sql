-- name: locks.take
-- Take a lock for a task; zero rows changed means that somebody has it.
INSERT INTO locks (name, task_id) VALUES (:name, :task) ON CONFLICT (name) DO NOTHING;

-- name: locks.one
-- Who holds a lock.
SELECT locks.name, locks.task_id, tasks.ref FROM locks JOIN tasks ON tasks.id = locks.task_id
 WHERE locks.name = :name;

-- name: locks.all
-- Every lock that is held.
SELECT name, task_id FROM locks ORDER BY name;
