-- name: idempotency.find
-- The answer stored under a key, with the hash of the body that it answers.
SELECT body_hash, status, answer, at FROM idempotency_keys WHERE key = :key;

-- name: idempotency.keep
-- Store an answer under its key; no row changed means that somebody was first.
INSERT INTO idempotency_keys (key, body_hash, status, answer, at)
VALUES (:key, :body_hash, :status, :answer, :at)
    ON CONFLICT (key) DO NOTHING;

-- name: idempotency.forget
-- Let go of answers older than a time.
DELETE FROM idempotency_keys WHERE at < :before;
