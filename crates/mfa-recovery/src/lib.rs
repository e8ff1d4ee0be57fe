//! mfa-recovery.
