//! Contract of [`Users`].

use std::sync::Arc;

use mfa_core::{NewUser, NewUserError, PasswordDigest, PasswordKinds, UserId, UserQuery, UserRecord, Users};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::{add_user, new_user};

/// Empty store of users.
#[derive(Debug)]
pub struct UsersFixture {
    users: Arc<dyn Users>,
    guard: Guard,
}

impl UsersFixture {
    /// Creates a fixture.
    pub fn new(users: Arc<dyn Users>) -> Self {
        Self { users, guard: Guard::default() }
    }
}

suite! { $ Users, users, UsersFixture, users_tests:
    a_user_is_found_by_user_name_or_email_and_the_user_name_has_precedence,
    user_names_and_email_addresses_are_unique,
    a_password_hash_is_replaced_only_if_it_is_unchanged_since_it_was_read,
    user_names_are_returned_for_existing_users,
    a_list_continues_after_a_given_user_and_wildcards_match_literally,
    the_kinds_of_password_hash_are_those_of_the_users,
}

/// A login is a user name or, in any case, an e-mail address. It is never read as SQL.
pub fn a_user_is_found_by_user_name_or_email_and_the_user_name_has_precedence(it: &Subject<UsersFixture>) {
    let users = it.users();
    let ada = it.add("ada");
    let found = |login| it.run(users.find_credentials(login)).unwrap().map(|it| it.user);
    assert_eq!(found("ada"), Some(ada));
    assert_eq!(found("ada@example.com"), Some(ada));
    assert_eq!(found("Ada@Example.com"), Some(ada));
    assert_eq!(found("nobody"), None);
    assert_eq!(found(""), None);
    assert_eq!(found("' OR 1=1 --"), None);
    let impostor = NewUser {
        email: "other@example.com".into(),
        full_name: None,
        mfa_enforced: true,
        ..new_user("ada@example.com", "test:x")
    };
    let by_name = it.run(users.insert(impostor)).unwrap();
    assert_eq!(found("ada@example.com"), Some(by_name));
}

/// A new user with the name or the address of another one is [`NewUserError::Taken`].
pub fn user_names_and_email_addresses_are_unique(it: &Subject<UsersFixture>) {
    let users = it.users();
    it.add("ada");
    let again = NewUser { username: "lovelace".into(), full_name: None, ..new_user("ada", "test:x") };
    let other_address = NewUser { email: "b@example.com".into(), username: "ada".into(), ..again.clone() };
    assert!(matches!(it.run(users.insert(again)), Err(NewUserError::Taken)));
    assert!(matches!(it.run(users.insert(other_address)), Err(NewUserError::Taken)));
}

/// Of two replacements of one hash only the first is done.
pub fn a_password_hash_is_replaced_only_if_it_is_unchanged_since_it_was_read(it: &Subject<UsersFixture>) {
    let users = it.users();
    let ada = it.add("ada");
    let digest = |text: &str| PasswordDigest::from_column(text.to_owned());
    let old = || digest("test:password");
    assert!(it.run(users.replace_password(ada, old(), digest("test:new"))).unwrap());
    assert!(!it.run(users.replace_password(ada, old(), digest("test:late"))).unwrap());
    let stored = it.run(users.find_credentials("ada")).unwrap().unwrap().digest;
    assert_eq!(stored, digest("test:new"));
}

/// A user who was asked for twice is returned once, and one who does not exist is left out.
pub fn user_names_are_returned_for_existing_users(it: &Subject<UsersFixture>) {
    let users = it.users();
    let ada = it.add("ada");
    it.add("bob");
    let grace = it.add("grace");
    let named = it.run(users.usernames(vec![grace, ada, grace, UserId::new(4711)])).unwrap();
    let expected = [(ada, "ada".to_owned()), (grace, "grace".to_owned())];
    assert!(named.into_iter().eq(expected));
    assert!(it.run(users.usernames(Vec::new())).unwrap().is_empty());
}

/// Users are listed in the order of their insertion. A search ignores case, and `%` and `_` stand for themselves.
pub fn a_list_continues_after_a_given_user_and_wildcards_match_literally(it: &Subject<UsersFixture>) {
    for user in ["ada", "bob", "a_a", "grace"] {
        it.add(user);
    }
    let list = |text: Option<&str>, after, limit| -> Vec<UserRecord> {
        let query = UserQuery { text: text.map(str::to_owned), after, limit };
        it.run(it.users().list(query)).unwrap().users
    };
    let all = list(None, None, 10);
    let names: Vec<_> = all.iter().map(|it| it.username.as_str()).collect();
    assert_eq!(names, ["ada", "bob", "a_a", "grace"]);
    assert_eq!(all[0].full_name.as_deref(), Some("ada Example"));
    let rest = list(None, Some(all[1].user), 1);
    assert_eq!(rest, all[2..3]);
    let found = list(Some("A_"), None, 10);
    assert_eq!(found.len(), 1, "an underscore stands for itself");
    assert!(list(Some("%"), None, 10).is_empty());
}

/// The greatest cost of bcrypt is found, and whether there are hashes of Argon2id. A hash of too great a cost is
/// ignored.
pub fn the_kinds_of_password_hash_are_those_of_the_users(it: &Subject<UsersFixture>) {
    let users = it.users();
    let kinds = || it.run(users.password_kinds()).unwrap();
    let bcrypt = |cost, argon2id| PasswordKinds { argon2id, bcrypt_cost: Some(cost) };
    assert_eq!(kinds(), PasswordKinds::ARGON2ID, "nobody");
    for (n, (digest, expected)) in [
        ("", PasswordKinds::ARGON2ID),
        ("$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", bcrypt(10, false)),
        ("$2y$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", bcrypt(12, false)),
        ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR", bcrypt(12, true)),
        ("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", bcrypt(12, true)),
    ]
    .into_iter()
    .enumerate()
    {
        it.run(users.insert(NewUser { full_name: None, ..new_user(&format!("user{n}"), digest) })).unwrap();
        assert_eq!(kinds(), expected, "{digest}");
    }
}

impl Subject<UsersFixture> {
    fn users(&self) -> &dyn Users {
        self.fixture().users.as_ref()
    }

    fn add(&self, name: &str) -> UserId {
        self.run(add_user(self.users(), name))
    }
}
