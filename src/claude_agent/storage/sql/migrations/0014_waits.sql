-- Steps that wait for signals and events, or are executions of their own.
ALTER TABLE executions ADD COLUMN signals TEXT NOT NULL DEFAULT '[]';
ALTER TABLE steps ADD COLUMN child_id TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN child_ref TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN awaits TEXT NOT NULL DEFAULT '';
CREATE INDEX steps_awaits ON steps (awaits) WHERE awaits <> '';

-- Which messages an execution has had as signals, so that the same one counts once.
CREATE TABLE signals_seen (
    execution_id TEXT NOT NULL,
    source       TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    PRIMARY KEY (execution_id, source, message_id)
);
