-- name: hosts.find
-- One host.
SELECT id, mark, home, boot_id, seen_at, lost_at, lost_by FROM hosts WHERE id = :id;

-- name: hosts.list
-- Every host that ever had a worker process here.
SELECT id, mark, home, boot_id, seen_at, lost_at, lost_by FROM hosts ORDER BY id;

-- name: hosts.put
-- A process of this host has begun.
INSERT INTO hosts (id, mark, home, boot_id, seen_at)
VALUES (:id, :mark, :home, :boot_id, :at)
    ON CONFLICT (id) DO UPDATE
   SET mark = excluded.mark, home = excluded.home, boot_id = excluded.boot_id,
       seen_at = excluded.seen_at, lost_at = 0, lost_by = '';

-- name: hosts.seen
-- For people: when the host was last heard of, by its own clock. Nothing is decided by it.
UPDATE hosts SET seen_at = :at WHERE id = :id;

-- name: hosts.lose
-- A person says that the host is lost; its id may be used by another home from now on.
UPDATE hosts SET lost_at = :at, lost_by = :by, mark = '' WHERE id = :id;

-- name: hosts.workers
-- Every worker process.
SELECT id, host, boot_id, pid, beat, started_at, role, queues, lost_at FROM workers ORDER BY id;

-- name: hosts.slots
-- How many slots every worker process has, and how many of them are busy.
SELECT worker_id, COUNT(*) AS slots, SUM(CASE WHEN task_id = '' THEN 0 ELSE 1 END) AS busy
  FROM slots GROUP BY worker_id;

-- name: hosts.drop_worker
-- Forget a lost worker process; zero rows changed means that it beat again, or is gone already.
DELETE FROM workers WHERE id = :id AND beat = :beat;

-- name: hosts.drop_slots
-- Forget the slots of one worker process.
DELETE FROM slots WHERE worker_id = :id;

-- name: hosts.mark_worker
-- Say that a worker process of another host is lost; zero rows changed means that it beat again.
UPDATE workers SET lost_at = :at WHERE id = :id AND beat = :beat AND lost_at = 0;

-- name: hosts.drop_workers_of
-- Forget every worker process of a host that a person declared lost.
DELETE FROM workers WHERE host = :host;

-- name: hosts.drop_slots_of
-- Forget the slots of every worker process of a host.
DELETE FROM slots WHERE worker_id IN (SELECT id FROM workers WHERE host = :host);

-- name: hosts.alive
-- How many worker processes of a host are not known to be lost.
SELECT COUNT(*) AS count FROM workers WHERE host = :host AND lost_at = 0;

-- name: hosts.running
-- The runs of a host that count as going on.
SELECT id FROM tasks WHERE state = 'running' AND host = :host ORDER BY id;

-- name: hosts.active
-- The tasks whose run folder is on a host and that are not decided.
SELECT id FROM tasks
 WHERE state IN ('running', 'verifying', 'uncertain') AND host = :host ORDER BY id;

-- name: hosts.orphans
-- The tasks of a host whose owner is gone, and those of ours that were taken for unreachable.
SELECT id FROM tasks
 WHERE state IN ('running', 'verifying', 'uncertain') AND host = :host
   AND ((worker = :worker AND state = 'uncertain' AND reason = :reason)
        OR NOT EXISTS (SELECT 1 FROM workers WHERE workers.id = tasks.worker))
 ORDER BY id;

-- name: hosts.counts
-- How many tasks each host has in which state.
SELECT host, state, COUNT(*) AS count FROM tasks
 WHERE state IN ('running', 'verifying', 'uncertain') GROUP BY host, state;
