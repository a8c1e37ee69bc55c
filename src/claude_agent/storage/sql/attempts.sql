-- name: attempts.put
-- How an attempt ended; the first word counts.
INSERT INTO attempts (
    task_id, run, attempt, generation, execution_id, agent, adapter, started_at, ended_at, outcome,
    kind, message, evidence, judged, told, conversation, input, output, cache_read, cache_write,
    cost_nano, late_at, late)
VALUES (
    :task_id, :run, :attempt, :generation, :execution_id, :agent, :adapter, :started_at, :ended_at,
    :outcome, :kind, :message, :evidence, :judged, :told, :conversation, :input, :output,
    :cache_read, :cache_write, :cost_nano, :late_at, :late)
    ON CONFLICT (task_id, run) DO NOTHING;

-- name: attempts.one
-- One attempt by its run.
SELECT * FROM attempts WHERE task_id = :task AND run = :run;

-- name: attempts.reported
-- What an attempt's own report said, that came late.
UPDATE attempts
   SET late_at = :late_at, late = :late, told = :told, conversation = :conversation,
       input = :input, output = :output, cache_read = :cache_read, cache_write = :cache_write,
       cost_nano = :cost_nano
 WHERE task_id = :task_id AND run = :run;

-- name: attempts.of_task
-- The attempts of a task that have ended, oldest first.
SELECT * FROM attempts WHERE task_id = :task ORDER BY run;

-- name: attempts.spent_by_execution
-- What the runs of one execution used together; no run told anything: `runs` is 0.
SELECT COUNT(*) AS runs, COALESCE(SUM(input), 0) AS input, COALESCE(SUM(output), 0) AS output,
       COALESCE(SUM(cache_read), 0) AS cache_read, COALESCE(SUM(cache_write), 0) AS cache_write,
       SUM(cost_nano) AS cost_nano
  FROM attempts WHERE execution_id = :execution AND execution_id <> '' AND told = 1;

-- name: attempts.unjudged
-- Attempts that were decided without a verdict, the newest first: theirs may come late.
SELECT task_id, run, adapter FROM attempts
 WHERE judged = 0 AND late_at IS NULL AND ended_at > :since
 ORDER BY ended_at DESC, task_id, run LIMIT :limit;

-- name: attempts.all
-- Every attempt, for rebuilding and comparing.
SELECT * FROM attempts ORDER BY task_id, run;
