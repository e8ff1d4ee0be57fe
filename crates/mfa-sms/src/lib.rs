//! mfa-sms.
