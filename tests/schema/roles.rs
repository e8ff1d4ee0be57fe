//! Tests of the grants in `deploy/postgresql/roles.sql`: enough for a server, and no more.

use std::process::Command;

use diesel::Connection as _;
use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
use mfa_core::SecretText;
use mfa_infra::database::DatabaseLocation;
use nova_mfa_tests::{Installation, PgDatabase, TestServer};
use url::Url;

const PASSWORD: &str = "only-for-this-test";

/// PostgreSQL role of a single test, dropped with this value.
struct Role {
    name: String,
    database: String,
    owner: Url,
}

impl Role {
    fn create(database: &str, owner: &str, suffix: &str) -> Self {
        let owner = Url::parse(owner).unwrap();
        let role = Self { name: format!("{database}_{suffix}"), database: database.to_owned(), owner };
        role.as_owner(&format!("CREATE ROLE {} LOGIN PASSWORD '{PASSWORD}'", role.name));
        role
    }

    fn as_owner(&self, statement: &str) {
        PgConnection::establish(self.owner.as_str()).unwrap().batch_execute(statement).unwrap();
    }

    fn url(&self) -> String {
        let mut url = self.owner.clone();
        url.set_username(&self.name).unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        url.into()
    }

    fn may(&self, statement: &str) -> bool {
        let mut connection = PgConnection::establish(&self.url()).unwrap();
        connection.batch_execute(&format!("BEGIN; {statement}; ROLLBACK")).is_ok()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let statement = format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name);
        let done = PgConnection::establish(self.owner.as_str())
            .map_err(|error| error.to_string())
            .and_then(|mut owner| owner.batch_execute(&statement).map_err(|error| error.to_string()));
        if let Err(error) = done {
            eprintln!("the role {} of {} is left behind: {error}", self.name, self.database);
        }
    }
}

#[test]
fn the_roles_script_grants_what_a_server_needs_and_hides_only_the_mfa_columns_from_nova() {
    let database = PgDatabase::create();
    let name = Url::parse(database.url()).unwrap().path().trim_start_matches('/').to_owned();
    // NOVA's own table, with a column whose name is similar to ours.
    database
        .connect()
        .batch_execute(
            "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \
             username VARCHAR(100) NOT NULL UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255), \
             is_active BOOLEAN NOT NULL DEFAULT true, is_superuser BOOLEAN NOT NULL DEFAULT false, \
             phone_extension TEXT, created_at TIMESTAMP DEFAULT now(), updated_at TIMESTAMP DEFAULT now()); \
             INSERT INTO users (email, username, hashed_password) VALUES ('ada@example.com', 'ada', 'x')",
        )
        .unwrap();
    DatabaseLocation::Postgres(SecretText::new(database.url().to_owned())).migrations().up().unwrap();
    let (app, nova) =
        (Role::create(&name, database.url(), "app"), Role::create(&name, database.url(), "nova"));
    nova.as_owner(&format!("GRANT ALL ON users, users_id_seq TO {}", nova.name));
    let doctor = || Installation::postgres_at(&app.url(), &[]).admin(&["doctor"], "");
    let before = doctor();
    assert_eq!(before.code, Some(1), "{before:?}");
    assert!(before.json.to_string().contains("run deploy/postgresql/roles.sql as the owner"), "{before:?}");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/postgresql/roles.sql");
    for _ in 0..2 {
        let ran = Command::new("psql")
            .args(["--quiet", "--no-psqlrc", "--dbname", database.url(), "--file", script])
            .args(["--variable", &format!("app={}", app.name), "--variable", &format!("nova={}", nova.name)])
            .output()
            .expect("psql is installed: apt-get install postgresql-client");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    let server = TestServer::postgres_at(&app.url());
    let ada = server.enrol_user(mfa_core::UserId::new(1));
    server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    assert_eq!(server.admin(&["user", "unlock", "--user-id", "1"]).code, Some(0));
    assert_eq!(server.admin(&["user", "erase", "--user-id", "1"]).code, Some(0));
    drop(server);

    assert!(!app.may("UPDATE users SET email = 'x'") && !app.may("DELETE FROM users"));
    assert!(!app.may("CREATE TABLE mine (id INT)") && !app.may("DROP TRIGGER mfa_guard ON users"));
    assert!(nova.may("UPDATE users SET email = 'new@example.com', phone_extension = '12' WHERE id = 1"));
    assert!(
        nova.may("INSERT INTO users (email, username, hashed_password) VALUES ('b@example.com', 'b', 'x')")
    );
    for column in
        ["totp_secret = NULL", "is_totp_enabled = false", "mfa_failed_attempts = 0", "totp_last_step = 0"]
    {
        assert!(!nova.may(&format!("UPDATE users SET {column}")), "{column}");
    }
    assert!(!nova.may("SELECT 1 FROM mfa_events") && !nova.may("DELETE FROM mfa_user_search"));
    assert!(app.may("SELECT 1 FROM mfa_user_search") && !app.may("DELETE FROM mfa_user_search"));
    // NOVA cannot write the texts by which its users are found, but its writes do.
    let mut connection = PgConnection::establish(&nova.url()).unwrap();
    connection
        .batch_execute(
            "INSERT INTO users (email, username, hashed_password, full_name) \
             VALUES ('c@example.com', 'cpetit', 'x', 'Céline Petit'); \
             UPDATE users SET full_name = 'Ada Müller' WHERE id = 1",
        )
        .unwrap();
    database
        .connect()
        .batch_execute(
            "DO $$ BEGIN ASSERT (SELECT count(*) FROM mfa_user_search \
             WHERE folded_name IN ('celine petit', 'ada muller')) = 2; END $$",
        )
        .unwrap();
}
