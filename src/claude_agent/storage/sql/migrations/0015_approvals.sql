-- Approvals: a projection of their streams. `data` holds what no query asks for.
CREATE TABLE approvals (
    id           TEXT   PRIMARY KEY,
    ref          TEXT   NOT NULL UNIQUE,
    seq          BIGINT NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN (
        'requested', 'approved', 'used', 'rejected', 'expired', 'voided')),
    task_id      TEXT   NOT NULL,
    execution_id TEXT   NOT NULL,
    step_id      TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    due_at       BIGINT,
    created_at   BIGINT NOT NULL,
    data         TEXT   NOT NULL
);
CREATE INDEX approvals_state ON approvals (state, created_at);
CREATE INDEX approvals_due ON approvals (due_at) WHERE state = 'requested';
CREATE INDEX approvals_execution ON approvals (execution_id) WHERE execution_id <> '';
ALTER TABLE tasks ADD COLUMN approval TEXT NOT NULL DEFAULT '';
-- A run's own token, as a hash: who shows it speaks for the agent of that run.
ALTER TABLE runs ADD COLUMN token TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_token ON runs (token) WHERE token <> '';
-- Tokens of people, as hashes.
CREATE TABLE tokens (
    hash       TEXT   PRIMARY KEY,
    name       TEXT   NOT NULL,
    role       TEXT   NOT NULL CHECK (role IN ('viewer', 'operator', 'approver')),
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX tokens_name ON tokens (name) WHERE revoked_at IS NULL;
