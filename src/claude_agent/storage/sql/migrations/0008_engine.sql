-- Steps with many instances, timers of steps, generations; which write made an execution's row.
ALTER TABLE executions ADD COLUMN mark TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN item TEXT;
ALTER TABLE steps ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE steps ADD COLUMN due_at BIGINT;
CREATE INDEX steps_due ON steps (due_at) WHERE due_at IS NOT NULL;
