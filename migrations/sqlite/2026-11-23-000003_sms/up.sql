-- Shared SMS budgets (GCRA): for each scope and key, the time at which the bucket is full again. Keys that identify a
-- phone number are keyed digests. `full_at` is NULL only within the transaction that inserts the row.
CREATE TABLE mfa_sms_budget (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    full_at INTEGER,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX mfa_sms_budget_full_at ON mfa_sms_budget (full_at);

-- Log of sent SMS. `number` and `prefix` are keyed digests. No foreign key: a row is kept after its user is deleted,
-- unless the user's data is erased.
CREATE TABLE mfa_sms_sends (
    id TEXT NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    number TEXT NOT NULL,
    prefix TEXT NOT NULL,
    country TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    gateway TEXT,
    message TEXT,
    arrival TEXT,
    arrival_at INTEGER,
    used_at INTEGER
);
CREATE INDEX mfa_sms_sends_prefix ON mfa_sms_sends (prefix, at);
CREATE INDEX mfa_sms_sends_country ON mfa_sms_sends (country, at);
CREATE INDEX mfa_sms_sends_at ON mfa_sms_sends (at);
CREATE INDEX mfa_sms_sends_user ON mfa_sms_sends (user_id);
-- Not unique, because providers choose the message ids.
CREATE INDEX mfa_sms_sends_message ON mfa_sms_sends (gateway, message) WHERE message IS NOT NULL;
-- Sends in progress, or interrupted by a crash.
CREATE INDEX mfa_sms_sends_sending ON mfa_sms_sends (at) WHERE state = 'sending';
