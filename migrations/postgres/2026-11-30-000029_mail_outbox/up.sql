-- Mails that are not sent yet, one for each event that notifies its user, written in the commit of the event. `event_id`
-- is that of the event, in hexadecimal. `address` is the user's at that time: a later change must not redirect the mail. The
-- text is made when the mail is sent. No foreign key: `users` is NOVA's, and the sender removes the mails of deleted users.
CREATE TABLE mfa_mail_outbox (
    event_id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    address TEXT NOT NULL,
    notice TEXT NOT NULL,
    language TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    next_try_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX mfa_mail_outbox_next_try ON mfa_mail_outbox (next_try_at);
CREATE INDEX mfa_mail_outbox_user ON mfa_mail_outbox (user_id);

-- Tasks that one server at a time performs, and until when the server has the task.
CREATE TABLE mfa_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until TIMESTAMPTZ NOT NULL
);
