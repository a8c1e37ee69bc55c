-- name: webhooks.of_workflow
-- The webhooks of a workflow, in order.
SELECT n, path, secret, definition FROM webhooks WHERE workflow = :workflow ORDER BY n;

-- name: webhooks.drop
-- A newer version of a workflow replaces its webhooks.
DELETE FROM webhooks WHERE workflow = :workflow;

-- name: webhooks.put
-- One webhook of a workflow's newest version.
INSERT INTO webhooks (workflow, n, path, secret, definition)
VALUES (:workflow, :n, :path, :secret, :definition);

-- name: webhooks.at
-- The webhooks behind an address.
SELECT workflow, n, secret, definition FROM webhooks WHERE path = :path ORDER BY workflow, n;

-- name: webhooks.all
-- Every webhook, or those of one workflow.
SELECT workflow, n, path, secret, definition FROM webhooks
 WHERE (:workflow = '' OR workflow = :workflow) ORDER BY workflow, n;

-- name: webhooks.last_delivery
-- The newest delivery at an address.
SELECT at, answer FROM webhook_deliveries WHERE path = :path
 ORDER BY at DESC, message_id LIMIT 1;

-- name: webhooks.started
-- Executions that deliveries have started.
SELECT id AS execution_id, ref, state AS execution_state, workflow, started_by
  FROM executions WHERE id IN (:ids) ORDER BY id;

-- name: webhooks.delivery
-- What was answered to a delivery.
SELECT status, answer FROM webhook_deliveries WHERE path = :path AND message_id = :message;

-- name: webhooks.delivered
-- Keep what is answered to a delivery. Raises `Duplicate` where another process was first.
INSERT INTO webhook_deliveries (path, message_id, status, answer, at)
VALUES (:path, :message, :status, :answer, :at);

-- name: webhooks.forget
-- Deliveries of long ago.
DELETE FROM webhook_deliveries WHERE at < :before;
