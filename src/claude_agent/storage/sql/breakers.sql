-- name: breakers.one
-- One breaker by its name.
SELECT name, seq, state, failures, trips, until, reason, kind, dated, probe, changed_at
  FROM breakers
 WHERE name = :name;

-- name: breakers.lock
-- The row of a breaker, for whoever is about to change it.
SELECT name FROM breakers WHERE name = :name;

-- name: breakers.all
-- Every breaker that was ever needed.
SELECT name, seq, state, failures, trips, until, reason, kind, dated, probe, changed_at
  FROM breakers
 ORDER BY name;

-- name: breakers.away
-- What is left alone or tried just now.
SELECT name, state, until, reason, kind, probe FROM breakers
 WHERE state <> 'closed' ORDER BY name;

-- name: breakers.put
-- A breaker after a change.
INSERT INTO breakers (
    name, seq, state, failures, trips, until, reason, kind, dated, probe, changed_at)
VALUES (
    :name, :seq, :state, :failures, :trips, :until, :reason, :kind, :dated, :probe, :changed_at)
ON CONFLICT (name) DO UPDATE
   SET seq = excluded.seq, state = excluded.state, failures = excluded.failures,
       trips = excluded.trips, until = excluded.until, reason = excluded.reason,
       kind = excluded.kind, dated = excluded.dated,
       probe = excluded.probe, changed_at = excluded.changed_at;

-- name: breakers.due
-- Open breakers whose pause is over.
SELECT name FROM breakers WHERE state = 'open' AND until <= :now ORDER BY until, name;

-- name: breakers.next_due
-- When the next pause is over.
SELECT MIN(until) AS at FROM breakers WHERE state = 'open';

-- name: breakers.try_task
-- The one task by which a half-open breaker is tried; zero rows changed means that it has one.
UPDATE breakers SET probe = :task WHERE name = :name AND state = 'half_open' AND probe = '';

-- name: breakers.try_call
-- The one call by which a half-open breaker is tried; one that was lost gives way to the next.
UPDATE breakers SET probe = :call, changed_at = :now
 WHERE name = :name AND state = 'half_open'
   AND (probe = '' OR probe = :call OR changed_at < :before);

-- name: breakers.not_tried
-- The task by which it was to be tried was not claimed.
UPDATE breakers SET probe = '' WHERE name = :name AND probe = :task;

-- name: breakers.rollbacks
-- The newest executions that were rolled back, or could not be.
SELECT id, ref, workflow, state, reason, failed_step, ended_at FROM executions
 WHERE state IN ('compensating', 'compensated', 'compensation_failed')
 ORDER BY created_at DESC LIMIT :limit;

-- name: breakers.agent_of
-- The agent whose task it is.
SELECT agent FROM tasks WHERE id = :id;
