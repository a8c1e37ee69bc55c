-- name: clock.last
-- How far the clocks of which host and boot were apart, in milliseconds, as the delays take it.
SELECT host, boot_id, parted FROM clock WHERE id = 1;

-- name: clock.put
-- From now on the delays are right for this.
INSERT INTO clock (id, host, boot_id, parted) VALUES (1, :host, :boot_id, :parted)
ON CONFLICT (id) DO UPDATE SET
    host = excluded.host, boot_id = excluded.boot_id, parted = excluded.parted;
