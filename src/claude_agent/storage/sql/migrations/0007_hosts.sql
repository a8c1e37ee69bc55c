-- Several hosts on one database: whose home is where, and which worker processes are lost.
CREATE TABLE hosts (
    id      TEXT   PRIMARY KEY,
    mark    TEXT   NOT NULL,
    home    TEXT   NOT NULL,
    boot_id TEXT   NOT NULL,
    seen_at BIGINT NOT NULL,
    lost_at BIGINT NOT NULL DEFAULT 0,
    lost_by TEXT   NOT NULL DEFAULT ''
);
ALTER TABLE workers ADD COLUMN role TEXT NOT NULL DEFAULT 'server';
ALTER TABLE workers ADD COLUMN queues TEXT NOT NULL DEFAULT '';
ALTER TABLE workers ADD COLUMN lost_at BIGINT NOT NULL DEFAULT 0;
