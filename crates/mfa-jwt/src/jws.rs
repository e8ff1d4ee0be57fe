//! JWS compact serialisation: three parts in base64url without padding (RFC 7515 §7.1).

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use crate::keys::TokenKey;
use crate::strict_object::StrictObject;
use crate::token_type::TokenType;
use crate::{IssueError, TokenError};

/// Maximum length of a token in bytes, read or issued.
const MAX_TOKEN_BYTES: usize = 4096;

/// Token type that the header declares. It only selects the checks that the token must pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DeclaredType {
    /// Type of token issued here, with the `kid` of its key.
    Ours(TokenType, String),
    /// No `kid`, and `typ` absent or `JWT`, as Python libraries write them.
    Plain,
}

/// Parsed token. The payload is not accessible before the signature is verified.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    /// Token type that the header declares.
    pub(crate) declared: DeclaredType,
    algorithm: String,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Parses a token without verifying it.
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        // A fourth part would leave a dot in `payload`, which is invalid base64url.
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Invalid)?;
        let header = StrictObject::parse(&decode(header)?)?;
        if header.contains("crit") {
            return Err(TokenError::Invalid);
        }
        Ok(Self {
            declared: declared(&header)?,
            algorithm: header.text("alg")?.ok_or(TokenError::Invalid)?.to_owned(),
            signed,
            payload,
            signature: decode(signature)?,
        })
    }

    /// Verifies the signature with this key and the key's own algorithm, and returns the claims.
    pub(crate) fn verify(&self, key: &dyn TokenKey) -> Result<StrictObject, TokenError> {
        self.verify_signature(key)?;
        StrictObject::parse(&decode(self.payload)?)
    }

    /// Verifies the signature alone.
    pub(crate) fn verify_signature(&self, key: &dyn TokenKey) -> Result<(), TokenError> {
        if self.is_for(key) {
            key.verify(self.signed.as_bytes(), &self.signature)
        } else {
            Err(TokenError::Invalid)
        }
    }

    /// Returns whether the header declares the algorithm of this key.
    pub(crate) fn is_for(&self, key: &dyn TokenKey) -> bool {
        self.algorithm == key.algorithm()
    }

    /// Returns the name of the header parameter because of which a text with the form of a token cannot be parsed. `None`
    /// if the header is not the reason.
    pub(crate) fn invalid_header(token: &str) -> Option<&'static str> {
        let (header, _) = token.split_once('.')?;
        let header = StrictObject::parse(&decode(header).ok()?).ok()?;
        let (typ, kid, alg) = (header.text("typ"), header.text("kid"), header.text("alg"));
        [
            ("crit", header.contains("crit")),
            ("alg", !matches!(alg, Ok(Some(_)))),
            // A token of a Python library has none.
            (
                "kid",
                kid.is_err() || matches!((&typ, &kid), (Ok(typ), Ok(Some(_))) if typ.is_none_or(is_plain)),
            ),
            ("typ", typ.is_err() || declared(&header).is_err()),
        ]
        .into_iter()
        .find_map(|(name, is_invalid)| is_invalid.then_some(name))
    }
}

/// Returns the encoded header of tokens of this type and key. It is the same for all of them.
pub(crate) fn header(token_type: TokenType, key: &dyn TokenKey) -> String {
    let header = json!({ "alg": key.algorithm(), "typ": token_type.as_str(), "kid": key.id() });
    BASE64URL_NOPAD.encode(header.to_string().as_bytes())
}

/// Signs claims with an encoded header.
pub(crate) fn sign(header: &str, claims: &[u8], key: &dyn TokenKey) -> Result<String, IssueError> {
    let signed = format!("{header}.{}", BASE64URL_NOPAD.encode(claims));
    let signature = key.sign(signed.as_bytes())?;
    let token = format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature));
    if token.len() > MAX_TOKEN_BYTES { Err(IssueError::TooLong) } else { Ok(token) }
}

fn declared(header: &StrictObject) -> Result<DeclaredType, TokenError> {
    match (header.text("typ")?, header.text("kid")?) {
        (None, None) => Ok(DeclaredType::Plain),
        (Some(typ), None) if is_plain(typ) => Ok(DeclaredType::Plain),
        (Some(typ), Some(kid)) => {
            let token_type = TokenType::parse(typ).ok_or(TokenError::Invalid)?;
            Ok(DeclaredType::Ours(token_type, kid.to_owned()))
        }
        _ => Err(TokenError::Invalid),
    }
}

/// Returns whether `typ` is that of tokens of Python libraries. Media types have no case (RFC 7515 §4.1.9).
const fn is_plain(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("JWT")
}

/// Decodes base64url strictly: stray bits in the last character are rejected, so that a token has one spelling and
/// one ID.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| TokenError::Invalid)
}
