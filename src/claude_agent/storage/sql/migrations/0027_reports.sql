-- What the agent of a task's run says came of it (a projection); how often each run called a tool
-- that changes something (no projection: a bound on one run, which dies with it).
ALTER TABLE tasks ADD COLUMN report TEXT;
ALTER TABLE runs ADD COLUMN calls BIGINT NOT NULL DEFAULT 0;
