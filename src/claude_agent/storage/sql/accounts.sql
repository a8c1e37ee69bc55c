-- name: accounts.launched
-- An agent of an account is started.
INSERT INTO launches (account, task_id, at) VALUES (:account, :task, :at);

-- name: accounts.not_launched
-- It was not started after all.
DELETE FROM launches WHERE task_id = :task AND at = :at;

-- name: accounts.recent
-- How many agents of each account were started within its window, and when the first of them.
SELECT account, COUNT(*) AS count, MIN(at) AS first FROM launches
 WHERE at > :since AND at <= :now GROUP BY account ORDER BY account;

-- name: accounts.forget
-- Launches that do not count any more, also those that a clock set back has left in the future.
DELETE FROM launches WHERE at <= :since OR at > :later;

-- name: accounts.first
-- When the oldest launch was that still counts.
SELECT MIN(at) AS at FROM launches;
