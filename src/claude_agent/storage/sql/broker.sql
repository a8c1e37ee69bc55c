-- name: broker.result_put
-- Store what an actor returned or raised; a later word replaces an earlier one.
INSERT INTO message_results (key, data, expires_at) VALUES (:key, :data, :expires_at)
ON CONFLICT (key) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at;

-- name: broker.result
-- The result under a key while it lasts.
SELECT data FROM message_results WHERE key = :key AND expires_at > :now;

-- name: broker.results_forget
-- Drop the results whose time is over.
DELETE FROM message_results WHERE expires_at <= :now;

-- name: broker.limit_add
-- Begin a counter unless there is one that lasts.
INSERT INTO rate_limits (key, value, expires_at) VALUES (:key, :value, :expires_at)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
 WHERE rate_limits.expires_at <= :now;

-- name: broker.limit_hold
-- Begin a counter at 0 unless there is one that lasts; either way lock its row.
INSERT INTO rate_limits (key, value, expires_at) VALUES (:key, 0, :expires_at)
ON CONFLICT (key) DO UPDATE SET
    value = CASE WHEN rate_limits.expires_at > :now THEN rate_limits.value ELSE 0 END,
    expires_at = CASE WHEN rate_limits.expires_at > :now THEN rate_limits.expires_at
                      ELSE excluded.expires_at END;

-- name: broker.limit_hold_all
-- Lock the rows of some counters.
UPDATE rate_limits SET value = value WHERE key IN (:keys);

-- name: broker.limit_set
-- Store the new value of a counter whose row is locked.
UPDATE rate_limits SET value = :value, expires_at = :expires_at WHERE key = :key;

-- name: broker.limits
-- The counters that last, among some.
SELECT key, value FROM rate_limits WHERE key IN (:keys) AND expires_at > :now;

-- name: broker.limits_forget
-- Drop the counters whose time is over.
DELETE FROM rate_limits WHERE expires_at <= :now;
