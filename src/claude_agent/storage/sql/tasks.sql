-- name: tasks.by_id
-- One task with its specification.
SELECT tasks.*, task_specs.data AS spec
  FROM tasks JOIN task_specs ON task_specs.task_id = tasks.id
 WHERE tasks.id = :id;

-- name: tasks.id_of_ref
-- The id behind a ref.
SELECT id FROM tasks WHERE ref = :ref;

-- name: tasks.insert
-- A new task as its first event makes it.
INSERT INTO tasks (
    id, ref, seq, state, title, kind, agent, queue, priority, effective_priority, purpose,
    execution_id, step_id, not_before, deadline_at, fence, worker, slot, run, host, attempt,
    refunds, deliveries, adoptions, gate_run, reaped_run, adapter, digest, created_at, started_at,
    attempt_started_at, ended_at, cancel_requested, stop_requested, reason, error, outputs,
    verdict, evidence, generation, generation_at, lock_name, approval,
    feedback, waits_for, report, takeover, parked)
VALUES (
    :id, :ref, :seq, :state, :title, :kind, :agent, :queue, :priority, :priority, :purpose,
    :execution_id, :step_id, :not_before, :deadline_at, :fence, :worker, :slot, :run, :host,
    :attempt, :refunds, :deliveries, :adoptions, :gate_run, :reaped_run, :adapter, :digest,
    :created_at, :started_at, :attempt_started_at, :ended_at, :cancel_requested, :stop_requested,
    :reason, :error, :outputs, :verdict, :evidence, :generation, :generation_at, :lock_name,
    :approval, :feedback, :waits_for, :report, :takeover, :parked);

-- name: tasks.insert_spec
-- What was asked, stored once.
INSERT INTO task_specs (task_id, data) VALUES (:id, :spec);

-- name: tasks.respecify
-- A re-driven task as it is asked now; what ageing had raised begins anew.
UPDATE tasks
   SET title = :title, kind = :kind, agent = :agent, queue = :queue, priority = :priority,
       effective_priority = :priority, lock_name = :lock_name
 WHERE id = :id;

-- name: tasks.update_spec
-- What is asked of a re-driven task.
UPDATE task_specs SET data = :spec WHERE task_id = :id;

-- name: tasks.stamp
-- The position of the submit event orders tasks of one priority.
UPDATE tasks SET submitted_pos = :pos WHERE id = :id;

-- name: tasks.update
-- The task after an event; zero rows changed means that somebody else was first.
UPDATE tasks
   SET seq = :seq, state = :state, not_before = :not_before, deadline_at = :deadline_at,
       fence = :fence, worker = :worker, slot = :slot, run = :run, host = :host,
       attempt = :attempt, refunds = :refunds, deliveries = :deliveries, adoptions = :adoptions,
       gate_run = :gate_run, reaped_run = :reaped_run, adapter = :adapter, digest = :digest,
       started_at = :started_at, attempt_started_at = :attempt_started_at, ended_at = :ended_at,
       cancel_requested = :cancel_requested, stop_requested = :stop_requested, reason = :reason,
       error = :error, outputs = :outputs, verdict = :verdict, evidence = :evidence,
       generation = :generation, generation_at = :generation_at, approval = :approval,
       feedback = :feedback, waits_for = :waits_for, report = :report, takeover = :takeover,
       parked = :parked
 WHERE id = :id AND seq = :was_seq;

-- name: tasks.pick
-- The best ready task over some queues. Ready means that its time has come: the clock is not
-- asked again, it may have gone back since. One that needs a lock is passed over unless it holds
-- it (it is between two attempts), or the lock is free and it was submitted first.
-- An agent whose breaker is open gets nothing; one that is half open gets one task to be tried by.
-- Prompts of agents in `away` wait for their account; those in `bound` only where what was approved
-- names it: others are done by the next in the agent's fallback. What a person took over waits not.
SELECT id, agent, queue, effective_priority, lock_name, kind, approval FROM tasks
 WHERE state = 'ready' AND queue IN (:queues) AND effective_priority >= :least
   AND NOT (kind = 'prompt' AND takeover = '{}'
            AND (agent IN (:away) OR (approval <> '' AND agent IN (:bound))))
   AND NOT EXISTS (SELECT 1 FROM breakers
                    WHERE breakers.name = 'agent:' || tasks.agent
                      AND (breakers.state = 'open'
                           OR (breakers.state = 'half_open' AND breakers.probe <> '')))
   AND (lock_name = ''
        OR id = (SELECT locks.task_id FROM locks WHERE locks.name = tasks.lock_name)
        OR (NOT EXISTS (SELECT 1 FROM locks WHERE locks.name = tasks.lock_name)
            AND NOT EXISTS (SELECT 1 FROM tasks AS earlier
                             WHERE earlier.lock_name = tasks.lock_name AND earlier.state = 'ready'
                               AND earlier.lock_name <> ''
                               AND earlier.submitted_pos < tasks.submitted_pos)))
 ORDER BY effective_priority DESC, not_before, submitted_pos
 LIMIT 1 /* lock */;

-- name: tasks.some_ready
-- A few ready tasks of any queue, in no order.
SELECT id FROM tasks WHERE state = 'ready' LIMIT :limit;

-- name: tasks.ready_for
-- How long the oldest ready task of some queues has been ready, by its not-before time.
SELECT COUNT(*) AS count, MIN(not_before) AS oldest FROM tasks
 WHERE state = 'ready' AND queue IN (:queues);

-- name: tasks.due
-- Scheduled tasks whose time has come.
SELECT id FROM tasks WHERE state = 'scheduled' AND not_before <= :now
 ORDER BY not_before LIMIT :limit;

-- name: tasks.next_due
-- When the next scheduled task is due.
SELECT MIN(not_before) AS at FROM tasks WHERE state = 'scheduled';

-- name: tasks.over_deadline
-- Tasks whose timeout has come.
SELECT id FROM tasks WHERE deadline_at IS NOT NULL AND deadline_at <= :now
 ORDER BY deadline_at LIMIT :limit;

-- name: tasks.next_deadline
-- When the next timeout comes.
SELECT MIN(deadline_at) AS at FROM tasks WHERE deadline_at IS NOT NULL;

-- name: tasks.aging
-- Ready tasks below CRITICAL that wait long enough to be raised.
UPDATE tasks
   SET effective_priority = CASE WHEN priority + (:now - not_before) / :aging > 3 THEN 3
                            ELSE priority + (:now - not_before) / :aging END
 WHERE id IN (SELECT id FROM tasks
               WHERE state = 'ready' AND effective_priority < 3 AND priority < 3
                 AND priority + (:now - not_before) / :aging > effective_priority /* lock */);

-- name: tasks.active
-- Tasks that hold a slot: they have, or had, an owner.
SELECT id FROM tasks WHERE state IN ('running', 'verifying', 'uncertain') ORDER BY created_at;

-- name: tasks.active_rows
-- What runs now, for the agents' page.
SELECT id, ref, title, agent, state, attempt_started_at, started_at, cancel_requested, adapter,
       purpose, execution_id, step_id, run
  FROM tasks WHERE state IN ('running', 'verifying', 'uncertain') ORDER BY created_at;

-- name: tasks.list
-- A page of tasks, newest first.
SELECT tasks.*, task_specs.data AS spec
  FROM tasks JOIN task_specs ON task_specs.task_id = tasks.id
 WHERE (:state = '' OR tasks.state = :state) AND (:agent = '' OR agent = :agent)
   AND (:queue = '' OR queue = :queue) AND (:execution = '' OR execution_id = :execution)
   AND (:evidence = '' OR tasks.evidence LIKE '%' || :evidence || '%')
   AND (:unverified = 0 OR (tasks.kind = 'prompt' AND tasks.state = 'succeeded'
                            AND tasks.evidence NOT LIKE '%E5%'))
   AND (tasks.created_at < :before_at OR (tasks.created_at = :before_at AND tasks.id < :before_id))
 ORDER BY tasks.created_at DESC, tasks.id DESC LIMIT :limit;

-- name: tasks.counts
-- How many tasks are in each state.
SELECT state, COUNT(*) AS count FROM tasks
 WHERE (:agent = '' OR agent = :agent) AND (:queue = '' OR queue = :queue)
   AND (:execution = '' OR execution_id = :execution)
   AND (:evidence = '' OR evidence LIKE '%' || :evidence || '%')
   AND (:unverified = 0 OR (kind = 'prompt' AND state = 'succeeded'
                            AND evidence NOT LIKE '%E5%'))
 GROUP BY state;

-- name: tasks.by_queue
-- Depth of every queue.
SELECT queue, state, COUNT(*) AS count, MIN(not_before) AS oldest FROM tasks
 WHERE state IN ('ready', 'scheduled', 'running', 'verifying', 'uncertain') GROUP BY queue, state;

-- name: tasks.timed
-- Tasks that a jump of the wall clock would hurry or hold up: what is held may have a delay too.
SELECT id FROM tasks
 WHERE state IN ('held', 'scheduled') OR (deadline_at IS NOT NULL AND state IN ('ready', 'running', 'verifying'))
 ORDER BY id;

-- name: tasks.parked
-- Tasks that wait for the end of a limit.
SELECT id, parked FROM tasks WHERE state = 'scheduled' AND parked <> '{}' ORDER BY id;

-- name: tasks.executions_of
-- Which execution each of some tasks belongs to.
SELECT id, execution_id FROM tasks WHERE id IN (:ids);

-- name: tasks.lock
-- Some tasks' rows, in the order in which they are locked.
SELECT id FROM tasks WHERE id IN (:ids) ORDER BY id /* wait */;
