-- name: inbox.put
-- Put news into the inbox of an execution; whoever delivers locks that execution.
INSERT INTO execution_inbox (id, execution_id, kind, data, at)
VALUES (:id, :execution, :kind, :data, :at);

-- name: inbox.waiting
-- The executions that have news, those with the oldest first.
SELECT execution_id, MIN(id) AS first FROM execution_inbox
 GROUP BY execution_id ORDER BY first LIMIT :limit;

-- name: inbox.of
-- The news of one execution, in order.
SELECT id, kind, data FROM execution_inbox WHERE execution_id = :execution ORDER BY id;

-- name: inbox.clear
-- The news was taken.
DELETE FROM execution_inbox WHERE id IN (:ids);

-- name: inbox.take_slot
-- Take one place of a concurrency key; zero rows changed means that it is taken.
INSERT INTO concurrency_slots (key, n, execution_id) VALUES (:key, :n, :execution)
    ON CONFLICT (key, n) DO NOTHING;

-- name: inbox.give_slot
-- Give the place of an execution back.
DELETE FROM concurrency_slots WHERE key = :key AND execution_id = :execution;

-- name: inbox.slots
-- Who has the places of a concurrency key.
SELECT s.key, s.n, s.execution_id, e.ref, e.created_at
  FROM concurrency_slots AS s JOIN executions AS e ON e.id = s.execution_id
 WHERE s.key = :key ORDER BY e.created_at, e.id;

-- name: inbox.queued
-- Who waits for a place of a concurrency key, in order.
SELECT id, ref FROM executions
 WHERE state = 'queued' AND concurrency_key = :key AND concurrency_key <> ''
 ORDER BY created_at, id;

-- name: inbox.forgotten
-- The first in line of every key that has a place free and no news on its way: two transactions
-- that do not see each other may have left it so.
SELECT e.id FROM executions AS e
 WHERE e.state = 'queued' AND e.concurrency_key <> ''
   AND NOT EXISTS (SELECT 1 FROM executions AS earlier
                    WHERE earlier.state = 'queued' AND earlier.concurrency_key <> ''
                      AND earlier.concurrency_key = e.concurrency_key
                      AND (earlier.created_at < e.created_at
                           OR (earlier.created_at = e.created_at AND earlier.id < e.id)))
   AND NOT EXISTS (SELECT 1 FROM execution_inbox AS i WHERE i.execution_id = e.id)
   AND (SELECT COUNT(*) FROM concurrency_slots AS s WHERE s.key = e.concurrency_key)
       < e.concurrency_limit
 LIMIT 100;

-- name: inbox.see_signal
-- Remember a signal's message; zero rows changed means that it came before.
INSERT INTO signals_seen (execution_id, source, message_id)
VALUES (:execution, :source, :message) ON CONFLICT DO NOTHING;

-- name: inbox.timers
-- Steps whose time has come.
SELECT execution_id, id FROM steps WHERE due_at IS NOT NULL AND due_at <= :now
 ORDER BY due_at LIMIT :limit;

-- name: inbox.next_timer
-- When the next step's time comes.
SELECT MIN(due_at) AS at FROM steps WHERE due_at IS NOT NULL;

-- name: inbox.timed
-- The executions that have a step with a timer.
SELECT DISTINCT execution_id FROM steps WHERE due_at IS NOT NULL ORDER BY execution_id;

-- name: inbox.awaiting
-- Steps that wait for an event of one type, since when.
SELECT execution_id, id, started_at FROM steps WHERE awaits = :type AND awaits <> ''
 ORDER BY execution_id;
