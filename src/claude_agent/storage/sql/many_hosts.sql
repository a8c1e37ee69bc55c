-- name: many_hosts.unreachable
-- The hosts that nobody hears of and that have something undecided, and what their hook said.
SELECT hosts.id AS id, COALESCE(fencing.tries, 0) AS tries,
       COALESCE(fencing.next_at, 0) AS next_at
  FROM hosts LEFT JOIN fencing ON fencing.host = hosts.id
 WHERE hosts.lost_at = 0
   AND EXISTS (SELECT 1 FROM workers WHERE workers.host = hosts.id)
   AND NOT EXISTS (SELECT 1 FROM workers WHERE workers.host = hosts.id AND lost_at = 0)
   AND EXISTS (SELECT 1 FROM tasks
                WHERE tasks.host = hosts.id AND state IN ('running', 'verifying', 'uncertain'))
 ORDER BY hosts.id;

-- name: many_hosts.fencing
-- What became of every host's hook.
SELECT host, state, tries, at, next_at, said FROM fencing;

-- name: many_hosts.put_fencing
-- Note what became of a host's hook.
INSERT INTO fencing (host, state, tries, at, next_at, said)
VALUES (:host, :state, :tries, :at, :next_at, :said)
    ON CONFLICT (host) DO UPDATE
   SET state = excluded.state, tries = excluded.tries, at = excluded.at,
       next_at = excluded.next_at, said = excluded.said;

-- name: many_hosts.back
-- The hosts whose hook was asked and of which a process is alive again.
SELECT host FROM fencing
 WHERE EXISTS (SELECT 1 FROM workers WHERE workers.host = fencing.host AND lost_at = 0);

-- name: many_hosts.drop_fencing
-- Forget what a host's hook said.
DELETE FROM fencing WHERE host = :host;

-- name: many_hosts.ask_log
-- Ask the host that has a run folder for a piece of its output.
INSERT INTO log_requests (id, host, task_id, run, start_byte, max_bytes, asked_at)
VALUES (:id, :host, :task, :run, :start, :most, :at);

-- name: many_hosts.asked_logs
-- What a host is asked for and has not answered.
SELECT id, task_id, run, start_byte, max_bytes FROM log_requests
 WHERE host = :host AND answer = '' ORDER BY id;

-- name: many_hosts.answer_log
-- Answer; zero rows changed means that whoever asked has gone.
UPDATE log_requests SET answer = :answer WHERE id = :id AND answer = '';

-- name: many_hosts.log_answer
-- The answer to one request; empty: there is none yet.
SELECT answer FROM log_requests WHERE id = :id;

-- name: many_hosts.forget_logs
-- Drop a request, and those whose askers are long gone.
DELETE FROM log_requests WHERE id = :id OR asked_at < :before;
