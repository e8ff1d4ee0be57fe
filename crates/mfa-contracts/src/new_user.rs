//! Users of the rules, and the time at which they start.

use mfa_core::{NewUser, PasswordDigest, Timestamp, UserId, Users};

/// Start of the rules.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Returns a user with this name and this stored password hash.
pub(crate) fn new_user(name: &str, digest: &str) -> NewUser {
    NewUser {
        email: format!("{name}@example.com"),
        username: name.to_owned(),
        full_name: Some(format!("{name} Example")),
        digest: PasswordDigest::from_column(digest.to_owned()),
        is_superuser: false,
        mfa_enforced: false,
        created_at: NOON,
    }
}

/// Adds a user with this name.
pub(crate) async fn add_user(users: &dyn Users, name: &str) -> UserId {
    users.insert(new_user(name, "test:password")).await.expect("the store is empty, so the name is unused")
}
