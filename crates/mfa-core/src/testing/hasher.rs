//! Password hasher for tests, without hashing.

use crate::{BoxFuture, HashError, PasswordCheck, PasswordDigest, PasswordHasher, SecretText};

/// Password hasher for tests that stores the password itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestHasher;

impl PasswordHasher for TestHasher {
    fn hash(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        Box::pin(async move { Ok(PasswordDigest::from_column(format!("test:{}", password.expose()))) })
    }

    fn verify(
        &self,
        password: SecretText,
        digest: Option<PasswordDigest>,
    ) -> BoxFuture<'_, Result<PasswordCheck, HashError>> {
        Box::pin(async move {
            let right =
                digest.is_some_and(|it| it.as_column().strip_prefix("test:") == Some(password.expose()));
            Ok(if right { PasswordCheck::Correct } else { PasswordCheck::Wrong })
        })
    }
}
