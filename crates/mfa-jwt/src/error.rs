//! Errors of keys, configuration and tokens. None contains a key or a token.

use mfa_core::EntropyError;

/// Error for a presented token.
///
/// Only two cases, so that a caller cannot learn which check failed.
///
/// Exhaustive, so that both are mapped to an HTTP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token is not genuine, not complete or not acceptable.
    #[error("the token is not valid")]
    Invalid,
    /// The token is valid except that it has expired.
    #[error("the token has expired")]
    Expired,
}

/// Error of issuing a token.
///
/// Exhaustive, so that each case is mapped to an HTTP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// There was no randomness for the token's ID.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// No event recorded the token: the verification was one that grants none.
    #[error("the verification grants no access token")]
    Unrecorded,
    /// The cryptographic library failed to sign.
    #[error("the token could not be signed")]
    Signing,
    /// The token would exceed the maximum length of a token: the user's e-mail address, the issuer or the audience is
    /// too long.
    #[error("the token would be longer than 4 KiB")]
    TooLong,
}

/// Error for a rejected key. The message is for the operator and never contains the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret has fewer than 32 bytes (RFC 7518 §3.2).
    #[error("the secret key is shorter than 32 bytes")]
    TooShort,
    /// The secret is a placeholder.
    #[error("the secret key is a placeholder; make one with `openssl rand -base64 32`")]
    Placeholder,
    /// The secret is repetitive, uses too few characters or resembles words.
    #[error("the secret key can be guessed; make one with `openssl rand -base64 32`")]
    Guessable,
    /// The text is not a private key of a supported kind.
    #[error("it is neither an Ed25519 nor a P-256 private key in PKCS#8")]
    NotPrivate,
    /// The cryptographic library rejected the key.
    #[error("the cryptographic library rejected the key")]
    Unusable,
}

/// Error in the configuration of a [`TokenService`](crate::TokenService).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The issuer or the audience is empty.
    #[error("the issuer and the audience of tokens must not be empty")]
    Empty,
    /// The issuer equals the audience, so `aud` would not distinguish pending tokens from access tokens.
    #[error("the audience of tokens must differ from their issuer")]
    SameAudience,
}
