-- Second chances: where an execution comes from, and what a generation was told.
ALTER TABLE executions ADD COLUMN forked_from TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN chosen TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN feedback TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN undo_skipped BIGINT NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN tried BIGINT NOT NULL DEFAULT 0;
