//! mfa-totp.
