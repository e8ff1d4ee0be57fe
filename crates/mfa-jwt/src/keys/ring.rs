//! Which key signs, and which ones still verify.

use std::sync::Arc;

use super::{KeySet, PrivateKey, SecretKey, TokenKey};
use crate::token_type::TokenType;

/// The keys of a service, for each type of token: one signs, all verify.
///
/// A key is rotated by putting the new one first and keeping the old one behind it for as long as its tokens live
/// (one hour). Each key has one algorithm, so keys of several may stand keys_of by keys_of while one gives way to another.
#[derive(Debug)]
pub struct TokenKeyRing {
    pending: TypeKeys,
    access: TypeKeys,
}

/// The keys of one type of token.
#[derive(Clone, Debug)]
struct TypeKeys {
    signing: Arc<dyn TokenKey>,
    previous: Vec<Arc<dyn TokenKey>>,
}

impl TokenKeyRing {
    /// A ring where both types of token are HS256 under the secret that the first factor's backend shares.
    pub fn shared_secret(signing: SecretKey, previous: Vec<SecretKey>) -> Self {
        let keys_of = TypeKeys {
            signing: Arc::new(signing),
            previous: previous.into_iter().map(|key| Arc::new(key) as Arc<dyn TokenKey>).collect(),
        };
        Self { pending: keys_of.clone(), access: keys_of }
    }

    /// The same ring, with access tokens signed by a private key. Pending tokens stay as they are.
    ///
    /// The secret that signs pending tokens no longer verifies access tokens: whoever shares it could make them
    /// otherwise. The previous secrets do, for as long as they stand there, so that what the secret signed before goes
    /// on where it is named among them too.
    #[must_use]
    pub fn signing_access(mut self, signing: PrivateKey) -> Self {
        self.access = TypeKeys { signing: Arc::new(signing), previous: self.pending.previous.clone() };
        self
    }

    /// The same ring, with access tokens accepted under these private keys too. One that it has already is passed over.
    #[must_use]
    pub fn accepting(mut self, keys: impl IntoIterator<Item = PrivateKey>) -> Self {
        for key in keys {
            if self.find(TokenType::Access, key.id()).is_none() {
                self.access.previous.push(Arc::new(key));
            }
        }
        self
    }

    /// The public keys that access tokens may be signed under.
    pub(crate) fn public_keys(&self) -> KeySet {
        KeySet::from_keys(self.access.keys().filter_map(TokenKey::public_key))
    }

    /// The key that signs tokens of this type.
    pub(crate) fn signing(&self, token_type: TokenType) -> &dyn TokenKey {
        self.keys_of(token_type).signing.as_ref()
    }

    /// The key of that `kid`, where tokens of this type may be signed by it.
    pub(crate) fn find(&self, token_type: TokenType, id: &str) -> Option<&dyn TokenKey> {
        self.keys_of(token_type).keys().find(|key| key.id() == id)
    }

    /// The shared secrets, newest first, for tokens that name no key.
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
