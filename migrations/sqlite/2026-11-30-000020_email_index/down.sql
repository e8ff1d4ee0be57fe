DROP INDEX mfa_users_email_lower;
