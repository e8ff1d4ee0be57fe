//! Forged tokens, signed with the key shared with the backend.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::JWT_SECRET;

/// Builder of a forged token.
#[derive(Clone, Debug)]
pub struct Forger {
    header: Value,
    claims: Value,
}

/// Returns the claims of a token.
pub fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).expect("a token has three parts");
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

impl Forger {
    /// Copies the header and the claims of this token.
    pub fn like(token: &str) -> Self {
        Self { header: part(token, 0), claims: part(token, 1) }
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.as_object_mut().expect("an object").insert(name.to_owned(), value.into());
        self
    }

    /// Removes a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("an object").remove(name);
        self
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.as_object_mut().expect("an object").insert(name.to_owned(), value.into());
        self
    }

    /// Removes a member of the header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().expect("an object").remove(name);
        self
    }

    /// Signs the token with the shared key.
    pub fn sign(&self) -> String {
        self.sign_with(JWT_SECRET.as_bytes())
    }

    /// Signs the token with another key.
    pub fn sign_with(&self, key: &[u8]) -> String {
        let signed = self.unsigned();
        let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key").chain_update(&signed);
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
    }

    /// Returns the signed part, without a signature.
    pub fn unsigned(&self) -> String {
        let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }
}
