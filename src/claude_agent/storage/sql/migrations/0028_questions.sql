-- Questions of agents at work: a projection of their streams. `data` holds what no query asks for.
CREATE TABLE questions (
    id           TEXT   PRIMARY KEY,
    ref          TEXT   NOT NULL UNIQUE,
    seq          BIGINT NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('open', 'answered', 'gone')),
    task_id      TEXT   NOT NULL,
    run          BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    what         TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    execution_id TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    data         TEXT   NOT NULL
);
CREATE INDEX questions_state ON questions (state, created_at);
CREATE INDEX questions_open ON questions (task_id) WHERE state = 'open';
CREATE UNIQUE INDEX questions_name ON questions (task_id, run, name) WHERE name <> '';
