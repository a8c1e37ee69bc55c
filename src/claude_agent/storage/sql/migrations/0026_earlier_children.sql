-- The sub-workflows of earlier generations whose effects stand, oldest first, with spaces between;
-- and which sub-workflow of the step goes back.
ALTER TABLE steps ADD COLUMN earlier_children TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN undo_child TEXT NOT NULL DEFAULT '';
-- All undoing together has had its time.
ALTER TABLE executions ADD COLUMN undo_overdue INTEGER NOT NULL DEFAULT 0;
