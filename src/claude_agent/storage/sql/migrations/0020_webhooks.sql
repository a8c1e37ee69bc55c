-- Webhooks that start workflows, and what was answered to each delivery.
CREATE TABLE webhooks (
    workflow   TEXT   NOT NULL,
    n          BIGINT NOT NULL,
    path       TEXT   NOT NULL,
    secret     TEXT   NOT NULL,
    definition TEXT   NOT NULL,
    PRIMARY KEY (workflow, n)
);
CREATE INDEX webhooks_path ON webhooks (path);

-- Its primary key is what lets a delivery start something once.
CREATE TABLE webhook_deliveries (
    path       TEXT   NOT NULL,
    message_id TEXT   NOT NULL,
    status     BIGINT NOT NULL,
    answer     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (path, message_id)
);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (at);
