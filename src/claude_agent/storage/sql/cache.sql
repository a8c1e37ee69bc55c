-- name: cache.one
-- What an earlier execution left under a key.
SELECT outputs, at, execution_id FROM step_cache WHERE key = :key;

-- name: cache.put
-- Keep the outputs of a success; the newest one counts.
INSERT INTO step_cache (key, outputs, at, execution_id) VALUES (:key, :outputs, :at, :execution)
    ON CONFLICT (key) DO UPDATE
   SET outputs = excluded.outputs, at = excluded.at, execution_id = excluded.execution_id;
