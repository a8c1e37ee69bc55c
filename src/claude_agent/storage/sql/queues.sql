-- name: queues.one
-- One queue as it stands.
SELECT name, running, max, paused, person_max FROM queues WHERE name = :name;

-- name: queues.steered
-- Every queue with what people said of it.
SELECT name, paused, person_max FROM queues ORDER BY name;

-- name: queues.pause
-- Stop claims from a queue; zero rows changed means that it is paused already.
UPDATE queues SET paused = 1 WHERE name = :name AND paused = 0;

-- name: queues.resume
-- Allow claims from a queue again; zero rows changed means that it is not paused.
UPDATE queues SET paused = 0 WHERE name = :name AND paused = 1;

-- name: queues.limit
-- A person's limit; without one the configuration's holds again.
UPDATE queues SET max = :max, person_max = :person_max WHERE name = :name;

-- name: queues.depths
-- How many tasks of a queue are in each state that is not over, and how many are dead letters.
SELECT state, COUNT(*) AS count, MIN(not_before) AS oldest FROM tasks
 WHERE queue = :name
   AND state IN ('held', 'scheduled', 'ready', 'running', 'verifying', 'uncertain', 'dead')
 GROUP BY state;

-- name: queues.ready_up_to
-- How many tasks of a queue are ready, counted no further than needed.
SELECT COUNT(*) AS count FROM (
    SELECT 1 AS one FROM tasks WHERE queue = :queue AND state = 'ready' LIMIT :most) AS counted;

-- name: queues.ended_since
-- How many tasks of a queue ended since a moment.
SELECT COUNT(*) AS count FROM tasks
 WHERE ended_at IS NOT NULL AND ended_at >= :since AND queue = :name;

-- name: queues.waiting
-- Tasks of a queue that wait and were there at a moment; the undoing of a workflow is left alone.
SELECT id FROM tasks
 WHERE queue = :name AND state IN ('held', 'scheduled', 'ready') AND purpose <> 'compensation'
   AND created_at <= :until
 ORDER BY created_at, id LIMIT :limit;

-- name: queues.meet
-- Writers of a queue's stream meet here, so that each sees the other's last number.
UPDATE queues SET paused = paused WHERE name = :name;
