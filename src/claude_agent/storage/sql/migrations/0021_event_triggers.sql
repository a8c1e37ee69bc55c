-- Workflows that start when an event is said, and what each event has started.
CREATE TABLE event_triggers (
    workflow   TEXT   NOT NULL,
    n          BIGINT NOT NULL,
    type       TEXT   NOT NULL,
    definition TEXT   NOT NULL,
    PRIMARY KEY (workflow, n)
);
CREATE INDEX event_triggers_type ON event_triggers (type);

-- Its primary key is what lets an event start something once for each trigger.
CREATE TABLE event_starts (
    event_id     TEXT   NOT NULL,
    workflow     TEXT   NOT NULL,
    n            BIGINT NOT NULL,
    definition   TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    data         TEXT   NOT NULL,
    source       TEXT   NOT NULL,
    depth        BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    execution_id TEXT   NOT NULL DEFAULT '',
    at           BIGINT NOT NULL,
    PRIMARY KEY (event_id, workflow, n)
);
CREATE INDEX event_starts_waiting ON event_starts (at, event_id) WHERE state = 'waiting';
CREATE INDEX event_starts_at ON event_starts (at);
