//! Port for users and their passwords.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::box_future::BoxFuture;
use super::password::{PasswordDigest, PasswordKinds};
use super::store_error::StoreError;
use super::user_list::{UserFilter, UserPage, UserQuery};
use crate::{AddressMatch, AddressOwner, Timestamp, UserId};

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

    /// Lists users, for administrators. `None` if the page starts at a user who does not exist, in an order other than that
    /// of ids. `now` decides who is locked.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the users could not be read: report the failure and let the caller retry.
    fn list(&self, query: UserQuery, now: Timestamp) -> BoxFuture<'_, Result<Option<UserPage>, StoreError>>;

    /// Returns the number of users that fit a filter.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the users could not be counted: report the failure and let the caller retry.
    fn count(&self, filter: UserFilter, now: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Returns the user names of those users who exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the users could not be read: report the failure and let the caller retry.
    fn usernames(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<BTreeMap<UserId, String>, StoreError>>;

    /// Returns the full name of a user, for display. `None` without one, or if it cannot be read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the user could not be read: show another name.
    fn full_name(&self, user: UserId) -> BoxFuture<'_, Result<Option<String>, StoreError>>;

    /// Returns whether a user has the role [`Role::Helpdesk`](crate::Role::Helpdesk).
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the role could not be read: deny the call.
    fn is_helpdesk(&self, user: UserId) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Grants or revokes the role [`Role::Helpdesk`](crate::Role::Helpdesk), and returns whether the user exists. A user who
    /// is deleted loses it, and a user inserted again with the same ID does not inherit it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the role may not be changed.
    fn set_helpdesk(
        &self,
        user: UserId,
        is_helpdesk: bool,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;
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
