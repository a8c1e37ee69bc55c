-- name: executions.by_id
-- One execution.
SELECT * FROM executions WHERE id = :id;

-- name: executions.mark
-- Which write made an execution's row what it is.
SELECT mark FROM executions WHERE id = :id;

-- name: executions.id_of_ref
-- The id behind a ref.
SELECT id FROM executions WHERE ref = :ref;

-- name: executions.insert
-- A new execution as its first event makes it.
INSERT INTO executions (
    id, ref, seq, generation, state, workflow, name, definition, params, cwd, workspace,
    created_at, started_at, ended_at, deadline_at, cancel_requested, compensate_on_cancel,
    failed_step, reason, message, plan, not_undone, undo_overdue, outputs, parent_id, parent_step, depth, pins,
    concurrency_key, concurrency_limit, signals, forked_from, chosen,
    feedback, started_by)
VALUES (
    :id, :ref, :seq, :generation, :state, :workflow, :name, :definition, :params, :cwd,
    :workspace, :created_at, :started_at, :ended_at, :deadline_at, :cancel_requested,
    :compensate_on_cancel, :failed_step, :reason, :message, :plan, :not_undone, :undo_overdue, :outputs,
    :parent_id, :parent_step, :depth, :pins, :concurrency_key, :concurrency_limit,
    :signals, :forked_from, :chosen, :feedback, :started_by);

-- name: executions.set_params
-- The parameters of a new generation.
UPDATE executions SET params = :params WHERE id = :id;

-- name: executions.set_deadline
-- When the timeout of an execution, or of its undoing, comes; NULL: never.
UPDATE executions SET deadline_at = :at WHERE id = :id;

-- name: executions.update
-- The execution after its events; zero rows changed means that somebody else was first.
UPDATE executions
   SET seq = :seq, mark = :mark, generation = :generation, state = :state, started_at = :started_at,
       ended_at = :ended_at, cancel_requested = :cancel_requested,
       deadline_at = CASE WHEN CAST(:ended_at AS BIGINT) IS NULL THEN deadline_at ELSE NULL END,
       compensate_on_cancel = :compensate_on_cancel, failed_step = :failed_step,
       reason = :reason, message = :message, plan = :plan, not_undone = :not_undone,
       undo_overdue = :undo_overdue, outputs = :outputs, signals = :signals, chosen = :chosen, feedback = :feedback
 WHERE id = :id AND seq = :was_seq;

-- name: executions.put_step
-- A step as it is now.
INSERT INTO steps (
    execution_id, id, n, parent, item, generation, due_at, instances, in_force, tried, state, task_id,
    task_ref, k, attempt, started, waits, ended_well, outputs, reason, message, started_at, ended_at, end_seq,
    effect_seq, undo_skipped, undo_task_id, undo_task_ref, undo_started_at, undo_ended_at, child_id, child_ref,
    earlier_children, undo_child, awaits)
VALUES (
    :execution_id, :id, :n, :parent, :item, :generation, :due_at, :instances, :in_force, :tried,
    :state, :task_id, :task_ref, :k, :attempt, :started, :waits, :ended_well, :outputs, :reason,
    :message, :started_at, :ended_at, :end_seq, :effect_seq, :undo_skipped, :undo_task_id, :undo_task_ref,
    :undo_started_at, :undo_ended_at, :child_id, :child_ref,
    :earlier_children, :undo_child, :awaits)
ON CONFLICT (execution_id, id) DO UPDATE SET
    generation = excluded.generation, due_at = excluded.due_at, item = excluded.item,
    instances = excluded.instances, in_force = excluded.in_force, tried = excluded.tried,
    state = excluded.state, task_id = excluded.task_id, task_ref = excluded.task_ref,
    k = excluded.k, attempt = excluded.attempt, started = excluded.started,
    waits = excluded.waits, ended_well = excluded.ended_well, outputs = excluded.outputs,
    reason = excluded.reason, message = excluded.message, started_at = excluded.started_at,
    ended_at = excluded.ended_at, end_seq = excluded.end_seq, effect_seq = excluded.effect_seq,
    undo_skipped = excluded.undo_skipped,
    undo_task_id = excluded.undo_task_id, undo_task_ref = excluded.undo_task_ref,
    undo_started_at = excluded.undo_started_at, undo_ended_at = excluded.undo_ended_at,
    child_id = excluded.child_id, child_ref = excluded.child_ref,
    earlier_children = excluded.earlier_children, undo_child = excluded.undo_child,
    awaits = excluded.awaits;

-- name: executions.steps
-- The steps of some executions, in the order of the definition.
SELECT * FROM steps WHERE execution_id IN (:ids) ORDER BY execution_id, n;

-- name: executions.list
-- A page of executions, newest first.
SELECT * FROM executions
 WHERE (:state = '' OR state = :state) AND (:workflow = '' OR workflow = :workflow)
   AND (created_at < :before_at OR (created_at = :before_at AND id < :before_id))
 ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: executions.counts
-- How many executions are in each state.
SELECT state, COUNT(*) AS count FROM executions
 WHERE (:workflow = '' OR workflow = :workflow) GROUP BY state;

-- name: executions.over_deadline
-- Executions whose timeout has come.
SELECT id FROM executions WHERE deadline_at IS NOT NULL AND deadline_at <= :now LIMIT 100;

-- name: executions.next_deadline
-- When the next timeout of an execution comes.
SELECT MIN(deadline_at) AS at FROM executions WHERE deadline_at IS NOT NULL;

-- name: executions.put_definition
-- Store a compiled definition under its hash; the same one again is only made current.
INSERT INTO definitions (hash, slug, name, data, source, origin, created_at)
VALUES (:hash, :slug, :name, :data, :source, :origin, :at)
    ON CONFLICT (hash) DO UPDATE SET created_at = excluded.created_at;

-- name: executions.definition
-- One definition by its hash.
SELECT hash, slug, name, data, source, origin FROM definitions WHERE hash = :hash;

-- name: executions.newest_definition
-- The newest definition of a workflow.
SELECT hash, slug, name, data, source, origin FROM definitions WHERE slug = :slug
 ORDER BY created_at DESC, hash LIMIT 1;

-- name: executions.newest_definitions
-- The newest definition of every workflow.
SELECT hash, slug, name, data, source, origin FROM definitions AS d
 WHERE created_at = (SELECT MAX(created_at) FROM definitions WHERE slug = d.slug)
 ORDER BY slug, hash;

-- name: executions.definition_slugs
-- The name of every workflow.
SELECT DISTINCT slug FROM definitions;

-- name: executions.clear_deadline
-- The timeout of an execution has acted.
UPDATE executions SET deadline_at = NULL WHERE id = :id;

-- name: executions.events
-- The events of an execution and of its tasks, in order.
SELECT pos, stream, seq, type, v, at, actor, trace, causation, data, data_hash, hash
  FROM events
 WHERE pos > :after
   AND stream IN (SELECT 'execution/' || :execution
                   UNION ALL SELECT 'task/' || id FROM tasks WHERE execution_id = :execution)
 ORDER BY pos LIMIT :limit;

-- name: executions.lock
-- One execution's row.
SELECT id FROM executions WHERE id = :id /* wait */;

-- name: executions.lock_of_tasks
-- The executions that some tasks belong to, in the order in which they are locked.
SELECT id FROM executions
 WHERE id IN (SELECT execution_id FROM tasks WHERE id IN (:ids) AND execution_id <> '')
 ORDER BY id /* wait */;
