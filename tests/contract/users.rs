//! Contract of `Users`, on every adapter, and what only the databases can do.

use std::sync::Arc;

use mfa_contracts::users::UsersFixture;
use mfa_core::testing::MemoryAccounts;
use mfa_core::{NewUser, PasswordDigest, PasswordKinds};
use nova_mfa_tests::{NOON, TestStore};

mod memory {
    mfa_contracts::users_tests!(|_| super::in_memory());
}

mod sqlite {
    mfa_contracts::users_tests!(|_| super::over(super::TestStore::sqlite()));
}

mod postgres {
    mfa_contracts::users_tests!(|_| super::over(super::TestStore::postgres()));
}

fn in_memory() -> UsersFixture {
    UsersFixture::new(Arc::new(MemoryAccounts::default()))
}

fn over(store: TestStore) -> UsersFixture {
    UsersFixture::new(store.database.clone()).with_guard(store)
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
