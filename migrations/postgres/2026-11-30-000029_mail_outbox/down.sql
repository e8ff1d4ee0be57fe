DROP TABLE mfa_leases;
DROP TABLE mfa_mail_outbox;
