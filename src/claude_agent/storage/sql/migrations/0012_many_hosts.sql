-- Hosts that nobody hears of and the hook that may confirm that they are off; logs between hosts.
CREATE TABLE fencing (
    host    TEXT   PRIMARY KEY,
    state   TEXT   NOT NULL,
    tries   BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    said    TEXT   NOT NULL DEFAULT ''
);
CREATE TABLE log_requests (
    id         TEXT   PRIMARY KEY,
    host       TEXT   NOT NULL,
    task_id    TEXT   NOT NULL,
    run        BIGINT NOT NULL,
    start_byte BIGINT NOT NULL,
    max_bytes  BIGINT NOT NULL,
    asked_at   BIGINT NOT NULL,
    answer     TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX log_requests_host ON log_requests (host);
