-- name: messages.put
-- Store a message; the same id again replaces what is there, and takes it from whoever leased it.
INSERT INTO messages
    (id, queue, actor, body, state, priority, base_priority, position, not_before, expires_at,
     enqueued_at, fence, deliveries, history)
VALUES
    (:id, :queue, :actor, :body, :state, :priority, :priority, :position, :not_before, :expires_at,
     :enqueued_at, 0, 0, '')
ON CONFLICT (id) DO UPDATE SET
    queue = excluded.queue, actor = excluded.actor, body = excluded.body,
    state = excluded.state, priority = excluded.priority,
    base_priority = excluded.base_priority, position = excluded.position,
    not_before = excluded.not_before, expires_at = excluded.expires_at,
    enqueued_at = excluded.enqueued_at,
    lease_owner = NULL, leased_at = NULL, deliveries = 0, cancelled_at = NULL,
    dead_at = NULL, dead_reason = NULL, dead_error = NULL;

-- name: messages.key_take
-- Give a key to a message, unless it names one that is open or was sent not long ago.
INSERT INTO message_keys (key, message_id, expires_at) VALUES (:key, :id, :expires_at)
ON CONFLICT (key) DO UPDATE SET
    message_id = excluded.message_id, expires_at = excluded.expires_at
 WHERE message_keys.expires_at <= :now
   AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = message_keys.message_id
                                            AND messages.state <> 'dead');

-- name: messages.key_of
-- Which message a key names.
SELECT message_id FROM message_keys WHERE key = :key;

-- name: messages.keys_forget
-- Drop the keys whose time is over and whose message is through.
DELETE FROM message_keys
 WHERE expires_at <= :now
   AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = message_keys.message_id
                                            AND messages.state <> 'dead');

-- name: messages.full
-- A row if so many messages of a queue are ready already (`beyond`: one less than the limit).
SELECT id FROM messages WHERE queue = :queue AND state = 'ready' LIMIT 1 OFFSET :beyond;

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
       AND (expires_at IS NULL OR expires_at > :now)
     ORDER BY priority, position LIMIT :count /* lock */)
UPDATE messages
   SET state = 'leased', lease_owner = :owner, leased_at = :now, fence = fence + 1
 WHERE id IN (SELECT id FROM best) AND state = 'ready'
RETURNING id, queue, body, priority, position, fence;

-- name: messages.best
-- The best ready messages of one queue, to be compared with those of others.
SELECT id, queue, priority, position FROM messages
 WHERE queue = :queue AND state = 'ready' AND (expires_at IS NULL OR expires_at > :now)
 ORDER BY priority, position LIMIT :count;

-- name: messages.claim_these
-- Lease chosen messages, as far as they are still ready.
WITH chosen AS (
    SELECT id FROM messages WHERE id IN (:ids) AND state = 'ready' ORDER BY id /* lock */)
UPDATE messages
   SET state = 'leased', lease_owner = :owner, leased_at = :now, fence = fence + 1
 WHERE id IN (SELECT id FROM chosen) AND state = 'ready'
RETURNING id, queue, body, priority, position, fence;

-- name: messages.ack
-- Remove messages that were processed; each counts only under the fence of its lease.
DELETE FROM messages
 WHERE id IN (:ids) AND lease_owner = :owner AND state = 'leased'
   AND (id || ':' || fence) IN (:keys);

-- name: messages.retry
-- Put a leased message back with its new body, for its next attempt.
UPDATE messages
   SET state = :state, body = :body, not_before = :not_before, deliveries = 0,
       expires_at = NULL, lease_owner = NULL, leased_at = NULL
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
       expires_at = NULL, lease_owner = NULL, leased_at = NULL
 WHERE id = :id AND lease_owner = :owner AND state = 'leased';

-- name: messages.reclaim
-- Give back every other lease of an owner that is gone.
UPDATE messages SET state = 'ready', lease_owner = NULL, leased_at = NULL
 WHERE lease_owner = :owner AND state = 'leased';

-- name: messages.next_expiry
-- When the next waiting message misses its start deadline.
SELECT expires_at FROM messages WHERE expires_at IS NOT NULL AND state IN ('ready', 'delayed')
 ORDER BY expires_at LIMIT 1;

-- name: messages.expire
-- Make dead letters of those that were not begun before their deadline.
UPDATE messages
   SET state = 'dead', dead_at = :now, dead_reason = 'expired', history = history || :line,
       expires_at = NULL
 WHERE id IN (SELECT id FROM messages
               WHERE expires_at IS NOT NULL AND expires_at <= :now
                 AND state IN ('ready', 'delayed') /* lock */)
   AND state IN ('ready', 'delayed');

-- name: messages.age_due
-- Some messages that have waited long enough for the next level; never beyond `top`.
SELECT id FROM messages
 WHERE state = 'ready' AND priority > :top AND position <= :position
   AND not_before + ((base_priority - priority) / :step + 1) * :ageing <= :now
 LIMIT :count;

-- name: messages.age
-- Raise them by one level.
UPDATE messages SET priority = CASE WHEN priority - :step < :top THEN :top ELSE priority - :step END
 WHERE id IN (:ids) AND state = 'ready' AND priority > :top
   AND not_before + ((base_priority - priority) / :step + 1) * :ageing <= :now;

-- name: messages.cancel
-- Drop a message that waits.
DELETE FROM messages WHERE id = :id AND state IN ('ready', 'delayed');

-- name: messages.cancel_leased
-- Remember that a message at work is not to be tried again.
UPDATE messages SET cancelled_at = :now WHERE id = :id AND state = 'leased';

-- name: messages.drop_cancelled
-- Drop what came back after it had been cancelled.
DELETE FROM messages
 WHERE id IN (SELECT id FROM messages
               WHERE cancelled_at IS NOT NULL AND state IN ('ready', 'delayed') /* lock */);

-- name: messages.redrive
-- Make a dead letter ready again; its history stays.
UPDATE messages
   SET state = 'ready', body = :body, priority = base_priority, position = :position,
       not_before = :now, deliveries = 0, cancelled_at = NULL,
       dead_at = NULL, dead_reason = NULL, dead_error = NULL, history = history || :line
 WHERE id = :id AND state = 'dead';

-- name: messages.of_id
-- One message as it stands.
SELECT id, queue, actor, body, state, priority, base_priority, not_before, expires_at,
       enqueued_at, lease_owner, fence, deliveries, dead_at, dead_reason, dead_error, history
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
INSERT INTO message_owners (id, lock_file, pid, started_at, host, boot_id)
VALUES (:id, :lock_file, :pid, :started_at, :host, :boot_id);

-- name: messages.owner_beat
-- Show the other hosts that this owner is alive.
UPDATE message_owners SET beat = beat + 1 WHERE id = :id;

-- name: messages.owner_remove
-- Forget an owner.
DELETE FROM message_owners WHERE id = :id;

-- name: messages.owners
-- Every registered owner.
SELECT id, lock_file, pid, started_at, host, boot_id, beat FROM message_owners ORDER BY started_at, id;

-- name: messages.manifest_put
-- Say that an actor of this name can be run, and on which queue.
INSERT INTO actor_manifest (name, queue, priority, bound_at)
VALUES (:name, :queue, :priority, :bound_at)
ON CONFLICT (name) DO UPDATE SET
    queue = excluded.queue, priority = excluded.priority, bound_at = excluded.bound_at;

-- name: messages.manifest
-- Every actor a worker has announced.
SELECT name, queue, priority, bound_at FROM actor_manifest ORDER BY name;

-- name: messages.by_queue
-- How many messages of each queue are in each state.
SELECT queue, state, COUNT(*) AS count FROM messages GROUP BY queue, state ORDER BY queue, state;

-- name: messages.queues
-- The queues that some worker serves.
SELECT DISTINCT queue FROM actor_manifest WHERE queue <> 'tickets' ORDER BY queue;
