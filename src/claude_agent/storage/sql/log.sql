-- name: log.head
-- The counter row: epoch, last position and head of the hash chain.
SELECT epoch, pos, hash FROM log_head WHERE id = 1;

-- name: log.start
-- Make the counter row of a new log.
INSERT INTO log_head (id, epoch, pos, hash) VALUES (1, :epoch, 0, :hash);

-- name: log.take
-- Take the next positions; the last lock of every transaction that appends.
UPDATE log_head SET pos = pos + :count WHERE id = 1 RETURNING pos, hash;

-- name: log.seal
-- Write the new head of the chain.
UPDATE log_head SET hash = :hash WHERE id = 1;

-- name: log.insert
-- Append one event at its position.
INSERT INTO events
    (pos, stream, seq, type, v, at, actor, trace, causation, data, data_hash, hash)
VALUES
    (:pos, :stream, :seq, :type, :v, :at, :actor, :trace, :causation, :data, :data_hash, :hash);

-- name: log.after
-- Events after a position, in order.
SELECT pos, stream, seq, type, v, at, actor, trace, causation, data, data_hash, hash
  FROM events WHERE pos > :after ORDER BY pos LIMIT :limit;

-- name: log.of_stream
-- The events of one stream after a number, in order.
SELECT pos, stream, seq, type, v, at, actor, trace, causation, data, data_hash, hash
  FROM events WHERE stream = :stream AND seq > :after ORDER BY seq LIMIT :limit;

-- name: log.of_type
-- Every event of some types, in order.
SELECT pos, stream, seq, type, v, at, actor, trace, causation, data, data_hash, hash
  FROM events WHERE type IN (:types) AND pos > :after ORDER BY pos LIMIT :limit;

-- name: log.last_of_stream
-- The number of the last event of a stream.
SELECT MAX(seq) AS seq FROM events WHERE stream = :stream;

-- name: log.last
-- The last event's place in the chain.
SELECT pos, hash FROM events ORDER BY pos DESC LIMIT 1;
