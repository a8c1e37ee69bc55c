-- The log: one counter row, gap-free positions, one global hash chain.
CREATE TABLE log_head (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    epoch TEXT   NOT NULL,
    pos   BIGINT NOT NULL,
    hash  TEXT   NOT NULL
);
CREATE TABLE events (
    pos       BIGINT PRIMARY KEY,
    stream    TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    type      TEXT   NOT NULL,
    v         BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    trace     TEXT   NOT NULL,
    causation TEXT   NOT NULL,
    data      TEXT   NOT NULL,
    data_hash TEXT   NOT NULL,
    hash      TEXT   NOT NULL
);
CREATE UNIQUE INDEX events_stream ON events (stream, seq);
