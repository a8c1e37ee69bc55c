-- Stored answers: one idempotency key and one body are one request.
CREATE TABLE idempotency_keys (
    key       TEXT   PRIMARY KEY,
    body_hash TEXT   NOT NULL,
    status    BIGINT NOT NULL,
    answer    TEXT   NOT NULL,
    at        BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);
