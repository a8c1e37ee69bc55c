-- Breakers: what is left alone for a while because it failed again and again.
CREATE TABLE breakers (
    name       TEXT   PRIMARY KEY,
    seq        BIGINT NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
    failures   BIGINT NOT NULL,
    trips      BIGINT NOT NULL,
    until      BIGINT NOT NULL,
    reason     TEXT   NOT NULL,
    probe      TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX breakers_until ON breakers (until) WHERE state = 'open';
