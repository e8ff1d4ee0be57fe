//! Errors of responses: malformed, or not verified.

/// Error for a response that is not well-formed: the client's error, no attempt at a login.
///
/// The text names the member and contains nothing of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed credential: {0}")]
pub struct MalformedResponse(pub(crate) &'static str);

/// Reason why a well-formed response was rejected. For logs only: all callers receive one response.
///
/// The sections are those of WebAuthn Level 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The response is for another challenge.
    #[error("the challenge does not match")]
    Challenge,
    /// The client data is of the other ceremony (`webauthn.create` or `webauthn.get`).
    #[error("the client data has the wrong type")]
    ClientDataType,
    /// The page that called WebAuthn has an origin that is not allowed (§13.4.9).
    #[error("the origin is not allowed")]
    Origin,
    /// The page that called WebAuthn was in a frame of another origin.
    #[error("the ceremony ran in a cross-origin frame")]
    CrossOrigin,
    /// The credential is scoped to another RP ID.
    #[error("the RP ID hash does not match")]
    RpId,
    /// The authenticator did not test that a user was present.
    #[error("the user-present flag is not set")]
    UserNotPresent,
    /// The key is of an algorithm or a size that was not offered.
    #[error("the public key algorithm is not supported")]
    Algorithm,
    /// The credential is backed up although it is not eligible for that (§6.1.3).
    #[error("the backup flags contradict each other")]
    BackupFlags,
    /// The backup-eligible flag differs from the one at registration, and the setting is strict.
    #[error("the backup-eligible flag changed")]
    BackupEligibilityChanged,
    /// The response is for another credential.
    #[error("the credential ID does not match")]
    CredentialId,
    /// The user handle is that of another account.
    #[error("the user handle does not match")]
    UserHandle,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// Any other check of the WebAuthn library failed.
    #[error("the WebAuthn library rejected the response")]
    Other,
}

/// Error of verifying a response.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// The response is not well-formed.
    #[error(transparent)]
    Malformed(#[from] MalformedResponse),
    /// The response does not verify.
    #[error("rejected: {0}")]
    Rejected(RejectReason),
}

impl From<RejectReason> for PasskeyError {
    fn from(reason: RejectReason) -> Self {
        Self::Rejected(reason)
    }
}
