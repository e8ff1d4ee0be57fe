DROP TABLE mfa_sms_sends;
DROP TABLE mfa_sms_budget;
