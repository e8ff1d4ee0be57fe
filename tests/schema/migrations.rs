//! Tests of migrations up, down and up again, on an empty database and on NOVA's own table.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use mfa_core::SecretText;
use mfa_infra::database::{DatabaseLocation, MigrationError};
use nova_mfa_tests::{PgDatabase, SqliteDatabase};

fn postgres(database: &PgDatabase) -> DatabaseLocation {
    DatabaseLocation::Postgres(SecretText::new(database.url().to_owned()))
}

fn sqlite(database: &SqliteDatabase) -> DatabaseLocation {
    DatabaseLocation::Sqlite(database.directory().join("nova-mfa.db"))
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn tables_of_postgres(database: &PgDatabase) -> Vec<String> {
    let query = "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace \
                 AND relkind IN ('r', 'v') ORDER BY 1";
    let rows: Vec<Name> = diesel::sql_query(query).load(&mut database.connect()).unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

fn columns_of_users(database: &PgDatabase) -> Vec<String> {
    let query = "SELECT attname || ' ' || format_type(atttypid, NULL) AS name FROM pg_attribute \
                 WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let rows: Vec<Name> = diesel::sql_query(query).load(&mut database.connect()).unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

fn tables_of_sqlite(database: &SqliteDatabase) -> Vec<String> {
    let path = database.directory().join("nova-mfa.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view', 'trigger') \
                 AND name NOT LIKE 'sqlite%' ORDER BY 1";
    let rows: Vec<Name> = diesel::sql_query(query).load(&mut connection).unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn an_empty_database_migrates_up_down_and_up_again() {
    let (server, file) = (PgDatabase::create(), SqliteDatabase::create());
    for location in [postgres(&server), sqlite(&file)] {
        let migrations = location.migrations();
        for _ in 0..2 {
            migrations.up().unwrap();
            migrations.up().unwrap();
            let status = migrations.status().unwrap();
            assert_eq!((status.applied.len(), status.pending.len()), (15, 0));
            migrations.down().unwrap();
            assert_eq!(migrations.status().unwrap().applied.len(), 0);
        }
    }
    assert!(tables_of_postgres(&server).is_empty(), "nothing is left");
    assert!(tables_of_sqlite(&file).is_empty(), "nothing is left");
}

const NOVAS_USERS: &str = "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \
     username VARCHAR(100) NOT NULL UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255), \
     is_active BOOLEAN, is_superuser BOOLEAN, mfa_enforced BOOLEAN, mfa_lock_until TIMESTAMP, \
     created_at TIMESTAMP, updated_at TIMESTAMP); \
     INSERT INTO users (email, username, hashed_password, is_active, mfa_enforced, mfa_lock_until) \
     VALUES ('ada@example.com', 'ada', '$2b$12$x', TRUE, TRUE, '2031-02-03 04:05:06')";

#[test]
fn migrating_down_restores_novas_own_table() {
    let server = PgDatabase::create();
    server.connect().batch_execute(NOVAS_USERS).unwrap();
    let before = columns_of_users(&server);
    let migrations = postgres(&server).migrations();
    migrations.up().unwrap();
    let added = columns_of_users(&server);
    assert_eq!(added[..before.len()], before);
    assert_eq!(added.len(), before.len() + 19, "two of the twenty-one were present");
    assert!(added.ends_with(&["mfa_internal jsonb".to_owned(), "mfa_authenticators jsonb".to_owned()]));
    migrations.down().unwrap();
    assert_eq!(columns_of_users(&server), before);
    let query = "SELECT username || ' ' || mfa_lock_until AS name FROM users";
    let row: Name = diesel::sql_query(query).get_result(&mut server.connect()).unwrap();
    assert_eq!(row.name, "ada 2031-02-03 04:05:06");
}

#[test]
fn a_column_with_an_unexpected_type_stops_the_migration_and_is_named() {
    for (wrong, named) in [
        (
            NOVAS_USERS.replace("mfa_enforced BOOLEAN", "totp_secret VARCHAR(32), mfa_enforced BOOLEAN"),
            "users.totp_secret has room for 32 characters",
        ),
        (
            NOVAS_USERS.replace(
                "mfa_enforced BOOLEAN",
                "totp_secret VARCHAR(32), phone_number VARCHAR(20), totp_last_step TEXT, mfa_enforced BOOLEAN",
            ),
            "ALTER TABLE users ALTER COLUMN totp_secret TYPE TEXT; \
             users.phone_number has room for 20 characters, too few for what is to stand there: \
             ALTER TABLE users ALTER COLUMN phone_number TYPE TEXT; \
             users.totp_last_step is of type text and must be one of: bigint",
        ),
        (
            NOVAS_USERS
                .replace("mfa_enforced BOOLEAN", "mfa_enforced TEXT")
                .replace("TRUE, TRUE", "TRUE, 'yes'"),
            "users.mfa_enforced",
        ),
        (NOVAS_USERS.replace("id SERIAL", "id UUID DEFAULT gen_random_uuid()"), "users.id"),
        (
            NOVAS_USERS
                .replace(" hashed_password VARCHAR(255) NOT NULL,", "")
                .replace(" hashed_password,", "")
                .replace(" '$2b$12$x',", ""),
            "column hashed_password",
        ),
    ] {
        let server = PgDatabase::create();
        server.connect().batch_execute(&wrong).unwrap();
        let before = columns_of_users(&server);
        let error = postgres(&server).migrations().up().unwrap_err();
        assert!(matches!(&error, MigrationError::Stopped(why) if why.contains(named)), "{error}");
        assert_eq!(columns_of_users(&server), before, "nothing was changed");
    }
}

#[test]
fn ten_servers_can_start_concurrently() {
    let (server, file) = (PgDatabase::create(), SqliteDatabase::create());
    for location in [postgres(&server), sqlite(&file)] {
        std::thread::scope(|scope| {
            let starts: Vec<_> = (0..10).map(|_| scope.spawn(|| location.migrations().up())).collect();
            for start in starts {
                start.join().unwrap().unwrap();
            }
        });
        assert_eq!(location.migrations().status().unwrap().pending.len(), 0);
    }
}

#[test]
fn an_account_in_novas_own_table_is_read_and_written_with_its_column_types() {
    use mfa_core::{Phase, Timestamp, UserId};
    use nova_mfa_tests::TestStore;

    let store = TestStore::postgres_over(NOVAS_USERS);
    let ada = UserId::new(1);
    let changed = store.runtime.block_on(store.accounts().update(ada, Phase::Begin, |account| {
        let until = account.lock_until;
        account.failures += 1;
        account.lock_until = Some(Timestamp::from_seconds(1_928_000_000));
        (account.mfa_enforced, account.is_superuser, until)
    }));
    let until = Timestamp::from_seconds(1_927_857_906);
    assert_eq!(changed.unwrap(), Some((true, false, Some(until))));
    let account = store.runtime.block_on(store.accounts().find(ada)).unwrap().unwrap();
    assert_eq!(account.lock_until, Some(Timestamp::from_seconds(1_928_000_000)));
    assert!(!store.database.owns_users_table().unwrap());
    let found = store.runtime.block_on(store.database.find_credentials("ada")).unwrap();
    assert_eq!(found.map(|it| it.user), Some(ada));
}

#[test]
fn a_removed_part_of_the_schema_is_named_by_the_status_and_stops_an_open() {
    let (server, file) = (PgDatabase::create(), SqliteDatabase::create());
    postgres(&server).migrations().up().unwrap();
    sqlite(&file).migrations().up().unwrap();
    let removed = "ALTER TABLE users DROP COLUMN totp_secret; DROP TABLE mfa_sms_sends; DROP TRIGGER mfa_guard ON users";
    server.connect().batch_execute(removed).unwrap();
    let path = file.directory().join("nova-mfa.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("DROP TRIGGER mfa_guard; DROP TABLE mfa_sms_sends").unwrap();
    for (location, names) in [
        (postgres(&server), &["users.totp_secret", "table mfa_sms_sends", "trigger mfa_guard"][..]),
        (sqlite(&file), &["table mfa_sms_sends", "trigger mfa_guard"]),
    ] {
        let status = location.migrations().status().unwrap();
        assert_eq!(status.pending.len(), 0);
        assert_eq!(status.missing.iter().map(ToString::to_string).collect::<Vec<_>>(), names);
        let error = location.migrations().check_complete().unwrap_err().to_string();
        assert!(names.iter().all(|it| error.contains(it)), "{error}");
        assert_eq!(location.examine().unwrap().missing, status.missing);
    }
    let error = postgres(&server).migrations().check_complete().unwrap_err().to_string();
    assert!(error.contains("ALTER TABLE users ADD COLUMN totp_secret TEXT"), "{error}");
    server.connect().batch_execute("ALTER TABLE users ADD COLUMN totp_secret TEXT").unwrap();
    assert_eq!(postgres(&server).migrations().status().unwrap().missing.len(), 2);
}

#[test]
fn a_users_table_of_another_service_on_sqlite_is_refused_and_left_alone() {
    let file = SqliteDatabase::create();
    let path = file.directory().join("nova-mfa.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let table =
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, totp_secret TEXT, mfa_lock_until DATETIME)";
    connection.batch_execute(table).unwrap();
    let error = sqlite(&file).migrations().up().unwrap_err().to_string();
    assert!(error.contains("needs PostgreSQL") && error.contains("totp_secret"), "{error}");
    assert_eq!(tables_of_sqlite(&file), ["users"]);
}
