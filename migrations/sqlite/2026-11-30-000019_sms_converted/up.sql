-- Numbers to which a code was sent and used: a low conversion rate of their neighbours does not suspend them.
CREATE INDEX mfa_sms_sends_converted ON mfa_sms_sends (number) WHERE used_at IS NOT NULL;
