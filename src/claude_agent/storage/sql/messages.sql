-- name: messages.put
-- Store a message; the same id again replaces what is there, and takes it from whoever leased it.
INSERT INTO messages
    (id, queue, actor, body, state, priority, position, not_before, enqueued_at,
     fence, deliveries, history)
VALUES
    (:id, :queue, :actor, :body, :state, :priority, :position, :not_before, :enqueued_at,
     0, 0, '')
ON CONFLICT (id) DO UPDATE SET
    queue = excluded.queue, actor = excluded.actor, body = excluded.body,
    state = excluded.state, priority = excluded.priority, position = excluded.position,
    not_before = excluded.not_before, enqueued_at = excluded.enqueued_at,
    lease_owner = NULL, leased_at = NULL, deliveries = 0,
    dead_at = NULL, dead_reason = NULL, dead_error = NULL;

-- name: messages.promote
-- Make ready whatever waited for a time that has come.
UPDATE messages SET state = 'ready'
 WHERE id IN (SELECT id FROM messages WHERE state = 'delayed' AND not_before <= :now /* lock */)
   AND state = 'delayed';

-- name: messages.next_due
-- When the next delayed message becomes ready.
SELECT not_before FROM messages WHERE state = 'delayed' ORDER BY not_before LIMIT 1;

-- name: messages.claim
-- Lease the best ready messages of one queue.
WITH best AS (
    SELECT id FROM messages WHERE queue = :queue AND state = 'ready'
     ORDER BY priority, position LIMIT :count /* lock */)
UPDATE messages
   SET state = 'leased', lease_owner = :owner, leased_at = :now, fence = fence + 1
 WHERE id IN (SELECT id FROM best) AND state = 'ready'
RETURNING id, body, priority, position, fence;

-- name: messages.ack
-- Remove messages that were processed; each counts only under the fence of its lease.
DELETE FROM messages
 WHERE id IN (:ids) AND lease_owner = :owner AND state = 'leased'
   AND (id || ':' || fence) IN (:keys);

-- name: messages.retry
-- Put a leased message back with its new body, for its next attempt.
UPDATE messages
   SET state = :state, body = :body, not_before = :not_before, deliveries = 0,
       lease_owner = NULL, leased_at = NULL
 WHERE id = :id AND lease_owner = :owner AND fence = :fence AND state = 'leased';

-- name: messages.release
-- Give a lease back unused.
UPDATE messages SET state = 'ready', lease_owner = NULL, leased_at = NULL
 WHERE id = :id AND lease_owner = :owner AND fence = :fence AND state = 'leased';

-- name: messages.bury
-- Make a leased message a dead letter with its reason.
UPDATE messages
   SET state = 'dead', dead_at = :now, dead_reason = :reason, dead_error = :error,
       history = history || :line, lease_owner = NULL, leased_at = NULL
 WHERE id = :id AND lease_owner = :owner AND fence = :fence AND state = 'leased';

-- name: messages.blame
-- Count a delivery for a message whose owner died while working on it; the limit buries it.
UPDATE messages
   SET deliveries = deliveries + 1, history = history || :line,
       state = CASE WHEN deliveries + 1 > :limit THEN 'dead' ELSE 'ready' END,
       dead_at = CASE WHEN deliveries + 1 > :limit THEN CAST(:now AS BIGINT) END,
       dead_reason = CASE WHEN deliveries + 1 > :limit THEN 'poison' END,
       lease_owner = NULL, leased_at = NULL
 WHERE id = :id AND lease_owner = :owner AND state = 'leased';

-- name: messages.reclaim
-- Give back every other lease of an owner that is gone.
UPDATE messages SET state = 'ready', lease_owner = NULL, leased_at = NULL
 WHERE lease_owner = :owner AND state = 'leased';

-- name: messages.of_id
-- One message as it stands.
SELECT id, queue, actor, body, state, priority, not_before, enqueued_at, lease_owner, fence,
       deliveries, dead_at, dead_reason, dead_error, history
  FROM messages WHERE id = :id;

-- name: messages.count_ready
-- How many messages of a queue could start now.
SELECT count(*) AS number FROM messages WHERE queue = :queue AND state = 'ready';

-- name: messages.count_delayed
-- How many messages of a queue wait for a time.
SELECT count(*) AS number FROM messages WHERE queue = :queue AND state = 'delayed';

-- name: messages.count_leased
-- How many messages of a queue are with a worker.
SELECT count(*) AS number FROM messages WHERE queue = :queue AND state = 'leased';

-- name: messages.count_dead
-- How many dead letters a queue has.
SELECT count(*) AS number FROM messages WHERE queue = :queue AND state = 'dead';

-- name: messages.flush
-- Drop what waits in one queue; leased messages stay with their worker.
DELETE FROM messages WHERE queue = :queue AND state IN ('ready', 'delayed');

-- name: messages.flush_dead
-- Drop the dead letters of one queue.
DELETE FROM messages WHERE queue = :queue AND state = 'dead';

-- name: messages.owner_add
-- Register a process that will hold leases; its file is locked already.
INSERT INTO message_owners (id, lock_file, pid, started_at)
VALUES (:id, :lock_file, :pid, :started_at);

-- name: messages.owner_remove
-- Forget an owner.
DELETE FROM message_owners WHERE id = :id;

-- name: messages.owners
-- Every registered owner.
SELECT id, lock_file, pid, started_at FROM message_owners ORDER BY started_at, id;

-- name: messages.manifest_put
-- Say that an actor of this name can be run, and on which queue.
INSERT INTO actor_manifest (name, queue, priority, bound_at)
VALUES (:name, :queue, :priority, :bound_at)
ON CONFLICT (name) DO UPDATE SET
    queue = excluded.queue, priority = excluded.priority, bound_at = excluded.bound_at;

-- name: messages.manifest
-- Every actor a worker has announced.
SELECT name, queue, priority, bound_at FROM actor_manifest ORDER BY name;
