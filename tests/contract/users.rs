//! Contract of `Users`.

use mfa_core::{NewUser, NewUserError, PasswordDigest, PasswordKinds, UserId, UserQuery};
use nova_mfa_tests::{NOON, TestStore, add_user, on_every_adapter};

#[test]
fn a_user_is_found_by_user_name_or_email_and_the_user_name_has_precedence() {
    on_every_adapter(|name, _, users, runtime| {
        runtime.block_on(async {
            let ada = add_user(users.as_ref(), "ada").await;
            let impostor = NewUser {
                email: "other@example.com".into(),
                username: "ada@example.com".into(),
                full_name: None,
                digest: PasswordDigest::from_column("test:x".into()),
                is_superuser: false,
                mfa_enforced: true,
                created_at: NOON,
            };
            let found = |login| {
                let users = users.clone();
                async move { users.find_credentials(login).await.unwrap().map(|it| it.user) }
            };
            assert_eq!(found("ada").await, Some(ada), "{name}");
            assert_eq!(found("ada@example.com").await, Some(ada), "{name}");
            assert_eq!(found("Ada@Example.com").await, Some(ada), "{name}");
            assert_eq!(found("nobody").await, None, "{name}");
            assert_eq!(found("").await, None, "{name}");
            assert_eq!(found("' OR 1=1 --").await, None, "{name}");
            let by_name = users.insert(impostor).await.unwrap();
            assert_eq!(found("ada@example.com").await, Some(by_name), "{name}");
        });
    });
}

#[test]
fn user_names_and_email_addresses_are_unique() {
    on_every_adapter(|name, _, users, runtime| {
        runtime.block_on(async {
            add_user(users.as_ref(), "ada").await;
            let again = NewUser {
                email: "ada@example.com".into(),
                username: "lovelace".into(),
                full_name: None,
                digest: PasswordDigest::from_column("test:x".into()),
                is_superuser: false,
                mfa_enforced: false,
                created_at: NOON,
            };
            let other_address =
                NewUser { email: "b@example.com".into(), username: "ada".into(), ..again.clone() };
            assert!(matches!(users.insert(again).await, Err(NewUserError::Taken)), "{name}");
            assert!(matches!(users.insert(other_address).await, Err(NewUserError::Taken)), "{name}");
        });
    });
}

#[test]
fn a_password_hash_is_replaced_only_if_it_is_unchanged_since_it_was_read() {
    on_every_adapter(|name, _, users, runtime| {
        runtime.block_on(async {
            let ada = add_user(users.as_ref(), "ada").await;
            let digest = |text: &str| PasswordDigest::from_column(text.to_owned());
            let old = || digest("test:password");
            assert!(users.replace_password(ada, old(), digest("test:new")).await.unwrap(), "{name}");
            assert!(!users.replace_password(ada, old(), digest("test:late")).await.unwrap(), "{name}");
            let stored = users.find_credentials("ada").await.unwrap().unwrap().digest;
            assert_eq!(stored, digest("test:new"), "{name}");
        });
    });
}

#[test]
fn user_names_are_returned_for_existing_users() {
    on_every_adapter(|name, _, users, runtime| {
        runtime.block_on(async {
            let ada = add_user(users.as_ref(), "ada").await;
            add_user(users.as_ref(), "bob").await;
            let grace = add_user(users.as_ref(), "grace").await;
            let named = users.usernames(vec![grace, ada, grace, UserId::new(4711)]).await.unwrap();
            let expected = [(ada, "ada".to_owned()), (grace, "grace".to_owned())];
            assert!(named.into_iter().eq(expected), "{name}");
            assert!(users.usernames(Vec::new()).await.unwrap().is_empty(), "{name}");
        });
    });
}

#[test]
fn a_list_continues_after_a_given_user_and_wildcards_match_literally() {
    on_every_adapter(|name, _, users, runtime| {
        runtime.block_on(async {
            for user in ["ada", "bob", "a_a", "grace"] {
                add_user(users.as_ref(), user).await;
            }
            let list = |text: Option<&str>, after, limit| {
                let query = UserQuery { text: text.map(str::to_owned), after, limit };
                let users = users.clone();
                async move { users.list(query).await.unwrap().users }
            };
            let all = list(None, None, 10).await;
            let names: Vec<_> = all.iter().map(|it| it.username.as_str()).collect();
            assert_eq!(names, ["ada", "bob", "a_a", "grace"], "{name}");
            assert_eq!(all[0].full_name.as_deref(), Some("ada Example"), "{name}");
            let rest = list(None, Some(all[1].user), 1).await;
            assert_eq!(rest, all[2..3], "{name}");
            let found = list(Some("A_"), None, 10).await;
            assert_eq!(found.len(), 1, "{name}: an underscore stands for itself");
            assert!(list(Some("%"), None, 10).await.is_empty(), "{name}");
        });
    });
}

#[test]
fn a_bulk_import_into_sqlite_never_reuses_the_id_of_a_deleted_user() {
    let store = TestStore::sqlite();
    let deleted = store.add_user("ada");
    store.sql(&format!(
        "INSERT INTO mfa_event_floors (user_id, seq, mac, floor_key, floor_mac) VALUES ({deleted}, 1, 'm', 'k', 'f'); \
         DELETE FROM users WHERE id = {deleted}"
    ));
    let bob = NewUser {
        email: "bob@example.com".into(),
        username: "bob".into(),
        full_name: None,
        digest: PasswordDigest::from_column("test:x".into()),
        is_superuser: false,
        mfa_enforced: false,
        created_at: NOON,
    };
    let inserted = store.runtime.block_on(store.database.insert_all(vec![bob])).unwrap();
    assert_eq!(inserted.len(), 1);
    assert!(inserted[0].user > deleted, "{:?}", inserted[0].user);
}

#[test]
fn the_kinds_of_password_hash_are_those_of_the_users() {
    on_every_adapter(|name, _, users, runtime| {
        runtime.block_on(async {
            let kinds = || async { users.password_kinds().await.unwrap() };
            assert_eq!(kinds().await, PasswordKinds::ARGON2ID, "{name}: nobody");
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
                users.insert(user_with(&format!("user{n}"), digest)).await.unwrap();
                assert_eq!(kinds().await, expected, "{name}: {digest}");
            }
        });
    });
}

#[test]
fn the_kinds_of_password_hash_are_found_among_many_users_at_both_ends_and_between() {
    for store in TestStore::each() {
        let name = store.name;
        store.add_user("first");
        // Ten thousand with Argon2id between, and of those a thousand in the middle with bcrypt.
        store.sql(
            "INSERT INTO users (email, username, hashed_password) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
             SELECT 'u' || i || '@example.com', 'u' || i, \
             CASE WHEN i BETWEEN 4500 AND 5500 THEN '$2b$11$x' ELSE '$argon2id$v=19$' END FROM n",
        );
        let kinds = || store.runtime.block_on(store.database.password_kinds()).unwrap();
        assert_eq!(kinds(), bcrypt(11, true), "{name}");
        store.sql("UPDATE users SET hashed_password = '$argon2id$v=19$' WHERE hashed_password LIKE '$2b$%'");
        assert_eq!(kinds(), PasswordKinds::ARGON2ID, "{name}");
        for (user, cost) in [("'first'", 9), ("'u10000'", 10)] {
            store.sql(&format!(
                "UPDATE users SET hashed_password = '$2b${cost:02}$x' WHERE username = {user}"
            ));
            assert_eq!(kinds(), bcrypt(cost, true), "{name} {user}");
        }
    }
}

#[test]
fn a_user_without_a_password_hash_is_found_with_an_empty_one() {
    // NOVA's table may allow NULL; the table of SQLite is always ours.
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    store.sql("ALTER TABLE users ALTER COLUMN hashed_password DROP NOT NULL");
    store.sql("UPDATE users SET hashed_password = NULL");
    let found = |login| store.runtime.block_on(store.database.find_credentials(login)).unwrap().unwrap();
    for login in ["ada", "ada@example.com"] {
        let credentials = found(login);
        assert_eq!((credentials.user, credentials.digest.as_column()), (ada, ""), "{login}");
    }
    let kinds = store.runtime.block_on(store.database.password_kinds()).unwrap();
    assert_eq!(kinds, PasswordKinds::ARGON2ID);
}

fn bcrypt(cost: u32, argon2id: bool) -> PasswordKinds {
    PasswordKinds { argon2id, bcrypt_cost: Some(cost) }
}

fn user_with(name: &str, digest: &str) -> NewUser {
    NewUser {
        email: format!("{name}@example.com"),
        username: name.to_owned(),
        full_name: None,
        digest: PasswordDigest::from_column(digest.to_owned()),
        is_superuser: false,
        mfa_enforced: false,
        created_at: NOON,
    }
}
