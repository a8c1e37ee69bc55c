-- name: explain.slots
-- Every slot of a worker process that is alive, and which queues that process serves.
SELECT s.queue, s.min_priority, s.task_id, w.queues
  FROM slots AS s JOIN workers AS w ON w.id = s.worker_id
 WHERE w.lost_at = 0;

-- name: explain.ready
-- How urgent a ready task is by now, and how many of its queue come before it.
SELECT me.effective_priority,
       (SELECT COUNT(*) FROM tasks AS other
         WHERE other.queue = me.queue AND other.state = 'ready'
           AND (other.effective_priority > me.effective_priority
                OR (other.effective_priority = me.effective_priority
                    AND (other.not_before < me.not_before
                         OR (other.not_before = me.not_before
                             AND other.submitted_pos < me.submitted_pos))))) AS ahead
  FROM tasks AS me WHERE me.id = :id;

-- name: explain.first_of_lock
-- Which ready task gets a lock first.
SELECT ref FROM tasks
 WHERE lock_name = :name AND lock_name <> '' AND state = 'ready'
 ORDER BY submitted_pos LIMIT 1;

-- name: explain.versions
-- The versions of a workflow, the one that a start by name takes first.
SELECT hash, origin, created_at FROM definitions WHERE slug = :slug
 ORDER BY created_at DESC, hash LIMIT 200;
