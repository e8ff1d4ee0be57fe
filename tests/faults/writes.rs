//! Tests of a database that answers but accepts no writes.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use nova_mfa_tests::TestServer;

#[test]
fn while_another_program_locks_the_file_a_code_is_rejected_and_stays_valid() {
    let [server, _] = TestServer::each();
    let ada = server.enrol("ada");
    let (token, code) = (server.pending(ada.id), ada.code(server.now()));
    let path = server.installation.folder().join("data/nova-mfa.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").unwrap();

    server.verify(&token, &code).assert_problem(503, "store_unavailable");
    let wrong = ada.wrong_code(server.now());
    server.verify(&token, &wrong).assert_problem(503, "store_unavailable");
    server.get("/api/mfa/status", &ada.access).ok();

    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(server.failures(ada.id), 0);
    server.verify(&token, &code).ok();
}

#[test]
fn a_read_only_database_accepts_no_code_and_is_used_again_when_writable() {
    let server = TestServer::postgres_with(&[]);
    let ada = server.enrol("ada");
    let (token, code) = (server.pending(ada.id), ada.code(server.now()));
    let switch = |to: &str| {
        server.installation.sql(&format!(
            "SET TRANSACTION READ WRITE; \
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {to}', \
             current_database()); END $$; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ));
    };
    switch("on");
    for _ in 0..2 {
        server.verify(&token, &code).assert_problem(503, "store_unavailable");
    }
    switch("off");
    // The first request after the connection broke may fail.
    let answers = (0..3).map(|_| server.verify(&token, &code).status);
    assert!(
        answers.into_iter().any(|status| status == 200),
        "a database that takes writes again is not used"
    );
    server.verify(&token, &code).assert_problem(401, "token_spent");
}

#[test]
fn after_a_failover_no_totp_code_is_accepted_for_a_minute_and_the_log_names_the_reason() {
    let server = TestServer::postgres_with(&[]);
    let ada = server.enrol("ada");
    // Precedes the function of the system: promoting a real standby would take too long.
    server.installation.sql(
        "CREATE TABLE history (timeline TEXT); INSERT INTO history VALUES ('00000002'); \
         CREATE FUNCTION public.pg_walfile_name(pg_lsn) RETURNS TEXT LANGUAGE sql AS \
         'SELECT timeline || ''0000000000000001'' FROM public.history'; \
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', \
         current_database()); END $$; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let token = server.pending(ada.id);
    for _ in 0..3 {
        let code = ada.code(server.now());
        let refused = server.verify(&token, &code);
        refused.assert_problem(503, "store_unavailable");
    }
    assert!(server.log_contains("the database failed over less than a minute ago"));
    assert_eq!(server.failures(ada.id), 0);
    server.advance(61);
    server.verify(&token, &ada.code(server.now())).ok();
}
