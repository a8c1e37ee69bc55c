-- Where a task stands that a person has taken over: an object, empty where nobody did.
ALTER TABLE tasks ADD COLUMN takeover TEXT NOT NULL DEFAULT '{}';
