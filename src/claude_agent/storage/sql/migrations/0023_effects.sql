-- When the end came of what a step last did, in whichever generation: the order of undoing.
ALTER TABLE steps ADD COLUMN effect_seq BIGINT NOT NULL DEFAULT 0;
UPDATE steps SET effect_seq = end_seq WHERE started = 1 OR ended_well = 1 OR in_force = 1;
