//! What can go wrong with keys, settings and tokens. None of these says what a key or a token held.

use mfa_core::EntropyError;

/// A presented token is refused.
///
/// Two reasons and no more: whoever tries tokens learns nothing of which check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not genuine, not whole, or not right.
    #[error("the token is not valid")]
    Invalid,
    /// It is right in everything and its time is over.
    #[error("the token has expired")]
    Expired,
}

/// No token could be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// There was no randomness for its id.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The cryptographic library did not sign.
    #[error("the token could not be signed")]
    Signing,
    /// It would be longer than what is read back: the user's e-mail address, the issuer or the audience is too long.
    #[error("the token would be longer than 4 KiB")]
    TooLong,
}

/// A key is refused. The message is for the operator and never shows the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has fewer than 32 bytes (RFC 7518 §3.2).
    #[error("the secret key is shorter than 32 bytes")]
    TooShort,
    /// It is a text that stands where a key should be written.
    #[error("the secret key is a placeholder; make one with `openssl rand -base64 32`")]
    Placeholder,
    /// It repeats itself, uses too few characters or reads like words.
    #[error("the secret key can be guessed; make one with `openssl rand -base64 32`")]
    Guessable,
    /// It is no private key, or one of a kind that no algorithm here takes.
    #[error("it is neither an Ed25519 nor a P-256 private key in PKCS#8")]
    NotPrivate,
    /// The cryptographic library did not take it.
    #[error("the cryptographic library refused the key")]
    Unusable,
}

/// The settings of a [`TokenService`](crate::TokenService) are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Issuer or audience is empty.
    #[error("the issuer and the audience of tokens must not be empty")]
    Empty,
    /// Both are the same, so that `aud` would no longer tell pending tokens from access tokens.
    #[error("the audience of tokens must differ from their issuer")]
    SameAudience,
}
