//! Port for users and their passwords.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::box_future::BoxFuture;
use super::password::{PasswordDigest, PasswordKinds};
use super::store_error::StoreError;
use crate::{AddressMatch, AddressOwner, Lock, Timestamp, UserId};

/// Store of user records: credentials, creation, listing, and erasure of event details.
pub trait Users: Send + Sync + fmt::Debug {
    /// Finds the user with this name or e-mail address and returns the password hash. A user name takes precedence.
    ///
    /// An address is found in any case, as [`AddressMatch`] describes. If several users fit, none is returned. A user
    /// without a hash has an empty one. The query is the same whether or not a user exists.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the user could not be read: deny the login.
    fn find_credentials<'a>(
        &'a self,
        login: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>>;

    /// Finds the user with this e-mail address, for administrators.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the users could not be read: report the failure and let the caller retry.
    fn find_by_email<'a>(
        &'a self,
        email: &'a str,
    ) -> BoxFuture<'a, Result<AddressMatch<AddressOwner>, StoreError>>;

    /// Returns the kinds of password hash, from a bounded sample of the users. The server calls it every few minutes.
    ///
    /// The default assumes [`PasswordKinds::UNKNOWN`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the users could not be read: assume [`PasswordKinds::UNKNOWN`].
    fn password_kinds(&self) -> BoxFuture<'_, Result<PasswordKinds, StoreError>> {
        Box::pin(async { Ok(PasswordKinds::UNKNOWN) })
    }

    /// Replaces a password hash if it is still `old`, and returns whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the hash may not be replaced: the old password may still be valid.
    fn replace_password(
        &self,
        user: UserId,
        old: PasswordDigest,
        new: PasswordDigest,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Sets a password hash, and returns whether the user exists.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the hash may not be set: the old password may still be valid.
    fn set_password(&self, user: UserId, new: PasswordDigest) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Grants or revokes administrator rights, and returns whether the user exists.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the rights may not be changed.
    fn set_superuser(&self, user: UserId, is_superuser: bool) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Adds a user and returns the ID.
    ///
    /// # Errors
    ///
    /// [`NewUserError::Taken`] if the name or the address belongs to another user: choose another one.
    fn insert(&self, user: NewUser) -> BoxFuture<'_, Result<UserId, NewUserError>>;

    /// Erases what is stored about a user outside of the account, after the account was erased: addresses, user agents,
    /// administrators' names and reasons of the events before the newest [`EventKind::AdminErase`], the log of SMS, and the
    /// budgets of the addresses in these events. `budget_key` returns the key by which an address is counted. The chain
    /// stays verifiable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the erasure may be incomplete: repeat it.
    ///
    /// [`EventKind::AdminErase`]: crate::EventKind::AdminErase
    fn erase_details(
        &self,
        user: UserId,
        budget_key: fn(Option<IpAddr>) -> String,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Returns the users whose stored events name this user as the administrator.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the events could not be read.
    fn administered_by(&self, actor: UserId) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>>;

    /// Erases the personal data of the events of `user` that `actor` caused as an administrator, up to the newest
    /// [`EventKind::ActorErase`](crate::EventKind::ActorErase). The chain stays verifiable.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the erasure may be incomplete: repeat it.
    fn erase_actor(&self, user: UserId, actor: UserId) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Lists users by ascending ID, for administrators.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the users could not be read: report the failure and let the caller retry.
    fn list(&self, query: UserQuery) -> BoxFuture<'_, Result<UserPage, StoreError>>;

    /// Returns the user names of those users who exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the users could not be read: report the failure and let the caller retry.
    fn usernames(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<BTreeMap<UserId, String>, StoreError>>;
}

/// Stored credentials of a user.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// ID of the user.
    pub user: UserId,
    /// Password hash.
    pub digest: PasswordDigest,
}

/// User to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Unique e-mail address.
    pub email: String,
    /// Unique user name.
    pub username: String,
    /// Full name, for display.
    pub full_name: Option<String>,
    /// Hash of the password.
    pub digest: PasswordDigest,
    /// Whether the user is an administrator.
    pub is_superuser: bool,
    /// Whether MFA is required for the user.
    pub mfa_enforced: bool,
    /// Time of creation.
    pub created_at: Timestamp,
}

/// Error of creating a user.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Debug, thiserror::Error)]
pub enum NewUserError {
    /// The name or the address belongs to another user.
    #[error("the user name or the e-mail address is taken")]
    Taken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Query for users.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Only users whose name or address contains this text, ignoring case.
    pub text: Option<String>,
    /// Only users with a greater ID.
    pub after: Option<UserId>,
    /// Maximum number of users.
    pub limit: u32,
}

/// Page of users by ascending ID.
#[derive(Clone, Debug, Default)]
pub struct UserPage {
    /// Users of this page.
    pub users: Vec<UserRecord>,
}

/// Summary of a user.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// ID of the user.
    pub user: UserId,
    /// E-mail address; empty without one.
    pub email: String,
    /// User name; empty without one.
    pub username: String,
    /// Full name, for display.
    pub full_name: Option<String>,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user is an administrator.
    pub is_superuser: bool,
    /// Whether MFA is required for the user.
    pub mfa_enforced: bool,
    /// Whether an authenticator app is active.
    pub totp_enabled: bool,
    /// End of the latest lock.
    pub lock_until: Option<Timestamp>,
    /// Name of a column with an invalid value, because of which the account cannot be used.
    pub unreadable: Option<String>,
}

impl UserRecord {
    /// Returns the lock in force at `now`. An account that cannot be read is locked until an administrator repairs it.
    pub fn lock(&self, now: Timestamp) -> Option<Lock> {
        let unreadable = self.unreadable.as_ref().map(|_| Lock::UntilAdministrator);
        unreadable.or_else(|| Lock::in_force(self.lock_until, now))
    }
}
