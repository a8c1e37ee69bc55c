-- Tasks, executions and what runs them. All but `runs` and `run_commands` are projections.
CREATE TABLE tasks (
    id                 TEXT   PRIMARY KEY,
    ref                TEXT   NOT NULL UNIQUE,
    seq                BIGINT NOT NULL,
    state              TEXT   NOT NULL CHECK (state IN (
        'held', 'scheduled', 'ready', 'running', 'verifying', 'uncertain', 'succeeded', 'dead',
        'cancelled', 'rejected', 'expired', 'discarded')),
    title              TEXT   NOT NULL,
    kind               TEXT   NOT NULL CHECK (kind IN ('prompt', 'run', 'action')),
    agent              TEXT   NOT NULL,
    queue              TEXT   NOT NULL,
    priority           BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 4),
    effective_priority BIGINT NOT NULL,
    purpose            TEXT   NOT NULL CHECK (purpose IN ('task', 'step', 'compensation')),
    execution_id       TEXT   NOT NULL,
    step_id            TEXT   NOT NULL,
    submitted_pos      BIGINT NOT NULL DEFAULT 0,
    not_before         BIGINT NOT NULL,
    deadline_at        BIGINT,
    fence              BIGINT NOT NULL,
    worker             TEXT   NOT NULL,
    slot               BIGINT NOT NULL,
    run                BIGINT NOT NULL,
    host               TEXT   NOT NULL,
    attempt            BIGINT NOT NULL,
    refunds            BIGINT NOT NULL,
    deliveries         BIGINT NOT NULL,
    adoptions          BIGINT NOT NULL,
    gate_run           BIGINT NOT NULL,
    reaped_run         BIGINT NOT NULL,
    adapter            TEXT   NOT NULL,
    digest             TEXT   NOT NULL,
    created_at         BIGINT NOT NULL,
    started_at         BIGINT,
    attempt_started_at BIGINT,
    ended_at           BIGINT,
    cancel_requested   TEXT   NOT NULL,
    stop_requested     TEXT   NOT NULL,
    reason             TEXT   NOT NULL,
    error              TEXT,
    outputs            TEXT,
    verdict            TEXT,
    evidence           TEXT   NOT NULL
);
CREATE INDEX tasks_ready ON tasks (effective_priority DESC, not_before, submitted_pos, queue)
    WHERE state = 'ready';
CREATE INDEX tasks_scheduled ON tasks (not_before) WHERE state = 'scheduled';
CREATE INDEX tasks_deadline ON tasks (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE INDEX tasks_active ON tasks (state) WHERE state IN ('running', 'verifying', 'uncertain');
CREATE INDEX tasks_execution ON tasks (execution_id) WHERE execution_id <> '';
CREATE INDEX tasks_state ON tasks (state, created_at);
CREATE INDEX tasks_created ON tasks (created_at);

CREATE TABLE task_specs (
    task_id TEXT PRIMARY KEY,
    data    TEXT NOT NULL
);

CREATE TABLE queues (
    name    TEXT   PRIMARY KEY,
    running BIGINT NOT NULL DEFAULT 0,
    max     BIGINT NOT NULL,
    paused  BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE workers (
    id         TEXT   PRIMARY KEY,
    host       TEXT   NOT NULL,
    boot_id    TEXT   NOT NULL,
    pid        BIGINT NOT NULL,
    beat       BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);
CREATE TABLE slots (
    worker_id    TEXT   NOT NULL,
    n            BIGINT NOT NULL,
    queue        TEXT   NOT NULL,
    min_priority BIGINT NOT NULL,
    task_id      TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (worker_id, n)
);

-- Where the journal stands in each run folder; operational, not in the log.
CREATE TABLE runs (
    run_id         TEXT   PRIMARY KEY,
    task_id        TEXT   NOT NULL,
    run            BIGINT NOT NULL,
    fence          BIGINT NOT NULL,
    segment        BIGINT NOT NULL,
    byte           BIGINT NOT NULL,
    line           BIGINT NOT NULL,
    last_output_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX runs_task ON runs (task_id);

-- Durable commands to a run: delivered in order until the shim acknowledged them.
CREATE TABLE run_commands (
    task_id TEXT   NOT NULL,
    run     BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    data    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    acked   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (task_id, run, n)
);
CREATE INDEX run_commands_open ON run_commands (task_id) WHERE acked = 0;

CREATE TABLE definitions (
    hash       TEXT   PRIMARY KEY,
    slug       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    data       TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    origin     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX definitions_slug ON definitions (slug, created_at);

CREATE TABLE executions (
    id                   TEXT   PRIMARY KEY,
    ref                  TEXT   NOT NULL UNIQUE,
    seq                  BIGINT NOT NULL,
    generation           BIGINT NOT NULL,
    state                TEXT   NOT NULL CHECK (state IN (
        'queued', 'running', 'waiting', 'paused', 'cancelling', 'failing', 'compensating',
        'succeeded', 'failed', 'cancelled', 'compensated', 'compensation_failed')),
    workflow             TEXT   NOT NULL,
    name                 TEXT   NOT NULL,
    definition           TEXT   NOT NULL,
    params               TEXT   NOT NULL,
    cwd                  TEXT   NOT NULL,
    workspace            TEXT   NOT NULL,
    created_at           BIGINT NOT NULL,
    started_at           BIGINT,
    ended_at             BIGINT,
    deadline_at          BIGINT,
    cancel_requested     TEXT   NOT NULL,
    compensate_on_cancel BIGINT NOT NULL,
    failed_step          TEXT   NOT NULL,
    reason               TEXT   NOT NULL,
    message              TEXT   NOT NULL,
    plan                 TEXT,
    not_undone           TEXT   NOT NULL,
    outputs              TEXT
);
CREATE INDEX executions_state ON executions (state, created_at);
CREATE INDEX executions_created ON executions (created_at);

CREATE TABLE steps (
    execution_id    TEXT   NOT NULL,
    id              TEXT   NOT NULL,
    n               BIGINT NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN (
        'pending', 'skipped', 'held', 'queued', 'running', 'succeeded', 'failed', 'cancelled',
        'uncertain', 'compensating', 'compensated', 'compensation_failed')),
    task_id         TEXT   NOT NULL,
    task_ref        TEXT   NOT NULL,
    k               BIGINT NOT NULL,
    attempt         BIGINT NOT NULL,
    started         BIGINT NOT NULL,
    waits           BIGINT NOT NULL,
    ended_well      BIGINT NOT NULL,
    outputs         TEXT,
    reason          TEXT   NOT NULL,
    message         TEXT   NOT NULL,
    started_at      BIGINT,
    ended_at        BIGINT,
    end_seq         BIGINT NOT NULL,
    undo_task_id    TEXT   NOT NULL,
    undo_task_ref   TEXT   NOT NULL,
    undo_started_at BIGINT,
    undo_ended_at   BIGINT,
    PRIMARY KEY (execution_id, id)
);
