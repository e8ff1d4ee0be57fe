//! Tokens that nobody issued, signed with the key that the backend shares.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::JWT_SECRET;

/// A token in the making.
#[derive(Clone, Debug)]
pub struct Forger {
    header: Value,
    claims: Value,
}

/// The claims of a token.
pub fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).expect("a token has three parts");
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

impl Forger {
    /// One that is like this token.
    pub fn like(token: &str) -> Self {
        Self { header: part(token, 0), claims: part(token, 1) }
    }

    /// With this claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.as_object_mut().expect("an object").insert(name.to_owned(), value.into());
        self
    }

    /// Without this claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("an object").remove(name);
        self
    }

    /// With this member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.as_object_mut().expect("an object").insert(name.to_owned(), value.into());
        self
    }

    /// Without this member of the header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().expect("an object").remove(name);
        self
    }

    /// Signs it with the right key.
    pub fn sign(&self) -> String {
        self.sign_with(JWT_SECRET.as_bytes())
    }

    /// Signs it with another key.
    pub fn sign_with(&self, key: &[u8]) -> String {
        let signed = self.unsigned();
        let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key").chain_update(&signed);
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
    }

    /// The part that is signed.
    pub fn unsigned(&self) -> String {
        let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }
}
