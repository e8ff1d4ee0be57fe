//! Refresh of the kinds of password hash that every login computes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::{PasswordKinds, Users};
use slog::Logger;

use crate::crypto::SlowHasher;

/// Interval between two reads.
const INTERVAL: Duration = Duration::from_mins(5);
/// Timeout of a read.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Background task that reads which kinds of password hash the users have, and sets them in the hasher.
pub(super) struct PasswordKindsMonitor {
    pub(super) users: Arc<dyn Users>,
    pub(super) hasher: Arc<SlowHasher>,
    pub(super) log: Logger,
}

impl PasswordKindsMonitor {
    /// Reads the kinds every five minutes. Call [`Self::refresh`] first.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            self.refresh().await;
        }
    }

    /// Reads the kinds now. If they cannot be read, logins compute both kinds.
    pub(super) async fn refresh(&self) {
        let read = tokio::time::timeout(TIMEOUT, self.users.password_kinds()).await;
        let kinds = if let Ok(Ok(kinds)) = read {
            kinds
        } else {
            slog::warn!(self.log, "the kinds of password hashes could not be read: logins compute both");
            PasswordKinds::UNKNOWN
        };
        self.hasher.set_kinds(kinds);
    }
}

impl fmt::Debug for PasswordKindsMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordKindsMonitor").field("hasher", &self.hasher).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::MemoryAccounts;
    use mfa_core::{
        AddressMatch, AddressOwner, BoxFuture, Credentials, NewUser, NewUserError, PasswordDigest,
        StoreError, StoreErrorKind, Timestamp, UserFilter, UserId, UserPage, UserQuery,
    };

    use super::*;
    use crate::crypto::{HasherLimits, OsEntropy};

    /// Users that cannot be read.
    #[derive(Debug)]
    struct Unreachable;

    fn away<T: Send + 'static>() -> BoxFuture<'static, Result<T, StoreError>> {
        Box::pin(async { Err(StoreError::new(StoreErrorKind::Unavailable, "test")) })
    }

    impl Users for Unreachable {
        fn find_credentials<'a>(
            &'a self,
            _: &'a str,
        ) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
            away()
        }
        fn find_by_email<'a>(
            &'a self,
            _: &'a str,
        ) -> BoxFuture<'a, Result<AddressMatch<AddressOwner>, StoreError>> {
            away()
        }
        fn password_kinds(&self) -> BoxFuture<'_, Result<PasswordKinds, StoreError>> {
            away()
        }
        fn replace_password(
            &self,
            _: UserId,
            _: PasswordDigest,
            _: PasswordDigest,
        ) -> BoxFuture<'_, Result<bool, StoreError>> {
            away()
        }
        fn set_password(&self, _: UserId, _: PasswordDigest) -> BoxFuture<'_, Result<bool, StoreError>> {
            away()
        }
        fn set_superuser(&self, _: UserId, _: bool) -> BoxFuture<'_, Result<bool, StoreError>> {
            away()
        }
        fn insert(&self, _: NewUser) -> BoxFuture<'_, Result<UserId, NewUserError>> {
            Box::pin(async { Err(NewUserError::Taken) })
        }
        fn erase_details(
            &self,
            _: UserId,
            _: fn(Option<std::net::IpAddr>) -> String,
        ) -> BoxFuture<'_, Result<(), StoreError>> {
            away()
        }
        fn administered_by(&self, _: UserId) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>> {
            away()
        }
        fn erase_actor(&self, _: UserId, _: UserId) -> BoxFuture<'_, Result<(), StoreError>> {
            away()
        }
        fn list(&self, _: UserQuery, _: Timestamp) -> BoxFuture<'_, Result<Option<UserPage>, StoreError>> {
            away()
        }
        fn count(&self, _: UserFilter, _: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
            away()
        }
        fn usernames(
            &self,
            _: Vec<UserId>,
        ) -> BoxFuture<'_, Result<std::collections::BTreeMap<UserId, String>, StoreError>> {
            away()
        }
        fn full_name(&self, _: UserId) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
            away()
        }
        fn is_helpdesk(&self, _: UserId) -> BoxFuture<'_, Result<bool, StoreError>> {
            away()
        }
        fn set_helpdesk(&self, _: UserId, _: bool, _: Timestamp) -> BoxFuture<'_, Result<bool, StoreError>> {
            away()
        }
    }

    fn refreshed(users: Arc<dyn Users>) -> PasswordKinds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let hasher =
            SlowHasher::new(runtime.handle().clone(), Arc::new(OsEntropy), HasherLimits::default()).unwrap();
        hasher.set_kinds(PasswordKinds { argon2id: false, bcrypt_cost: Some(5) });
        let log = Logger::root(slog::Discard, slog::o!());
        let monitor = PasswordKindsMonitor { users, hasher: Arc::new(hasher), log };
        runtime.block_on(monitor.refresh());
        monitor.hasher.kinds()
    }

    #[test]
    fn the_hasher_gets_the_kinds_of_the_users_or_both_if_they_cannot_be_read() {
        let users = MemoryAccounts::default();
        let bcrypt = NewUser {
            email: "ada@example.com".into(),
            username: "ada".into(),
            full_name: None,
            digest: PasswordDigest::from_column("$2b$10$".into()),
            is_superuser: false,
            mfa_enforced: false,
            created_at: Timestamp::from_seconds(0),
        };
        futures::executor::block_on(users.insert(bcrypt)).unwrap();
        let expected = PasswordKinds { argon2id: false, bcrypt_cost: Some(10) };
        assert_eq!(refreshed(Arc::new(users)), expected);
        assert_eq!(refreshed(Arc::new(MemoryAccounts::default())), PasswordKinds::ARGON2ID);
        assert_eq!(refreshed(Arc::new(Unreachable)), PasswordKinds::UNKNOWN);
    }
}
