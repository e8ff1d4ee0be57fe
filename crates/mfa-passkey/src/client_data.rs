//! The client data: what the browser says about a ceremony (WebAuthn Level 3 §5.8.1).

use serde::Deserialize;

use crate::{Challenge, MalformedResponse, RejectReason, RelyingParty, base64url};

/// Largest accepted client data, in bytes. Browsers send 100 to 400.
const MAX_CLIENT_DATA_BYTES: usize = 4096;

/// Ceremony that client data is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    /// `navigator.credentials.create()`
    Create,
    /// `navigator.credentials.get()`
    Get,
}

/// Client data: the bytes that are signed, and the members that are checked.
#[derive(Clone, Debug)]
pub(crate) struct ClientData {
    bytes: Vec<u8>,
    ceremony: Option<Ceremony>,
    challenge: Vec<u8>,
    origin: String,
    cross_origin: bool,
}

/// Members of `CollectedClientData`. Others are ignored: browsers add some (§5.8.1), and `tokenBinding` is obsolete.
#[derive(Deserialize)]
struct CollectedClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin")]
    cross_origin: Option<bool>,
}

impl ClientData {
    /// Parses `clientDataJSON`.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, MalformedResponse> {
        if bytes.len() > MAX_CLIENT_DATA_BYTES {
            return Err(MalformedResponse("clientDataJSON is too long"));
        }
        let data: CollectedClientData = serde_json::from_slice(&bytes)
            .map_err(|_| MalformedResponse("clientDataJSON is not CollectedClientData"))?;
        let challenge = base64url::decode(&data.challenge)
            .ok_or(MalformedResponse("the challenge in clientDataJSON is not base64url"))?;
        let ceremony = match data.kind.as_str() {
            "webauthn.create" => Some(Ceremony::Create),
            "webauthn.get" => Some(Ceremony::Get),
            _ => None,
        };
        let cross_origin = data.cross_origin.unwrap_or(false);
        Ok(Self { bytes, ceremony, challenge, origin: data.origin, cross_origin })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn challenge(&self) -> &[u8] {
        &self.challenge
    }

    /// Checks type, challenge and origin (§7.1 steps 7 to 11, §7.2 steps 10 to 14).
    ///
    /// The origin is compared as text, as browsers serialize it. The library would accept a path or a user name too.
    pub(crate) fn check(
        &self,
        ceremony: Ceremony,
        rp: &RelyingParty,
        challenge: &Challenge,
    ) -> Result<(), RejectReason> {
        if self.ceremony != Some(ceremony) {
            return Err(RejectReason::ClientDataType);
        }
        if self.challenge != challenge.bytes() {
            return Err(RejectReason::Challenge);
        }
        if !rp.allows_origin(&self.origin) {
            return Err(RejectReason::Origin);
        }
        if self.cross_origin {
            return Err(RejectReason::CrossOrigin);
        }
        Ok(())
    }
}
