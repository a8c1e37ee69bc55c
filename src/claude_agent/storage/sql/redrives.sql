-- name: redrives.insert
-- A re-drive of many begins.
INSERT INTO redrives (id, criteria, actor, per_minute, until, total, next_at)
VALUES (:id, :criteria, :actor, :per_minute, :until, :total, :until);

-- name: redrives.one
-- One re-drive of many.
SELECT id, criteria, actor, per_minute, until, total, done, skipped, after_at, after_id, next_at,
       ended_at
  FROM redrives WHERE id = :id;

-- name: redrives.newest
-- The newest re-drives of many.
SELECT id, criteria, actor, per_minute, until, total, done, skipped, after_at, after_id, next_at,
       ended_at
  FROM redrives ORDER BY until DESC, id DESC LIMIT :limit;

-- name: redrives.due
-- Re-drives whose next letters are due; one far ahead was left there by a clock that went back.
SELECT id FROM redrives
 WHERE ended_at IS NULL AND (next_at <= :now OR next_at > :now + 120000) ORDER BY next_at;

-- name: redrives.next_due
-- When the next letters of a re-drive are due.
SELECT MIN(next_at) AS at FROM redrives WHERE ended_at IS NULL;

-- name: redrives.take
-- Take the next turn of a re-drive; zero rows changed means that another process has it.
UPDATE redrives SET next_at = :next_at WHERE id = :id AND next_at = :was AND ended_at IS NULL;

-- name: redrives.move
-- What a turn of a re-drive came to.
UPDATE redrives
   SET done = :done, skipped = :skipped, after_at = :after_at, after_id = :after_id,
       ended_at = :ended_at
 WHERE id = :id;

-- name: redrives.count_tasks
-- How many dead tasks outside workflows are meant.
SELECT COUNT(*) AS count FROM tasks
 WHERE state = 'dead' AND purpose = 'task' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR reason = :reason) AND (:agent = '' OR agent = :agent)
   AND ended_at >= :since AND ended_at <= :until;

-- name: redrives.tasks
-- The next dead tasks outside workflows that are meant, the oldest death first.
SELECT id, ended_at AS died_at FROM tasks
 WHERE state = 'dead' AND purpose = 'task' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR reason = :reason) AND (:agent = '' OR agent = :agent)
   AND ended_at >= :since AND ended_at <= :until
   AND (ended_at > :after_at OR (ended_at = :after_at AND id > :after_id))
 ORDER BY ended_at, id LIMIT :limit;

-- name: redrives.count_messages
-- How many dead messages are meant.
SELECT COUNT(*) AS count FROM messages
 WHERE state = 'dead' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR dead_reason = :reason) AND (:agent = '' OR actor = :agent)
   AND dead_at >= :since AND dead_at <= :until;

-- name: redrives.messages
-- The next dead messages that are meant, the oldest death first.
SELECT id, dead_at AS died_at FROM messages
 WHERE state = 'dead' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR dead_reason = :reason) AND (:agent = '' OR actor = :agent)
   AND dead_at >= :since AND dead_at <= :until
   AND (dead_at > :after_at OR (dead_at = :after_at AND id > :after_id))
 ORDER BY dead_at, id LIMIT :limit;
