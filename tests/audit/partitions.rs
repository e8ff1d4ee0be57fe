//! Monthly partitions of the audit log in PostgreSQL.

use nova_mfa_tests::{Installation, TestServer};
use serde_json::json;

const PRIVILEGE: &str = "SELECT has_table_privilege('pg_monitor', 'mfa_events', 'SELECT')::int";

#[test]
fn a_partitioned_audit_log_is_written_read_and_verified_as_before() {
    let server = TestServer::postgres_with(&[]);
    let (ada, installation) = (server.enrol("ada"), &server.installation);
    installation.sql("GRANT SELECT ON mfa_events TO pg_monitor");
    let last = installation.number("SELECT max(id) FROM mfa_events");

    let made = server.admin(&["audit", "partition"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let created = made.json["created"].as_array().unwrap();
    assert!(
        created.contains(&json!("mfa_events_first")) && created.contains(&json!("mfa_events_default")),
        "{made:?}"
    );
    assert!(created.len() >= 3, "{made:?}");
    assert_eq!(installation.number(PRIVILEGE), 1);

    server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    assert!(installation.number("SELECT max(id) FROM mfa_events") > last);
    let events = server.get("/api/mfa/events", &ada.access).ok();
    assert_eq!(events["events"][0]["event"], "totp_verify", "{events}");
    let intact = server.admin(&["audit", "verify"]);
    assert_eq!((intact.code, &intact.json["intact"]), (Some(0), &json!(true)), "{intact:?}");

    let again = server.admin(&["audit", "partition"]);
    assert_eq!((again.code, &again.json["created"]), (Some(0), &json!([])), "{again:?}");
    let further = server.admin(&["audit", "partition", "--months", "5"]);
    assert_eq!(further.json["created"].as_array().map(Vec::len), Some(2), "{further:?}");
}

#[test]
fn events_of_the_default_partition_move_to_the_partition_of_their_month() {
    let server = TestServer::postgres_with(&[]);
    let (ada, installation) = (server.enrol("ada"), &server.installation);
    assert_eq!(server.admin(&["audit", "partition"]).code, Some(0));
    installation.sql(&format!(
        "INSERT INTO mfa_events (event_id, user_id, seq, at, event, outcome, personal_digest, mac_key, mac) \
         SELECT event_id, user_id + 1, seq, now() + interval '6 months', event, outcome, personal_digest, mac_key, mac \
         FROM mfa_events WHERE user_id = {}",
        ada.id
    ));
    let waiting = installation.number("SELECT count(*) FROM mfa_events_default");
    assert!(waiting > 0);
    let all = installation.number("SELECT count(*) FROM mfa_events");

    let made = server.admin(&["audit", "partition", "--months", "8"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(installation.number("SELECT count(*) FROM mfa_events_default"), 0);
    assert_eq!(installation.number("SELECT count(*) FROM mfa_events"), all);
}

#[test]
fn doctor_warns_in_the_last_month_that_has_a_partition() {
    let server = TestServer::postgres_with(&[]);
    let findings = || server.admin(&["doctor"]).json.to_string();
    assert!(!findings().contains("partitions"));
    let made = server.admin(&["audit", "partition", "--months", "12"]);
    assert!(findings().contains("the audit log has monthly partitions until"), "{made:?}");
    for name in made.json["created"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        if name.starts_with("mfa_events_2") {
            server.installation.sql(&format!("DROP TABLE {name}"));
        }
    }
    // The first partition ends in ten days.
    server.installation.sql(
        "ALTER TABLE mfa_events DETACH PARTITION mfa_events_first; \
         DO $$ BEGIN EXECUTE format('ALTER TABLE mfa_events ATTACH PARTITION mfa_events_first FOR VALUES \
         FROM (MINVALUE) TO (%L)', now() + interval '10 days'); END $$",
    );
    let findings = findings();
    assert!(findings.contains("run mfa-admin audit partition"), "{findings}");
}

#[test]
fn partitions_need_postgresql() {
    let installation = Installation::sqlite(&[]);
    assert_eq!(installation.admin(&["migrate", "up"], "").code, Some(0));
    let refused = installation.admin(&["audit", "partition"], "");
    assert_eq!(
        (refused.code, &refused.json["error"]["code"]),
        (Some(1), &json!("store_unavailable")),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("partitions need PostgreSQL"), "{refused:?}");
}
