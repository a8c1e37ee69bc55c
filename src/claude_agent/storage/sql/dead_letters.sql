-- name: dead_letters.another
-- Another dead letter of an agent for the same reason.
SELECT id FROM tasks
 WHERE state = 'dead' AND agent = :agent AND reason = :reason AND id <> :id LIMIT 1;

-- name: dead_letters.untold_messages
-- Kinds of dead messages (actor and reason) of which none was told as the first.
SELECT actor, dead_reason AS reason, MIN(id) AS id FROM messages
 WHERE state = 'dead' GROUP BY actor, dead_reason
HAVING SUM(CASE WHEN history LIKE :told THEN 1 ELSE 0 END) = 0;

-- name: dead_letters.tell_message
-- Note in a dead message's history that it was told as the first of its kind.
UPDATE messages SET history = history || :line WHERE id = :id AND state = 'dead';

-- name: dead_letters.tasks
-- A page of dead tasks, the newest death first.
SELECT tasks.*, task_specs.data AS spec
  FROM tasks JOIN task_specs ON task_specs.task_id = tasks.id
 WHERE tasks.state = 'dead' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR reason = :reason) AND (:agent = '' OR agent = :agent)
   AND ended_at >= :since
   AND (ended_at < :before_at OR (ended_at = :before_at AND tasks.id < :before_id))
 ORDER BY ended_at DESC, tasks.id DESC LIMIT :limit;

-- name: dead_letters.messages
-- A page of dead messages, the newest death first.
SELECT id, queue, actor, body, deliveries, enqueued_at, dead_at, dead_reason, dead_error, history
  FROM messages
 WHERE state = 'dead' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR dead_reason = :reason) AND (:agent = '' OR actor = :agent)
   AND dead_at >= :since AND (dead_at < :before_at OR (dead_at = :before_at AND id < :before_id))
 ORDER BY dead_at DESC, id DESC LIMIT :limit;

-- name: dead_letters.count_tasks
-- How many dead tasks there are.
SELECT COUNT(*) AS count FROM tasks
 WHERE state = 'dead' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR reason = :reason) AND (:agent = '' OR agent = :agent)
   AND ended_at >= :since;

-- name: dead_letters.count_messages
-- How many dead messages there are.
SELECT COUNT(*) AS count FROM messages
 WHERE state = 'dead' AND (:queue = '' OR queue = :queue)
   AND (:reason = '' OR dead_reason = :reason) AND (:agent = '' OR actor = :agent)
   AND dead_at >= :since;

-- name: dead_letters.message
-- One dead message.
SELECT id, queue, actor, body, deliveries, enqueued_at, dead_at, dead_reason, dead_error, history
  FROM messages WHERE id = :id AND state = 'dead';

-- name: dead_letters.redrive_message
-- A dead message is ready again; its history stays and its deadline is gone.
UPDATE messages
   SET state = 'ready', body = :body, queue = :queue, priority = base_priority, not_before = :now,
       deliveries = 0, expires_at = NULL, cancelled_at = NULL, dead_at = NULL, dead_reason = NULL,
       dead_error = NULL, history = history || :line
 WHERE id = :id AND state = 'dead';

-- name: dead_letters.discard_message
-- A dead message is put aside; the log keeps what it was.
DELETE FROM messages WHERE id = :id AND state = 'dead';
