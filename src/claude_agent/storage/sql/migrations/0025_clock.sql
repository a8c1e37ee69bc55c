-- How far wall time and the host's monotonic time were apart when pending delays were last right:
-- by it a server sees a jump of the wall clock that happened while none was up.
CREATE TABLE clock (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    host    TEXT   NOT NULL,
    boot_id TEXT   NOT NULL,
    parted  BIGINT NOT NULL
);
