//! The users themselves: who there is, and how they pass the first factor.

use std::collections::BTreeMap;
use std::fmt;

use super::box_future::BoxFuture;
use super::password::PasswordDigest;
use super::store_error::StoreError;
use crate::{Timestamp, UserId};

/// The part of `users` that is not multi-factor state.
pub trait Users: Send + Sync + fmt::Debug {
    /// The user of that name or e-mail address, with the password hash. A user name goes before an address.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: let nobody in.
    fn find_credentials<'a>(
        &'a self,
        login: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>>;

    /// Replaces a password hash, if it is still the one that was read. Answers whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn replace_password(
        &self,
        user: UserId,
        old: PasswordDigest,
        new: PasswordDigest,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Adds a user.
    ///
    /// # Errors
    ///
    /// [`NewUserError::Taken`] where the name or the address belongs to another user.
    fn insert(&self, user: NewUser) -> BoxFuture<'_, Result<UserId, NewUserError>>;

    /// Erases addresses, agents, names and reasons from a user's stored events. Their chain stays whole.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: erase again.
    fn erase_event_details(&self, user: UserId) -> BoxFuture<'_, Result<(), StoreError>>;

    /// A page of users by ascending id, for administrators.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn list(&self, query: UserQuery) -> BoxFuture<'_, Result<UserPage, StoreError>>;

    /// The user names of these users, of those who are there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn usernames(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<BTreeMap<UserId, String>, StoreError>>;
}

/// What a login is checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose.
    pub user: UserId,
    /// The stored hash.
    pub digest: PasswordDigest,
}

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Unique.
    pub email: String,
    /// Unique.
    pub username: String,
    /// For people to read.
    pub full_name: Option<String>,
    /// The hash of the password.
    pub digest: PasswordDigest,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Whether the user must have a second factor.
    pub mfa_enforced: bool,
    /// When.
    pub created_at: Timestamp,
}

/// A user was not added.
#[derive(Debug, thiserror::Error)]
pub enum NewUserError {
    /// The name or the address belongs to another user.
    #[error("the user name or the e-mail address is taken")]
    Taken,
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which users to list.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Only those whose name or address contains this, in any case.
    pub text: Option<String>,
    /// Only those with a greater id.
    pub after: Option<UserId>,
    /// At most this many.
    pub limit: u32,
}

/// Some users, by ascending id.
#[derive(Clone, Debug, Default)]
pub struct UserPage {
    /// The users of this page.
    pub users: Vec<UserRecord>,
}

/// One user of a list.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// The key.
    pub user: UserId,
    /// Address.
    pub email: String,
    /// Name.
    pub username: String,
    /// For people to read.
    pub full_name: Option<String>,
    /// Whether the user may log in at all.
    pub is_active: bool,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Whether the user must have a second factor.
    pub mfa_enforced: bool,
    /// Whether an authenticator app is in force.
    pub totp_enabled: bool,
    /// The end of the last lock.
    pub lock_until: Option<Timestamp>,
}
