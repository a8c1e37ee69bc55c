-- name: questions.insert
-- A new question as its first event makes it.
INSERT INTO questions (
    id, ref, seq, state, task_id, run, name, what, agent, execution_id, created_at, data)
VALUES (
    :id, :ref, :seq, :state, :task_id, :run, :name, :what, :agent, :execution_id, :created_at,
    :data);

-- name: questions.update
-- The question after an event; zero rows changed means that somebody else was first.
UPDATE questions SET seq = :seq, state = :state, data = :data WHERE id = :id AND seq = :was_seq;

-- name: questions.by_id
-- One question.
SELECT id, ref, seq, state, task_id, run, name, what, agent, execution_id, created_at, data
  FROM questions WHERE id = :id;

-- name: questions.id_of_ref
-- The id behind a ref.
SELECT id FROM questions WHERE ref = :ref;

-- name: questions.of_name
-- The question that the shim of a run calls so.
SELECT id FROM questions WHERE task_id = :task AND run = :run AND name = :name AND name <> '';

-- name: questions.list
-- A page of questions, newest first.
SELECT id, ref, seq, state, task_id, run, name, what, agent, execution_id, created_at, data
  FROM questions
 WHERE (:state = '' OR state = :state) AND (:agent = '' OR agent = :agent)
   AND (:task = '' OR task_id = :task) AND (:execution = '' OR execution_id = :execution)
   AND (created_at < :before_at OR (created_at = :before_at AND id < :before_id))
 ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: questions.counts
-- How many questions are in each state.
SELECT state, COUNT(*) AS count FROM questions
 WHERE (:agent = '' OR agent = :agent) AND (:task = '' OR task_id = :task)
   AND (:execution = '' OR execution_id = :execution)
 GROUP BY state;

-- name: questions.open_of_task
-- What a task, by its id, waits for; oldest first.
SELECT id, ref, what FROM questions WHERE task_id = :task AND state = 'open'
 ORDER BY created_at, id;

-- name: questions.first_open
-- The oldest question that a task waits for.
SELECT ref, what FROM questions WHERE task_id = :task AND state = 'open'
 ORDER BY created_at, id LIMIT 1;

-- name: questions.open
-- Which tasks wait for an answer; oldest first.
SELECT task_id, ref, what, agent FROM questions WHERE state = 'open' ORDER BY created_at, id;

-- name: questions.open_of_ref
-- What a task, by its id or ref, waits for.
SELECT q.id, q.ref FROM questions AS q JOIN tasks AS t ON t.id = q.task_id
 WHERE (t.id = :task OR t.ref = :ref) AND q.state = 'open' ORDER BY q.created_at, q.id;

-- name: questions.executions_of
-- Which execution each of some questions belongs to.
SELECT id, execution_id FROM questions WHERE id IN (:ids);
