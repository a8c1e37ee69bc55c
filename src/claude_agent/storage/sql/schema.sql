-- name: schema.applied
-- The numbers of the migrations that have run.
SELECT number FROM migrations ORDER BY number;
