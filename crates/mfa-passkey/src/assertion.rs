//! Verification of an assertion.

use crate::client_data::Ceremony;
use crate::{
    AuthenticationResponse, Challenge, Credential, MalformedResponse, PasskeyError, RejectReason,
    RelyingParty, UserHandle, library,
};

/// Position of the flags in authenticator data, after the RP ID hash (WebAuthn Level 3 §6.1).
const FLAGS: usize = 32;
const MIN_AUTHENTICATOR_DATA_BYTES: usize = 37;
const BACKUP_ELIGIBLE: u8 = 0b0000_1000;

/// Verified assertion: what the authenticator signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of authenticator data and a comparison")]
#[must_use = "the counter must be compared in the decision that grants the login"]
#[non_exhaustive]
pub struct Assertion {
    /// Signature counter. Compare it with [`counter_status`].
    pub sign_count: u32,
    /// Whether the authenticator verified the user, by PIN or biometrics (UV flag).
    pub user_verified: bool,
    /// Whether the credential can be backed up (BE flag).
    pub backup_eligible: bool,
    /// Whether the BE flag differs from the stored one. Real authenticators change it: record an event.
    pub backup_eligible_changed: bool,
    /// Whether the credential is backed up (BS flag).
    pub backed_up: bool,
}

/// Result of comparing signature counters.
///
/// Exhaustive: a counter grows or it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum CounterStatus {
    /// The counter is greater, or the authenticator has none.
    Ok,
    /// The counter is not greater and either is not zero: the credential may be cloned.
    Regressed,
}

/// Compares the signature counter with the stored one (WebAuthn Level 3 §6.1.1, §7.2 step 22).
///
/// Call it in the decision that stores the new counter: of two assertions with one counter, one regresses.
pub fn counter_status(stored: u32, new: u32) -> CounterStatus {
    if new > stored || (new == 0 && stored == 0) { CounterStatus::Ok } else { CounterStatus::Regressed }
}

/// Verifies the response to [`RequestOptions`](crate::RequestOptions) (WebAuthn Level 3 §7.2).
///
/// The RP ID is the one stored with the credential. User presence is required; user verification is reported. A changed
/// backup-eligible flag is reported, or rejected with
/// [`strict_backup_flag`](crate::RelyingPartyConfig::strict_backup_flag). The counter is not judged.
///
/// The result is pure: the same response verifies again.
///
/// # Errors
///
/// [`PasskeyError::Malformed`] if the response cannot be decoded, [`PasskeyError::Rejected`] if it does not verify.
pub fn verify_assertion(
    rp: &RelyingParty,
    challenge: &Challenge,
    credential: &Credential,
    user: &UserHandle,
    response: &AuthenticationResponse,
) -> Result<Assertion, PasskeyError> {
    if response.authenticator_data.len() < MIN_AUTHENTICATOR_DATA_BYTES {
        return Err(MalformedResponse("authenticatorData is too short").into());
    }
    let flags = response.authenticator_data.get(FLAGS).copied().unwrap_or_default();
    if response.credential_id != credential.id {
        return Err(RejectReason::CredentialId.into());
    }
    if response.user_handle.as_ref().is_some_and(|it| !user.matches(it)) {
        return Err(RejectReason::UserHandle.into());
    }
    response.client_data.check(Ceremony::Get, rp, challenge)?;

    // The library rejects a flag that differs from the stored one, so it is given the new one.
    let backup_eligible = flags & BACKUP_ELIGIBLE != 0;
    let verified = library::authenticate(rp, challenge, credential, backup_eligible, response)?;
    let backup_eligible_changed = backup_eligible != credential.backup_eligible;
    if backup_eligible_changed && rp.strict_backup_flag() {
        return Err(RejectReason::BackupEligibilityChanged.into());
    }
    Ok(Assertion {
        sign_count: verified.counter(),
        user_verified: verified.user_verified(),
        backup_eligible,
        backup_eligible_changed,
        backed_up: verified.backup_state(),
    })
}
