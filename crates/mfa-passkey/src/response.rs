//! Responses of the browser's WebAuthn calls, in their JSON form.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client_data::ClientData;
use crate::credential::clean_transports;
use crate::{CredentialId, MalformedResponse, base64url};

const MAX_JSON_BYTES: usize = 64 * 1024;
const MAX_ATTESTATION_OBJECT_BYTES: usize = 32 * 1024;
const MAX_AUTHENTICATOR_DATA_BYTES: usize = 4096;
const MAX_SIGNATURE_BYTES: usize = 1024;
const MAX_USER_HANDLE_BYTES: usize = 64;

/// Parsed `RegistrationResponseJSON` (WebAuthn Level 3 §5.1.8). Nothing of it is verified.
///
/// Members that the attestation object contains too (`authenticatorData`, `publicKey`, `publicKeyAlgorithm`) are
/// ignored, as are unknown ones.
#[derive(Clone, Debug)]
pub struct RegistrationResponse {
    pub(crate) credential_id: CredentialId,
    pub(crate) client_data: ClientData,
    pub(crate) attestation_object: Vec<u8>,
    pub(crate) transports: Vec<String>,
    pub(crate) discoverable: Option<bool>,
}

impl RegistrationResponse {
    /// Parses the JSON text.
    ///
    /// # Errors
    ///
    /// [`MalformedResponse`] if a member is missing, of another type or too long, if `id` and `rawId` differ, or if
    /// binary data is not base64url.
    pub fn parse(json: &[u8]) -> Result<Self, MalformedResponse> {
        Self::from_members(parse(json)?)
    }

    /// Parses a JSON value, such as a member of a request body.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn from_json(value: &serde_json::Value) -> Result<Self, MalformedResponse> {
        Self::from_members(from_value(value)?)
    }

    /// Returns the challenge that the response claims to be for.
    pub fn challenge(&self) -> &[u8] {
        self.client_data.challenge()
    }

    /// Returns the credential ID that the response claims to be of.
    pub fn credential_id(&self) -> &CredentialId {
        &self.credential_id
    }

    fn from_members(members: CredentialJson<AttestationJson>) -> Result<Self, MalformedResponse> {
        Ok(Self {
            credential_id: members.credential_id()?,
            client_data: ClientData::parse(binary(
                &members.response.client_data_json,
                "clientDataJSON is not base64url",
            )?)?,
            attestation_object: limited(
                binary(&members.response.attestation_object, "attestationObject is not base64url")?,
                MAX_ATTESTATION_OBJECT_BYTES,
                "attestationObject is too long",
            )?,
            transports: clean_transports(members.response.transports.unwrap_or_default()),
            discoverable: members.extensions.and_then(|it| it.cred_props).and_then(|it| it.rk),
        })
    }
}

/// Parsed `AuthenticationResponseJSON` (WebAuthn Level 3 §5.1.8). Nothing of it is verified.
#[derive(Clone, Debug)]
pub struct AuthenticationResponse {
    pub(crate) credential_id: CredentialId,
    pub(crate) client_data: ClientData,
    pub(crate) authenticator_data: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) user_handle: Option<Vec<u8>>,
}

impl AuthenticationResponse {
    /// Parses the JSON text.
    ///
    /// # Errors
    ///
    /// [`MalformedResponse`] if a member is missing, of another type or too long, if `id` and `rawId` differ, or if
    /// binary data is not base64url.
    pub fn parse(json: &[u8]) -> Result<Self, MalformedResponse> {
        Self::from_members(&parse(json)?)
    }

    /// Parses a JSON value, such as a member of a request body.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn from_json(value: &serde_json::Value) -> Result<Self, MalformedResponse> {
        Self::from_members(&from_value(value)?)
    }

    /// Returns the challenge that the response claims to be for.
    pub fn challenge(&self) -> &[u8] {
        self.client_data.challenge()
    }

    /// Returns the credential ID, by which the stored credential is found.
    pub fn credential_id(&self) -> &CredentialId {
        &self.credential_id
    }

    fn from_members(members: &CredentialJson<AssertionJson>) -> Result<Self, MalformedResponse> {
        let response = &members.response;
        let user_handle = response
            .user_handle
            .as_deref()
            .map(|it| binary(it, "userHandle is not base64url"))
            .transpose()?;
        if user_handle.as_ref().is_some_and(|it| it.len() > MAX_USER_HANDLE_BYTES) {
            return Err(MalformedResponse("userHandle is too long"));
        }
        Ok(Self {
            credential_id: members.credential_id()?,
            client_data: ClientData::parse(binary(
                &response.client_data_json,
                "clientDataJSON is not base64url",
            )?)?,
            authenticator_data: limited(
                binary(&response.authenticator_data, "authenticatorData is not base64url")?,
                MAX_AUTHENTICATOR_DATA_BYTES,
                "authenticatorData is too long",
            )?,
            signature: limited(
                binary(&response.signature, "signature is not base64url")?,
                MAX_SIGNATURE_BYTES,
                "signature is too long",
            )?,
            // Some clients send an empty text for "none".
            user_handle: user_handle.filter(|it| !it.is_empty()),
        })
    }
}

/// Members that both responses have.
#[derive(Deserialize)]
struct CredentialJson<T> {
    id: String,
    #[serde(rename = "rawId")]
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: T,
    #[serde(rename = "clientExtensionResults")]
    extensions: Option<ExtensionsJson>,
}

impl<T> CredentialJson<T> {
    fn credential_id(&self) -> Result<CredentialId, MalformedResponse> {
        if self.kind != "public-key" {
            return Err(MalformedResponse("type is not public-key"));
        }
        let id = CredentialId::parse(&self.id)
            .map_err(|_| MalformedResponse("id is not 1 to 1023 bytes of base64url"))?;
        if CredentialId::parse(&self.raw_id).as_ref() == Ok(&id) {
            Ok(id)
        } else {
            Err(MalformedResponse("id and rawId differ"))
        }
    }
}

#[derive(Deserialize)]
struct ExtensionsJson {
    #[serde(rename = "credProps")]
    cred_props: Option<CredPropsJson>,
}

#[derive(Deserialize)]
struct CredPropsJson {
    rk: Option<bool>,
}

#[derive(Deserialize)]
struct AttestationJson {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    #[serde(rename = "attestationObject")]
    attestation_object: String,
    transports: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct AssertionJson {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    #[serde(rename = "authenticatorData")]
    authenticator_data: String,
    signature: String,
    #[serde(rename = "userHandle")]
    user_handle: Option<String>,
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<CredentialJson<T>, MalformedResponse> {
    if json.len() > MAX_JSON_BYTES {
        return Err(MalformedResponse("the credential is too long"));
    }
    serde_json::from_slice(json)
        .map_err(|_| MalformedResponse("not JSON, or a member is missing or has the wrong type"))
}

fn from_value<T: DeserializeOwned>(
    value: &serde_json::Value,
) -> Result<CredentialJson<T>, MalformedResponse> {
    CredentialJson::deserialize(value)
        .map_err(|_| MalformedResponse("a member is missing or has the wrong type"))
}

fn binary(text: &str, message: &'static str) -> Result<Vec<u8>, MalformedResponse> {
    base64url::decode(text).ok_or(MalformedResponse(message))
}

fn limited(bytes: Vec<u8>, limit: usize, message: &'static str) -> Result<Vec<u8>, MalformedResponse> {
    if bytes.len() > limit { Err(MalformedResponse(message)) } else { Ok(bytes) }
}
