-- name: state.one
-- The newest value of a key.
SELECT key, value, version, updated_at, updated_by, expires_at FROM state WHERE key = :key;

-- name: state.lock
-- The row of a key, for whoever is about to change it.
SELECT key FROM state WHERE key = :key;

-- name: state.insert
-- The first value of a key, or the first after it was deleted.
INSERT INTO state (key, value, version, updated_at, updated_by, expires_at)
VALUES (:key, :value, :version, :at, :by, :expires_at);

-- name: state.update
-- A new value; zero rows changed means that somebody else was first.
UPDATE state SET value = :value, version = :version, updated_at = :at, updated_by = :by,
                 expires_at = :expires_at
 WHERE key = :key AND version = :was;

-- name: state.delete
-- Forget a key; zero rows changed means that somebody else was first.
DELETE FROM state WHERE key = :key AND version = :was;

-- name: state.page
-- Keys after a key, in order; which of them are meant is decided outside.
SELECT key, value, version, updated_at, updated_by, expires_at FROM state
 WHERE key > :after ORDER BY key LIMIT :limit;

-- name: state.expired
-- Keys whose time is over.
SELECT key FROM state WHERE expires_at IS NOT NULL AND expires_at <= :now
 ORDER BY expires_at, key LIMIT :limit;

-- name: state.expiring
-- Keys that have a time at all: a jump of the wall clock moves them.
SELECT key FROM state WHERE expires_at IS NOT NULL ORDER BY key;

-- name: state.next_due
-- When the next key expires.
SELECT MIN(expires_at) AS at FROM state;

-- name: state.take_snapshot
-- Copy every key that has not expired under a snapshot's id.
INSERT INTO state_snapshot_entries (snapshot_id, key, value, version, expires_at)
SELECT :id, key, value, version, expires_at FROM state
 WHERE expires_at IS NULL OR expires_at > :at;

-- name: state.put_snapshot
-- Make a snapshot known.
INSERT INTO state_snapshots (id, name, keys, created_at, created_by)
VALUES (:id, :name, :keys, :at, :by);

-- name: state.stamp_snapshot
-- Write where in the log a snapshot was taken.
UPDATE state_snapshots SET pos = :pos WHERE id = :id;

-- name: state.snapshot
-- One snapshot by its id.
SELECT id, name, pos, keys, created_at, created_by FROM state_snapshots WHERE id = :id;

-- name: state.snapshot_named
-- The newest snapshot of a name.
SELECT id, name, pos, keys, created_at, created_by FROM state_snapshots WHERE name = :name
 ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: state.snapshots
-- The newest snapshots.
SELECT id, name, pos, keys, created_at, created_by FROM state_snapshots
 ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: state.snapshot_entries
-- What a snapshot holds, in the order of the keys.
SELECT key, value, version, expires_at FROM state_snapshot_entries
 WHERE snapshot_id = :id ORDER BY key;

-- name: state.keys
-- Every key with its version and value, in order.
SELECT key, value, version, expires_at FROM state ORDER BY key;

-- name: state.subscription
-- How far a named subscription has been served.
SELECT pos FROM subscriptions WHERE name = :name;

-- name: state.subscribed
-- A named subscription was served up to a position.
INSERT INTO subscriptions (name, pos, at) VALUES (:name, :pos, :at)
ON CONFLICT (name) DO UPDATE SET pos = excluded.pos, at = excluded.at
 WHERE subscriptions.pos < excluded.pos;
