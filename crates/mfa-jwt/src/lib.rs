//! mfa-jwt.
