-- Budgets that users share: for each scope and key, when its bucket will be full again. Keys that would name a number
-- are keyed digests. `full_at` is NULL only inside the transaction that makes the row.
CREATE TABLE mfa_sms_budget (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    full_at INTEGER,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX mfa_sms_budget_full_at ON mfa_sms_budget (full_at);

-- The record of sends; number and prefix are keyed digests. No foreign key: a send outlives its user, unless the user is
-- erased.
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
-- Not unique: what a provider calls a message is the provider's affair.
CREATE INDEX mfa_sms_sends_message ON mfa_sms_sends (gateway, message) WHERE message IS NOT NULL;
-- What a process left behind, or is at now.
CREATE INDEX mfa_sms_sends_sending ON mfa_sms_sends (at) WHERE state = 'sending';
