//! Tests of `mfa_user_search`, the texts by which administrators find users, under writes of other programs.

use mfa_core::{
    Account, EventKind, Origin, Outcome, Phase, SecurityEvent, UserFilter, UserQuery, UserSort, fold_search,
};
use nova_mfa_tests::{NOON, TestStore};

/// Letters of Latin, Greek and Cyrillic, accents, and characters that stay as they are.
fn letters() -> Vec<char> {
    let ranges = [
        ' '..='~',
        '\u{a0}'..='\u{24f}',
        '\u{2b0}'..='\u{52f}',
        '\u{1e00}'..='\u{1fff}',
        '\u{2010}'..='\u{2060}',
    ];
    ranges.into_iter().flatten().chain("ﬁ山田🦀Ａ".chars()).collect()
}

/// Returns the number of users whose text is missing or wrong, and of texts without a user.
fn wrong(store: &TestStore) -> i64 {
    let folded = if store.name == "SQLite" {
        "mfa_folded_users"
    } else {
        "(SELECT id, mfa_fold(username::text) AS username, mfa_fold(email::text) AS email, \
         mfa_fold(coalesce(full_name::text, '')) AS full_name FROM users) AS folded"
    };
    store.number(&format!(
        "SELECT count(*) FROM {folded} FULL JOIN mfa_user_search AS s ON s.user_id = id WHERE s.user_id IS NULL \
         OR id IS NULL OR s.folded_username <> username OR s.folded_email <> email \
         OR s.folded_name <> CASE WHEN trim(full_name) = '' THEN username ELSE full_name END \
         OR s.folded <> id || '\n' || username || '\n' || email || '\n' || full_name"
    ))
}

fn insert(values: &str) -> String {
    let columns =
        "id, email, username, hashed_password, full_name, is_active, is_superuser, created_at, updated_at";
    format!("INTO users ({columns}) VALUES ({values})")
}

fn values(store: &TestStore, id: i64, name: &str, full_name: &str) -> String {
    let now = if store.name == "SQLite" { "1" } else { "now()" };
    format!("{id}, '{name}@Example.com', '{name}', 'x', {full_name}, TRUE, FALSE, {now}, {now}")
}

#[test]
fn every_letter_is_folded_by_the_databases_as_by_the_server() {
    for store in TestStore::each() {
        let letters: Vec<char> = letters().into_iter().filter(|it| *it != '\'').collect();
        for (number, chunk) in letters.chunks(40).enumerate() {
            let text: String = chunk.iter().collect();
            let id = i64::try_from(number).unwrap() + 1;
            // A letter before the text, because blanks alone are no name.
            let row = values(&store, id, &format!("u{number}"), &format!("'x{text}'"));
            store.sql(&format!("INSERT {}", insert(&row)));
            let folded = fold_search(&format!("x{text}"));
            let found = store.number(&format!(
                "SELECT count(*) FROM mfa_user_search WHERE user_id = {id} AND folded_name = '{}'",
                folded.replace('\'', "''")
            ));
            assert_eq!(found, 1, "{}: {text:?} is not {folded:?}", store.name);
        }
        assert_eq!(wrong(&store), 0, "{}", store.name);
    }
}

#[test]
fn rows_that_other_programs_write_keep_their_texts() {
    for store in TestStore::each() {
        let is_right = |what: &str| assert_eq!(wrong(&store), 0, "{}: {what}", store.name);
        for (id, name, full_name) in [(1, "ada", "'Céline Petit'"), (2, "bob", "NULL"), (3, "Eve", "' '")] {
            store.sql(&format!("INSERT {}", insert(&values(&store, id, name, full_name))));
        }
        is_right("inserted");
        for change in [
            "UPDATE users SET full_name = 'Jürgen Müller' WHERE id = 2",
            "UPDATE users SET email = 'NEW@example.com', username = 'new' WHERE id = 1",
            "UPDATE users SET full_name = upper(full_name)",
            "UPDATE users SET id = 30 WHERE id = 3",
            "UPDATE users SET hashed_password = 'y'",
            "DELETE FROM users WHERE id = 2",
        ] {
            store.sql(change);
            is_right(change);
        }
        let upsert = format!(
            "INSERT {} ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name",
            insert(&values(&store, 1, "ada", "'Zoë'"))
        );
        store.sql(&upsert);
        is_right("upserted");
        let ignored =
            format!("INSERT {} ON CONFLICT DO NOTHING", insert(&values(&store, 1, "zzz", "'Nobody'")));
        store.sql(&ignored);
        is_right("not inserted");
        assert_eq!(store.number("SELECT count(*) FROM mfa_user_search WHERE folded LIKE '%nobody%'"), 0);
        assert_eq!(
            store.number("SELECT count(*) FROM mfa_user_search WHERE folded_name = 'zoe'"),
            1,
            "{}",
            store.name
        );
        store.sql(if store.name == "SQLite" { "DELETE FROM users" } else { "TRUNCATE users" });
        is_right("emptied");
    }
}

#[test]
fn a_row_that_sqlite_replaces_leaves_no_text_behind() {
    for recursive in ["OFF", "ON"] {
        let store = TestStore::sqlite();
        for (id, name) in [(1, "ada"), (2, "bob"), (3, "eve")] {
            store.sql(&format!("INSERT {}", insert(&values(&store, id, name, "'Élan'"))));
        }
        for row in [
            values(&store, 1, "ada", "'Céline'"),
            // The name of another user, whose row is replaced.
            values(&store, 9, "bob", "'Zoë'"),
        ] {
            store
                .sql(&format!("PRAGMA recursive_triggers = {recursive}; INSERT OR REPLACE {}", insert(&row)));
            assert_eq!(wrong(&store), 0, "{row}");
        }
        store.sql("UPDATE OR REPLACE users SET username = 'eve' WHERE id = 1");
        store.sql("UPDATE OR IGNORE users SET username = 'bob' WHERE id = 1");
        assert_eq!(
            (wrong(&store), store.number("SELECT count(*) FROM mfa_user_search")),
            (0, 2),
            "{recursive}"
        );
    }
}

/// NOVA may drop a column that our triggers read, and change its type.
#[test]
fn a_name_column_that_nova_drops_or_changes_stops_no_write() {
    let store = TestStore::postgres();
    store.sql(&format!("INSERT {}", insert(&values(&store, 1, "ada", "'Céline'"))));
    store.sql(
        "ALTER TABLE users ALTER COLUMN username TYPE VARCHAR(80), ALTER COLUMN full_name TYPE VARCHAR(80)",
    );
    store.sql("UPDATE users SET full_name = 'Zoë'");
    assert_eq!(
        (wrong(&store), store.number("SELECT count(*) FROM mfa_user_search WHERE folded_name = 'zoe'")),
        (0, 1)
    );
    store.sql("ALTER TABLE users DROP COLUMN full_name; UPDATE users SET username = 'Émile'");
    assert_eq!(store.number("SELECT count(*) FROM mfa_user_search WHERE folded_name = 'emile'"), 1);
}

#[test]
fn users_from_before_the_migration_are_found() {
    let store = TestStore::postgres_over(
        "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \
         username VARCHAR(100) NOT NULL UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255), \
         is_active BOOLEAN, is_superuser BOOLEAN, created_at TIMESTAMP, updated_at TIMESTAMP); \
         INSERT INTO users (email, username, hashed_password, full_name) \
         VALUES ('c@example.com', 'cp', 'x', 'Céline Petit'), ('b@example.com', 'bob', 'x', NULL)",
    );
    let filter = UserFilter::new(Some("petit CELINE".to_owned()), None);
    let query = UserQuery { filter, sort: UserSort::Name, limit: 5, ..UserQuery::default() };
    let page = store.runtime.block_on(store.database.list(query, NOON)).unwrap().unwrap();
    assert_eq!(page.users.iter().map(|it| it.username.as_str()).collect::<Vec<_>>(), ["cp"]);
    assert_eq!(wrong(&store), 0);
}

#[test]
fn a_write_of_the_server_runs_no_function_of_the_search() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    store.sql(
        "CREATE OR REPLACE FUNCTION mfa_searched() RETURNS TRIGGER LANGUAGE plpgsql AS \
         $$ BEGIN UPDATE mfa_user_search SET folded = 'called'; RETURN NULL; END $$",
    );
    let called = || store.number("SELECT count(*) FROM mfa_user_search WHERE folded = 'called'");
    let decision = |account: &mut Account| {
        account.record(SecurityEvent::new(EventKind::TotpVerify, Outcome::Success, NOON, Origin::default()));
    };
    assert!(store.runtime.block_on(store.database.apply(ada, Phase::Begin, Box::new(decision))).unwrap());
    assert_eq!(called(), 0);
    store.sql("UPDATE users SET full_name = 'Ada Lovelace'");
    assert_eq!(called(), 1);
}
