-- name: tokens.of_run
-- What a run shows to the server, as a hash.
UPDATE runs SET token = :token WHERE run_id = :run_id;

-- name: tokens.run
-- The run behind a token; its task may have gone on without it, or have ended.
SELECT tasks.id AS task_id, tasks.agent, tasks.run AS newest, tasks.state, tasks.ref, runs.run
  FROM runs JOIN tasks ON tasks.id = runs.task_id
 WHERE runs.token = :token;

-- name: tokens.count_call
-- One call more of a run; zero rows: it may call no more.
UPDATE runs SET calls = calls + 1 WHERE run_id = :run_id AND calls < :most;

-- name: tokens.person
-- The person behind a token that was not revoked.
SELECT name, role FROM tokens WHERE hash = :token AND revoked_at IS NULL;

-- name: tokens.put
-- A new token of a person.
INSERT INTO tokens (hash, name, role, created_at, created_by)
VALUES (:hash, :name, :role, :at, :by);

-- name: tokens.list
-- Every token that was made, without what it is.
SELECT name, role, created_at, created_by, revoked_at FROM tokens ORDER BY created_at, name;

-- name: tokens.revoke
-- Let a token open nothing any more.
UPDATE tokens SET revoked_at = :at WHERE name = :name AND revoked_at IS NULL;
