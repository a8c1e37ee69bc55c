-- How many instances a step became; an effect of an earlier generation that still stands.
ALTER TABLE steps ADD COLUMN instances BIGINT;
ALTER TABLE steps ADD COLUMN in_force BIGINT NOT NULL DEFAULT 0;
