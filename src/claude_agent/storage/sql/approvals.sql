-- name: approvals.insert
-- A new approval as its first event makes it.
INSERT INTO approvals (
    id, ref, seq, state, task_id, execution_id, step_id, agent, due_at, created_at, data)
VALUES (
    :id, :ref, :seq, :state, :task_id, :execution_id, :step_id, :agent, :due_at, :created_at,
    :data);

-- name: approvals.update
-- The approval after an event; zero rows changed means that somebody else was first.
UPDATE approvals SET seq = :seq, state = :state, due_at = :due_at, data = :data
 WHERE id = :id AND seq = :was_seq;

-- name: approvals.by_id
-- One approval.
SELECT id, ref, seq, state, task_id, execution_id, step_id, agent, due_at, created_at, data
  FROM approvals WHERE id = :id;

-- name: approvals.id_of_ref
-- The id behind a ref.
SELECT id FROM approvals WHERE ref = :ref;

-- name: approvals.id_of_task
-- The approval that a task waits for, or was covered by, by the task's id or ref.
SELECT approval AS id FROM tasks WHERE (id = :task OR ref = :ref) AND approval <> '';

-- name: approvals.list
-- A page of approvals, newest first.
SELECT id, ref, seq, state, task_id, execution_id, step_id, agent, due_at, created_at, data
  FROM approvals
 WHERE (:state = '' OR state = :state) AND (:agent = '' OR agent = :agent)
   AND (:execution = '' OR execution_id = :execution)
   AND (created_at < :before_at OR (created_at = :before_at AND id < :before_id))
 ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: approvals.counts
-- How many approvals are in each state.
SELECT state, COUNT(*) AS count FROM approvals
 WHERE (:agent = '' OR agent = :agent) AND (:execution = '' OR execution_id = :execution)
 GROUP BY state;

-- name: approvals.waiting
-- How many wait for a decision.
SELECT COUNT(*) AS count FROM approvals WHERE state = 'requested';

-- name: approvals.due
-- Those whose time has run out.
SELECT id FROM approvals WHERE state = 'requested' AND due_at <= :now
 ORDER BY due_at, id LIMIT :limit;

-- name: approvals.next_due
-- When the next one runs out.
SELECT MIN(due_at) AS at FROM approvals WHERE state = 'requested' AND due_at IS NOT NULL;

-- name: approvals.timed
-- Those that a jump of the wall clock would hurry or hold up.
SELECT id, task_id FROM approvals WHERE state = 'requested' AND due_at IS NOT NULL ORDER BY id;

-- name: approvals.executions_of
-- Which execution each of some approvals belongs to.
SELECT id, execution_id FROM approvals WHERE id IN (:ids);

-- name: approvals.waiting_of
-- What an execution, by its id or ref, waits for.
SELECT a.id, a.ref FROM approvals AS a JOIN executions AS e ON e.id = a.execution_id
 WHERE (e.id = :id OR e.ref = :ref) AND a.state = 'requested' ORDER BY a.created_at, a.id;

-- name: approvals.open_of_step
-- What a step of an execution waits for.
SELECT id FROM approvals
 WHERE execution_id = :execution AND step_id = :step AND state = 'requested' AND task_id = '';

-- name: approvals.open_of_execution
-- What the steps of an execution wait for, their own or that of their task.
SELECT ref, step_id FROM approvals
 WHERE execution_id = :execution AND state = 'requested' ORDER BY created_at;
