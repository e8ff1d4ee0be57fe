//! mfa-flows.
