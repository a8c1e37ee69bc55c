-- name: rebuild.tasks
-- Every task that has a row; for rebuilding and tests, as all of this file.
SELECT tasks.*, task_specs.data AS spec
  FROM tasks LEFT JOIN task_specs ON task_specs.task_id = tasks.id ORDER BY tasks.id;

-- name: rebuild.waits
-- What every task waits for.
SELECT task_id, needs_id, outcome FROM task_waits ORDER BY task_id, needs_id;

-- name: rebuild.executions
-- Every execution that has a row.
SELECT * FROM executions ORDER BY id;

-- name: rebuild.steps
-- Every step that has a row.
SELECT * FROM steps ORDER BY execution_id, n, id;

-- name: rebuild.definitions
-- The name of every definition.
SELECT hash FROM definitions ORDER BY hash;

-- name: rebuild.places
-- Who has which place of a concurrency key.
SELECT key, n, execution_id FROM concurrency_slots ORDER BY key, n;

-- name: rebuild.signals
-- The messages that executions have had as signals.
SELECT execution_id, source, message_id FROM signals_seen
 ORDER BY execution_id, source, message_id;

-- name: rebuild.snapshots
-- Every snapshot of the shared state.
SELECT id, name, pos, keys, created_at, created_by FROM state_snapshots ORDER BY id;

-- name: rebuild.snapshot_entries
-- What every snapshot of the shared state holds.
SELECT snapshot_id, key, value, version, expires_at FROM state_snapshot_entries
 ORDER BY snapshot_id, key;

-- name: rebuild.redrives
-- Every re-drive of many letters.
SELECT id, criteria, actor, per_minute, until, total, done, skipped, ended_at FROM redrives
 ORDER BY id;

-- name: rebuild.webhooks
-- Every webhook.
SELECT workflow, n, path, secret, definition FROM webhooks ORDER BY workflow, n;

-- name: rebuild.deliveries
-- What was answered to every delivery.
SELECT path, message_id, status, answer, at FROM webhook_deliveries ORDER BY path, message_id;

-- name: rebuild.triggers
-- Every event trigger.
SELECT workflow, n, type, definition FROM event_triggers ORDER BY workflow, n;

-- name: rebuild.starts
-- What became of the events that were said for a trigger.
SELECT event_id, workflow, n, type, state, execution_id, message, at FROM event_starts
 ORDER BY event_id, workflow, n;
