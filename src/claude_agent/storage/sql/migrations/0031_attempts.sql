-- How each attempt of a task ended, on what evidence, and what it used; folded from the log.
CREATE TABLE attempts (
    task_id      TEXT   NOT NULL,
    run          BIGINT NOT NULL,
    attempt      BIGINT NOT NULL,
    generation   BIGINT NOT NULL,
    execution_id TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    adapter      TEXT   NOT NULL,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    outcome      TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    message      TEXT   NOT NULL,
    evidence     TEXT   NOT NULL,
    judged       BIGINT NOT NULL,
    told         BIGINT NOT NULL,
    conversation TEXT   NOT NULL,
    input        BIGINT NOT NULL,
    output       BIGINT NOT NULL,
    cache_read   BIGINT NOT NULL,
    cache_write  BIGINT NOT NULL,
    cost_nano    BIGINT,
    late_at      BIGINT,
    late         TEXT   NOT NULL,
    PRIMARY KEY (task_id, run)
);
CREATE INDEX attempts_execution ON attempts (execution_id) WHERE execution_id <> '';
CREATE INDEX attempts_unjudged ON attempts (ended_at) WHERE judged = 0 AND late_at IS NULL;
