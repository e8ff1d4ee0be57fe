//! Verification of a registration.

use serde::Deserialize;
use webauthn_rs_core::internals::AuthenticatorData;
use webauthn_rs_core::proto::{AttestedCredentialData, Registration};

use crate::client_data::Ceremony;
use crate::cose::is_consistent;
use crate::{
    Aaguid, Challenge, CosePublicKey, Credential, CredentialId, MalformedResponse, PasskeyError,
    RegistrationResponse, RejectReason, RelyingParty, library,
};

/// Verified registration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a registration counts only once it is stored"]
#[non_exhaustive]
pub struct Registered {
    /// Static data of the credential.
    pub credential: Credential,
    /// Signature counter; 0 if the authenticator has none.
    pub sign_count: u32,
    /// Whether the credential is backed up (BS flag).
    pub backed_up: bool,
    /// Whether the authenticator verified the user, by PIN or biometrics (UV flag).
    pub user_verified: bool,
    /// Whether the browser says that the credential can be used without its ID (`credProps.rk`). Not signed.
    pub discoverable: Option<bool>,
}

/// The member of an attestation object that is used (WebAuthn Level 3 §6.5.4).
#[derive(Deserialize)]
struct AttestationObject<'a> {
    #[serde(rename = "authData", borrow)]
    authenticator_data: &'a [u8],
}

/// Verifies the response to [`CreationOptions`](crate::CreationOptions) (WebAuthn Level 3 §7.1).
///
/// The attestation statement is dropped, as a browser does for the conveyance `none` (§5.1.3): a client could always
/// send `none`, so a statement that nobody asked for proves nothing. Therefore a registration has no signature; the
/// caller's token and the challenge protect it. The caller checks that the credential ID is new.
///
/// # Errors
///
/// [`PasskeyError::Malformed`] if the response cannot be decoded, [`PasskeyError::Rejected`] if it does not verify.
pub fn verify_registration(
    rp: &RelyingParty,
    challenge: &Challenge,
    response: RegistrationResponse,
) -> Result<Registered, PasskeyError> {
    let object: AttestationObject<'_> = serde_cbor_2::from_slice(&response.attestation_object)
        .map_err(|_| MalformedResponse("attestationObject is not CBOR with authData"))?;
    let data = AuthenticatorData::<Registration>::try_from(object.authenticator_data)
        .map_err(|_| MalformedResponse("authData is not authenticator data"))?;
    let attested = data.acd.as_ref().ok_or(MalformedResponse("authData has no attested credential data"))?;
    check_id(attested, &response.credential_id)?;
    response.client_data.check(Ceremony::Create, rp, challenge)?;

    let plain = library::without_attestation(object.authenticator_data).ok_or(RejectReason::Other)?;
    let verified = library::register(rp, challenge, &response, plain)?;
    if !is_consistent(&verified.cred) {
        return Err(RejectReason::Algorithm.into());
    }
    let public_key = CosePublicKey::from_library(&verified.cred).ok_or(RejectReason::Algorithm)?;
    let credential = Credential {
        id: response.credential_id,
        public_key,
        rp_id: rp.id().to_owned(),
        backup_eligible: verified.backup_eligible,
        transports: response.transports,
        aaguid: Aaguid::from_bytes(attested.aaguid),
    };
    Ok(Registered {
        credential,
        sign_count: verified.counter,
        backed_up: verified.backup_state,
        user_verified: verified.user_verified,
        discoverable: response.discoverable,
    })
}

/// Checks that the ID in the authenticator data is the one of the response.
fn check_id(attested: &AttestedCredentialData, id: &CredentialId) -> Result<(), MalformedResponse> {
    if attested.credential_id == id.bytes() {
        Ok(())
    } else {
        Err(MalformedResponse("id differs from the credential ID in authData"))
    }
}
