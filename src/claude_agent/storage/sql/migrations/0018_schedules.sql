-- Schedules, and one row for each (schedule, tick): its primary key is what starts a tick once.
CREATE TABLE schedules (
    id           TEXT   PRIMARY KEY,
    workflow     TEXT   NOT NULL,
    definition   TEXT   NOT NULL,
    cron         TEXT   NOT NULL,
    tz           TEXT   NOT NULL,
    catchup_ms   BIGINT NOT NULL,
    overlap      TEXT   NOT NULL,
    inputs       TEXT   NOT NULL,
    next_at      BIGINT NOT NULL,
    paused       BIGINT NOT NULL,
    pause_reason TEXT   NOT NULL,
    removed      BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE INDEX schedules_due ON schedules (next_at) WHERE paused = 0 AND removed = 0;
CREATE INDEX schedules_workflow ON schedules (workflow, id);

-- `is_open` follows its execution: 1 while that has not ended.
CREATE TABLE schedule_ticks (
    schedule_id  TEXT   NOT NULL,
    tick         BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('queued', 'started', 'skipped')),
    execution_id TEXT   NOT NULL DEFAULT '',
    is_open      BIGINT NOT NULL DEFAULT 0,
    reason       TEXT   NOT NULL DEFAULT '',
    message      TEXT   NOT NULL DEFAULT '',
    at           BIGINT NOT NULL,
    PRIMARY KEY (schedule_id, tick)
);
CREATE INDEX schedule_ticks_open ON schedule_ticks (schedule_id) WHERE is_open = 1;
CREATE INDEX schedule_ticks_queued ON schedule_ticks (schedule_id, tick) WHERE state = 'queued';
CREATE INDEX schedule_ticks_execution ON schedule_ticks (execution_id) WHERE execution_id <> '';

ALTER TABLE executions ADD COLUMN started_by TEXT NOT NULL DEFAULT '{}';
