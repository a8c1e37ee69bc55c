-- Why an event started nothing, and the newest firing of each trigger.
ALTER TABLE event_starts ADD COLUMN message TEXT NOT NULL DEFAULT '';
CREATE INDEX event_starts_trigger ON event_starts (workflow, n, at);
CREATE INDEX webhook_deliveries_path ON webhook_deliveries (path, at);
