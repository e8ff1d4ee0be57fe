//! Options for the browser's WebAuthn calls, in their JSON form.

use serde::Serialize;

use crate::{
    CHALLENGE_LIFETIME, Challenge, Credential, CredentialId, RelyingParty, SUPPORTED_ALGORITHMS, UserHandle,
};

const TIMEOUT_MILLISECONDS: u64 = CHALLENGE_LIFETIME.as_secs().saturating_mul(1000);

const PUBLIC_KEY: &str = "public-key";
const PREFERRED: &str = "preferred";

/// Account that a passkey is registered for.
#[derive(Clone, Copy, Debug)]
pub struct UserEntity<'a> {
    /// User handle.
    pub handle: &'a UserHandle,
    /// Account name that the authenticator shows, such as an e-mail address.
    pub name: &'a str,
    /// Name of the person.
    pub display_name: &'a str,
}

/// `PublicKeyCredentialCreationOptionsJSON` (WebAuthn Level 3 §5.1.9), for
/// `PublicKeyCredential.parseCreationOptionsFromJSON()`.
///
/// Resident key and user verification are preferred, attestation is `none`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    rp: RpEntity,
    user: UserEntityJson,
    challenge: String,
    pub_key_cred_params: Vec<CredentialParameters>,
    timeout: u64,
    exclude_credentials: Vec<Descriptor>,
    authenticator_selection: Selection,
    attestation: &'static str,
    extensions: Extensions,
}

/// `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3 §5.1.10), for
/// `PublicKeyCredential.parseRequestOptionsFromJSON()`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    challenge: String,
    timeout: u64,
    rp_id: String,
    allow_credentials: Vec<Descriptor>,
    user_verification: &'static str,
}

/// Error for a user without a credential of the current RP ID.
///
/// An empty list would ask the browser for any credential of any user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user has no passkey for the current RP ID")]
pub struct NoUsableCredential;

impl CreationOptions {
    /// Creates the options for a registration. Authenticators that hold one of the existing credentials refuse.
    pub fn new<'a>(
        rp: &RelyingParty,
        user: UserEntity<'_>,
        challenge: &Challenge,
        existing: impl IntoIterator<Item = &'a Credential>,
    ) -> Self {
        Self {
            rp: RpEntity { id: rp.id().to_owned(), name: rp.name().to_owned() },
            user: UserEntityJson {
                id: *user.handle,
                name: user.name.to_owned(),
                display_name: user.display_name.to_owned(),
            },
            challenge: challenge.to_base64url(),
            pub_key_cred_params: SUPPORTED_ALGORITHMS
                .iter()
                .map(|alg| CredentialParameters { kind: PUBLIC_KEY, alg: *alg })
                .collect(),
            timeout: TIMEOUT_MILLISECONDS,
            exclude_credentials: existing.into_iter().map(Descriptor::new).collect(),
            authenticator_selection: Selection {
                resident_key: PREFERRED,
                require_resident_key: false,
                user_verification: PREFERRED,
            },
            attestation: "none",
            extensions: Extensions { cred_props: true },
        }
    }
}

impl RequestOptions {
    /// Creates the options for an assertion with one of the user's credentials.
    ///
    /// Credentials of another RP ID are left out: no authenticator would find them.
    ///
    /// # Errors
    ///
    /// [`NoUsableCredential`] if no credential is left: the user cannot verify a passkey.
    pub fn new<'a>(
        rp: &RelyingParty,
        challenge: &Challenge,
        credentials: impl IntoIterator<Item = &'a Credential>,
    ) -> Result<Self, NoUsableCredential> {
        let allow_credentials: Vec<_> =
            credentials.into_iter().filter(|it| it.is_usable_with(rp)).map(Descriptor::new).collect();
        if allow_credentials.is_empty() {
            return Err(NoUsableCredential);
        }
        Ok(Self {
            challenge: challenge.to_base64url(),
            timeout: TIMEOUT_MILLISECONDS,
            rp_id: rp.id().to_owned(),
            allow_credentials,
            user_verification: PREFERRED,
        })
    }
}

#[derive(Clone, Debug, Serialize)]
struct RpEntity {
    id: String,
    name: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserEntityJson {
    id: UserHandle,
    name: String,
    display_name: String,
}

#[derive(Clone, Debug, Serialize)]
struct CredentialParameters {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i64,
}

#[derive(Clone, Debug, Serialize)]
struct Descriptor {
    #[serde(rename = "type")]
    kind: &'static str,
    id: CredentialId,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transports: Vec<String>,
}

impl Descriptor {
    fn new(credential: &Credential) -> Self {
        let Credential { id, transports, .. } = credential;
        Self { kind: PUBLIC_KEY, id: id.clone(), transports: transports.clone() }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    cred_props: bool,
}
