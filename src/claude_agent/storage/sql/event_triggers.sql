-- name: event_triggers.of_workflow
-- The event triggers of a workflow, in order.
SELECT n, type, definition FROM event_triggers WHERE workflow = :workflow ORDER BY n;

-- name: event_triggers.drop
-- A newer version of a workflow replaces its event triggers.
DELETE FROM event_triggers WHERE workflow = :workflow;

-- name: event_triggers.put
-- One event trigger of a workflow's newest version.
INSERT INTO event_triggers (workflow, n, type, definition)
VALUES (:workflow, :n, :type, :definition);

-- name: event_triggers.on
-- The triggers that an event of a type is for.
SELECT workflow, n, definition FROM event_triggers WHERE type = :type ORDER BY workflow, n;

-- name: event_triggers.all
-- Every event trigger, or those of one workflow.
SELECT workflow, n, type, definition FROM event_triggers
 WHERE (:workflow = '' OR workflow = :workflow) ORDER BY workflow, n;

-- name: event_triggers.last
-- The newest event that a trigger was for, and what became of it.
SELECT s.at, s.state, s.message, s.execution_id, e.ref, e.state AS execution_state
  FROM event_starts AS s LEFT JOIN executions AS e ON e.id = s.execution_id
 WHERE s.workflow = :workflow AND s.n = :n AND s.type = :type
 ORDER BY s.at DESC, s.event_id DESC LIMIT 1;

-- name: event_triggers.said
-- An event was said that a trigger is for: it is to be looked at.
INSERT INTO event_starts (event_id, workflow, n, definition, type, data, source, depth, state, at)
VALUES (:event, :workflow, :n, :definition, :type, :data, :source, :depth, 'waiting', :at);

-- name: event_triggers.waiting
-- What is to be looked at, in the order in which it was said.
SELECT event_id, workflow, n, definition, type, data, source, depth FROM event_starts
 WHERE state = 'waiting' ORDER BY at, event_id, workflow, n LIMIT :limit;

-- name: event_triggers.take
-- Take one; zero rows changed means that somebody else has.
UPDATE event_starts SET state = :state
 WHERE event_id = :event AND workflow = :workflow AND n = :n AND state = 'waiting';

-- name: event_triggers.skip
-- One that was taken wants nothing of the event.
UPDATE event_starts SET state = 'skipped'
 WHERE event_id = :event AND workflow = :workflow AND n = :n;

-- name: event_triggers.started
-- Which execution it has started.
UPDATE event_starts SET execution_id = :execution
 WHERE event_id = :event AND workflow = :workflow AND n = :n;

-- name: event_triggers.refused
-- Why it has started nothing.
UPDATE event_starts SET message = :message
 WHERE event_id = :event AND workflow = :workflow AND n = :n;

-- name: event_triggers.forget
-- What was decided long ago.
DELETE FROM event_starts WHERE at < :before AND state <> 'waiting';

-- name: event_triggers.origin
-- What an execution is a part of, and what has started it.
SELECT parent_id, started_by FROM executions WHERE id = :id;
