//! The only file that calls the ceremonies of `webauthn-rs-core`.
//!
//! The library draws its own challenge and hides its states. They have a serde form, from which states with our
//! challenge are made here. `tests/w3c_vectors.rs` fails if a new version changes that form.

use serde::de::DeserializeOwned;
use serde_cbor_2::Value;
use serde_json::json;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, AttestationMetadata, AuthenticationExtensionsClientOutputs, AuthenticationResult,
    AuthenticatorAssertionResponseRaw, AuthenticatorAttestationResponseRaw, Credential as LibraryCredential,
    ParsedAttestation, ParsedAttestationData, PublicKeyCredential, RegisterPublicKeyCredential,
    RegisteredExtensions, RegistrationExtensionsClientOutputs, UserVerificationPolicy,
};

use crate::cose::LIBRARY_ALGORITHMS;
use crate::{
    AuthenticationResponse, CHALLENGE_LIFETIME, Challenge, Credential, RegistrationResponse, RejectReason,
    RelyingParty,
};

const PUBLIC_KEY: &str = "public-key";

/// Verifies a registration (WebAuthn Level 3 §7.1). `attestation_object` replaces the one of the response.
pub(crate) fn register(
    rp: &RelyingParty,
    challenge: &Challenge,
    response: &RegistrationResponse,
    attestation_object: Vec<u8>,
) -> Result<LibraryCredential, RejectReason> {
    let state = state(json!({
        "policy": UserVerificationPolicy::Preferred,
        "exclude_credentials": [],
        "challenge": challenge.to_base64url(),
        "credential_algorithms": LIBRARY_ALGORITHMS,
        "require_resident_key": false,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))?;
    let credential = RegisterPublicKeyCredential {
        id: response.credential_id.to_string(),
        raw_id: response.credential_id.bytes().to_vec(),
        response: AuthenticatorAttestationResponseRaw {
            attestation_object,
            client_data_json: response.client_data.bytes().to_vec(),
            transports: None,
        },
        type_: PUBLIC_KEY.to_owned(),
        extensions: RegistrationExtensionsClientOutputs::default(),
    };
    core(rp, rp.id()).register_credential(&credential, &state, None).map_err(|error| reason(&error))
}

/// Verifies an assertion (WebAuthn Level 3 §7.2) with the RP ID of the credential.
///
/// The library's own rules for counter, user verification and backup eligibility are made not to apply: the caller
/// decides on these.
pub(crate) fn authenticate(
    rp: &RelyingParty,
    challenge: &Challenge,
    credential: &Credential,
    backup_eligible: bool,
    response: &AuthenticationResponse,
) -> Result<AuthenticationResult, RejectReason> {
    let state = state(json!({
        "credentials": [],
        "policy": UserVerificationPolicy::Preferred,
        "challenge": challenge.to_base64url(),
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))?;
    let stored = LibraryCredential {
        cred_id: credential.id.bytes().to_vec(),
        cred: credential.public_key.to_library().ok_or(RejectReason::Algorithm)?,
        counter: 0,
        transports: None,
        user_verified: false,
        backup_eligible,
        backup_state: false,
        registration_policy: UserVerificationPolicy::Preferred,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation {
            data: ParsedAttestationData::None,
            metadata: AttestationMetadata::None,
        },
        attestation_format: AttestationFormat::None,
    };
    let assertion = PublicKeyCredential {
        id: response.credential_id.to_string(),
        raw_id: response.credential_id.bytes().to_vec(),
        response: AuthenticatorAssertionResponseRaw {
            authenticator_data: response.authenticator_data.clone(),
            client_data_json: response.client_data.bytes().to_vec(),
            signature: response.signature.clone(),
            user_handle: None,
        },
        extensions: AuthenticationExtensionsClientOutputs::default(),
        type_: PUBLIC_KEY.to_owned(),
    };
    core(rp, &credential.rp_id)
        .authenticate_single_credential(&assertion, &state, &stored)
        .map_err(|error| reason(&error))
}

/// Returns an attestation object with this authenticator data and the format `none` (§8.7).
pub(crate) fn without_attestation(authenticator_data: &[u8]) -> Option<Vec<u8>> {
    let text = |it: &str| Value::Text(it.to_owned());
    let members = [
        (text("fmt"), text("none")),
        (text("attStmt"), Value::Map([].into())),
        (text("authData"), Value::Bytes(authenticator_data.to_vec())),
    ];
    serde_cbor_2::to_vec(&Value::Map(members.into())).ok()
}

fn core(rp: &RelyingParty, rp_id: &str) -> WebauthnCore {
    WebauthnCore::new_unsafe_experts_only(
        rp.name(),
        rp_id,
        rp.origin_urls().to_vec(),
        CHALLENGE_LIFETIME,
        Some(false),
        // The origin was compared before, with its port.
        Some(rp.allows_any_port()),
    )
}

fn state<T: DeserializeOwned>(json: serde_json::Value) -> Result<T, RejectReason> {
    serde_json::from_value(json).map_err(|_| RejectReason::Other)
}

fn reason(error: &WebauthnError) -> RejectReason {
    match error {
        WebauthnError::InvalidClientDataType => RejectReason::ClientDataType,
        WebauthnError::MismatchedChallenge => RejectReason::Challenge,
        WebauthnError::InvalidRPOrigin => RejectReason::Origin,
        WebauthnError::CredentialCrossOrigin => RejectReason::CrossOrigin,
        WebauthnError::InvalidRPIDHash => RejectReason::RpId,
        WebauthnError::UserNotPresent => RejectReason::UserNotPresent,
        WebauthnError::CredentialNotFound => RejectReason::CredentialId,
        // The library's name for a credential that is backed up but not eligible for backup.
        WebauthnError::CredentialMayNotBeHardwareBound => RejectReason::BackupFlags,
        WebauthnError::AuthenticationFailure | WebauthnError::SignatureInvalid => RejectReason::Signature,
        WebauthnError::CredentialAlteredAlgFromRequest
        | WebauthnError::COSEKeyInvalidCBORValue
        | WebauthnError::COSEKeyInvalidType
        | WebauthnError::COSEKeyInvalidAlgorithm
        | WebauthnError::COSEKeyECDSAXYInvalid
        | WebauthnError::COSEKeyECDSAInvalidCurve
        | WebauthnError::COSEKeyEDDSAXInvalid
        | WebauthnError::COSEKeyEDDSAInvalidCurve
        | WebauthnError::COSEKeyRSANEInvalid
        | WebauthnError::SshPublicKeyEDUnsupported
        | WebauthnError::EcdsaPointInvalid
        | WebauthnError::RsaParametersInvalid => RejectReason::Algorithm,
        _ => RejectReason::Other,
    }
}
