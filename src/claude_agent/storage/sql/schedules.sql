-- name: schedules.one
-- One schedule, also one that was removed.
SELECT * FROM schedules WHERE id = :id;

-- name: schedules.lock
-- One schedule's row: whoever fires or changes it holds it.
SELECT id FROM schedules WHERE id = :id /* wait */;

-- name: schedules.put
-- A new schedule; zero rows changed means that somebody else made it just now.
INSERT INTO schedules (
    id, workflow, definition, cron, tz, catchup_ms, overlap, inputs, next_at, paused,
    pause_reason, removed, seq, created_at, updated_at)
VALUES (
    :id, :workflow, :definition, :cron, :tz, :catchup_ms, :overlap, :inputs, :next_at, :paused,
    :pause_reason, :removed, :seq, :created_at, :updated_at)
ON CONFLICT (id) DO NOTHING;

-- name: schedules.update
-- The schedule after its events; zero rows changed means that somebody else was first.
UPDATE schedules
   SET definition = :definition, cron = :cron, tz = :tz, catchup_ms = :catchup_ms,
       overlap = :overlap, inputs = :inputs, next_at = :next_at, paused = :paused,
       pause_reason = :pause_reason, removed = :removed, seq = :seq, updated_at = :updated_at
 WHERE id = :id AND seq = :was_seq;

-- name: schedules.of_workflow
-- The schedules of a workflow, also those that were removed, in order.
SELECT * FROM schedules WHERE workflow = :workflow ORDER BY created_at, id;

-- name: schedules.all
-- Every schedule that a workflow has, in order.
SELECT * FROM schedules
 WHERE removed = 0 AND (:workflow = '' OR workflow = :workflow) ORDER BY workflow, id;

-- name: schedules.everything
-- Every schedule, also those that were removed.
SELECT * FROM schedules ORDER BY id;

-- name: schedules.due
-- Schedules whose time has come.
SELECT id FROM schedules WHERE paused = 0 AND removed = 0 AND next_at <= :now
 ORDER BY next_at, id LIMIT :limit;

-- name: schedules.next_due
-- When the next one comes.
SELECT MIN(next_at) AS at FROM schedules WHERE paused = 0 AND removed = 0;

-- name: schedules.take_tick
-- Take one firing; zero rows changed means that it was decided before. What was skipped may be
-- made up for by a backfill.
INSERT INTO schedule_ticks (schedule_id, tick, kind, state, at)
VALUES (:schedule, :tick, :kind, 'queued', :at)
ON CONFLICT (schedule_id, tick) DO UPDATE
   SET kind = excluded.kind, state = 'queued', reason = '', message = '', at = excluded.at
 WHERE schedule_ticks.state = 'skipped' AND excluded.kind = 'backfill';

-- name: schedules.tick_started
-- A firing started an execution.
UPDATE schedule_ticks SET state = 'started', execution_id = :execution, is_open = 1, at = :at
 WHERE schedule_id = :schedule AND tick = :tick AND state = 'queued';

-- name: schedules.tick_skipped
-- A firing starts nothing.
UPDATE schedule_ticks SET state = 'skipped', reason = :reason, message = :message, at = :at
 WHERE schedule_id = :schedule AND tick = :tick AND state = 'queued';

-- name: schedules.follow
-- The execution of a firing has ended, or goes on after all.
UPDATE schedule_ticks SET is_open = :is_open WHERE execution_id = :execution;

-- name: schedules.open_ticks
-- The firings of a schedule whose executions have not ended.
SELECT tick, execution_id FROM schedule_ticks
 WHERE schedule_id = :schedule AND is_open = 1 ORDER BY tick;

-- name: schedules.queued_ticks
-- The firings of a schedule that wait, in order.
SELECT tick, kind FROM schedule_ticks
 WHERE schedule_id = :schedule AND state = 'queued' ORDER BY tick LIMIT :limit;

-- name: schedules.startable
-- The first firing of each schedule that waits for nothing any more.
SELECT t.schedule_id, MIN(t.tick) AS tick
  FROM schedule_ticks AS t JOIN schedules AS s ON s.id = t.schedule_id
 WHERE t.state = 'queued' AND (s.paused = 0 OR s.removed = 1 OR t.kind <> 'cron')
   AND (s.removed = 1 OR s.overlap = 'allow' OR NOT EXISTS (
        SELECT 1 FROM schedule_ticks AS o WHERE o.schedule_id = t.schedule_id AND o.is_open = 1))
 GROUP BY t.schedule_id ORDER BY t.schedule_id LIMIT :limit;

-- name: schedules.tick
-- One firing.
SELECT * FROM schedule_ticks WHERE schedule_id = :schedule AND tick = :tick;

-- name: schedules.ticks_between
-- The firings of a schedule in a span of time, in order.
SELECT tick, state FROM schedule_ticks
 WHERE schedule_id = :schedule AND tick BETWEEN :first AND :last ORDER BY tick;

-- name: schedules.newest_ticks
-- The newest firings of a schedule, with the executions that they started.
SELECT t.*, e.ref, e.state AS execution_state
  FROM schedule_ticks AS t LEFT JOIN executions AS e ON e.id = t.execution_id
 WHERE t.schedule_id = :schedule ORDER BY t.tick DESC LIMIT :limit;

-- name: schedules.every_tick
-- Every firing; for rebuilding and tests.
SELECT * FROM schedule_ticks ORDER BY schedule_id, tick;

-- name: schedules.wrongly_open
-- Firings that count as open without an execution that is, and the other way round.
SELECT t.schedule_id FROM schedule_ticks AS t LEFT JOIN executions AS e ON e.id = t.execution_id
 WHERE t.is_open <> CASE WHEN e.id IS NULL OR e.state IN (
       'succeeded', 'failed', 'cancelled', 'compensated', 'compensation_failed')
       THEN 0 ELSE 1 END;
