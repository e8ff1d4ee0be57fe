//! Which key signs, and which ones still verify.

use std::sync::Arc;

use super::{SecretKey, TokenKey};
use crate::token_type::TokenType;

/// The keys of a service, for each type of token: one signs, all verify.
///
/// A key is rotated by putting the new one first and keeping the old one behind it for as long as its tokens live
/// (one hour).
#[derive(Debug)]
pub struct KeyRing {
    pending: Side,
    access: Side,
}

/// The keys of one type of token.
#[derive(Clone, Debug)]
struct Side {
    signing: Arc<dyn TokenKey>,
    previous: Vec<Arc<dyn TokenKey>>,
}

impl KeyRing {
    /// A ring where both types of token are HS256 under the secret that the first factor's backend shares.
    pub fn shared_secret(signing: SecretKey, previous: Vec<SecretKey>) -> Self {
        let side = Side {
            signing: Arc::new(signing),
            previous: previous.into_iter().map(|key| Arc::new(key) as Arc<dyn TokenKey>).collect(),
        };
        Self { pending: side.clone(), access: side }
    }

    /// The key that signs tokens of this type.
    pub(crate) fn signing(&self, token_type: TokenType) -> &dyn TokenKey {
        self.side(token_type).signing.as_ref()
    }

    /// The key of that `kid`, where tokens of this type may be signed by it.
    pub(crate) fn find(&self, token_type: TokenType, id: &str) -> Option<&dyn TokenKey> {
        self.side(token_type).keys().find(|key| key.id() == id)
    }

    /// The shared secrets, newest first, for tokens that name no key.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &dyn TokenKey> {
        self.pending.keys()
    }

    fn side(&self, token_type: TokenType) -> &Side {
        match token_type {
            TokenType::Pending => &self.pending,
            TokenType::Access => &self.access,
        }
    }
}

impl Side {
    fn keys(&self) -> impl Iterator<Item = &dyn TokenKey> {
        std::iter::once(&self.signing).chain(&self.previous).map(AsRef::as_ref)
    }
}
