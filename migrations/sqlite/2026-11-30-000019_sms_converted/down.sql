DROP INDEX mfa_sms_sends_converted;
