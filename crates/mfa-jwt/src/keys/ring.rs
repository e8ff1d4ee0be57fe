//! Key ring: the signing key and the previous keys of each token type.

use std::sync::Arc;

use super::{KeySet, PrivateKey, SecretKey, TokenKey};
use crate::token_type::TokenType;

/// Keys of a service for each token type: one signs, all verify.
///
/// To rotate a key, put the new one first and keep the old one behind it until its tokens have expired (one hour).
/// Each key has its own algorithm, so keys of several algorithms can coexist.
#[derive(Debug)]
pub struct TokenKeyRing {
    pending: TypeKeys,
    access: TypeKeys,
}

/// Keys of one token type.
#[derive(Clone, Debug)]
struct TypeKeys {
    signing: Arc<dyn TokenKey>,
    previous: Vec<Arc<dyn TokenKey>>,
}

impl TokenKeyRing {
    /// Creates a ring that signs both token types with HS256 and the secret shared with the backend of the first
    /// factor.
    pub fn shared_secret(signing: SecretKey, previous: Vec<SecretKey>) -> Self {
        let keys_of = TypeKeys {
            signing: Arc::new(signing),
            previous: previous.into_iter().map(|key| Arc::new(key) as Arc<dyn TokenKey>).collect(),
        };
        Self { pending: keys_of.clone(), access: keys_of }
    }

    /// Signs access tokens with a private key instead. Pending tokens are unchanged.
    ///
    /// The current shared secret no longer verifies access tokens, because every backend that has it could issue
    /// them. Previous secrets still do. To keep access tokens of the current secret valid during the change, list it
    /// among the previous ones too.
    #[must_use]
    pub fn signing_access(mut self, signing: PrivateKey) -> Self {
        self.access = TypeKeys { signing: Arc::new(signing), previous: self.pending.previous.clone() };
        self
    }

    /// Also accepts access tokens signed with these private keys. Keys already in the ring are ignored.
    #[must_use]
    pub fn accepting(mut self, keys: impl IntoIterator<Item = PrivateKey>) -> Self {
        for key in keys {
            if self.find(TokenType::Access, key.id()).is_none() {
                self.access.previous.push(Arc::new(key));
            }
        }
        self
    }

    /// Returns the public keys of access tokens.
    pub(crate) fn public_keys(&self) -> KeySet {
        KeySet::from_keys(self.access.keys().filter_map(TokenKey::public_key))
    }

    /// Returns the signing key of this token type.
    pub(crate) fn signing(&self, token_type: TokenType) -> &dyn TokenKey {
        self.keys_of(token_type).signing.as_ref()
    }

    /// Returns the key with this `kid`, if it may sign tokens of this type.
    pub(crate) fn find(&self, token_type: TokenType, id: &str) -> Option<&dyn TokenKey> {
        self.keys_of(token_type).keys().find(|key| key.id() == id)
    }

    /// Returns the shared secrets, newest first, for tokens without `kid`.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &dyn TokenKey> {
        self.pending.keys()
    }

    fn keys_of(&self, token_type: TokenType) -> &TypeKeys {
        match token_type {
            TokenType::Pending => &self.pending,
            TokenType::Access => &self.access,
        }
    }
}

impl TypeKeys {
    fn keys(&self) -> impl Iterator<Item = &dyn TokenKey> {
        std::iter::once(&self.signing).chain(&self.previous).map(AsRef::as_ref)
    }
}
