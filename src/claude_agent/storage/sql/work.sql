-- name: work.put_queue
-- Make a queue known, or change its limit; a person's limit wins over the configuration's.
INSERT INTO queues (name, max) VALUES (:name, :max)
    ON CONFLICT (name) DO UPDATE SET max = COALESCE(queues.person_max, excluded.max);

-- name: work.take_place
-- Take a place in a queue; zero rows changed means that it is full or paused.
UPDATE queues SET running = running + 1 WHERE name = :name AND running < max AND paused = 0;

-- name: work.give_place
-- Give a place in a queue back.
UPDATE queues SET running = running - 1 WHERE name = :name AND running > 0;

-- name: work.open_queues
-- Queues that have a place left.
SELECT name FROM queues WHERE running < max AND paused = 0;

-- name: work.queues
-- Every queue.
SELECT name, running, max, paused FROM queues ORDER BY name;

-- name: work.recount
-- Count the places that are taken, from the tasks themselves.
UPDATE queues SET running = (
    SELECT COUNT(*) FROM tasks
     WHERE tasks.queue = queues.name AND state IN ('running', 'verifying', 'uncertain'));

-- name: work.put_worker
-- Make a worker process known.
INSERT INTO workers (id, host, boot_id, pid, beat, started_at, role, queues)
VALUES (:id, :host, :boot_id, :pid, 0, :at, :role, :queues);

-- name: work.drop_workers
-- Forget the other worker processes of this database (their slots are given anew).
DELETE FROM workers WHERE id <> :id;

-- name: work.drop_slots
-- Forget the slots of the other worker processes.
DELETE FROM slots WHERE worker_id <> :id;

-- name: work.beat
-- Say that this worker process is alive; zero rows changed means that it was taken for lost.
UPDATE workers SET beat = beat + 1, lost_at = 0 WHERE id = :id;

-- name: work.put_slot
-- Make a slot known.
INSERT INTO slots (worker_id, n, queue, min_priority) VALUES (:worker, :n, :queue, :least);

-- name: work.free_slots
-- The free slots of a worker process.
SELECT n, queue, min_priority FROM slots WHERE worker_id = :worker AND task_id = '' ORDER BY n;

-- name: work.count_free
-- How many slots of all worker processes are free.
SELECT COUNT(*) AS count FROM slots WHERE task_id = '';

-- name: work.fill_slot
-- Put a task into a slot.
UPDATE slots SET task_id = :task WHERE worker_id = :worker AND n = :n AND task_id = '';

-- name: work.clear_slot
-- Free the slot of a task.
UPDATE slots SET task_id = '' WHERE task_id = :task;

-- name: work.slots
-- Every slot.
SELECT worker_id, n, queue, min_priority, task_id FROM slots ORDER BY worker_id, n;

-- name: work.busy_slots
-- How many slots are busy.
SELECT COUNT(*) AS count FROM slots WHERE task_id <> '';

-- name: work.put_run
-- Start to follow a run folder, or take over following it.
INSERT INTO runs (run_id, task_id, run, fence, segment, byte, line)
VALUES (:run_id, :task, :run, :fence, 1, 0, 0)
    ON CONFLICT (run_id) DO UPDATE SET fence = excluded.fence;

-- name: work.run
-- Where the journal stands in a run.
SELECT run_id, task_id, run, fence, segment, byte, line, last_output_at FROM runs
 WHERE run_id = :run_id;

-- name: work.move_run
-- Move the journal's position; zero rows changed means that another owner follows the run.
UPDATE runs SET segment = :segment, byte = :byte, line = :line, last_output_at = :at
 WHERE run_id = :run_id AND fence = :fence AND segment = :was_segment AND byte = :was_byte;

-- name: work.heard
-- When a run printed last; of one that another owner follows he says it.
UPDATE runs SET last_output_at = :at
 WHERE run_id = :run_id AND fence = :fence AND last_output_at < :at;

-- name: work.put_command
-- Store a command to a run with its event.
INSERT INTO run_commands (task_id, run, n, kind, data, at)
VALUES (:task, :run,
        1 + (SELECT COALESCE(MAX(n), 0) FROM run_commands WHERE task_id = :task AND run = :run),
        :kind, :data, :at);

-- name: work.open_commands
-- Commands to a run that the shim has not acknowledged.
SELECT n, kind, data FROM run_commands
 WHERE task_id = :task AND run = :run AND acked = 0 ORDER BY n;

-- name: work.ack_command
-- The shim has performed a command.
UPDATE run_commands SET acked = 1 WHERE task_id = :task AND run = :run AND n = :n;

-- name: work.last_output
-- When each agent's runs last wrote something.
SELECT tasks.agent AS agent, MAX(runs.last_output_at) AS at
  FROM runs JOIN tasks ON tasks.id = runs.task_id
 WHERE tasks.state IN ('running', 'verifying', 'uncertain') GROUP BY tasks.agent;

-- name: work.lock_slots
-- The slots of a worker process, in the order in which they are locked.
SELECT n FROM slots WHERE worker_id = :worker ORDER BY n /* wait */;

-- name: work.lock_queues
-- Every queue that has a place left, in the order in which they are locked.
SELECT name FROM queues WHERE running < max AND paused = 0 ORDER BY name /* wait */;

-- name: work.unlock
-- Give the lock of a task back. By its name it comes after the slot's and the queue's row, which
-- a claim has locked too before it takes a lock.
DELETE FROM locks WHERE name = :name AND task_id = :task;
