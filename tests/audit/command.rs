//! Tests of `mfa-admin audit verify` and `mfa-admin audit export`.

use nova_mfa_tests::TestServer;
use serde_json::{Value, json};

#[test]
fn audit_verify_succeeds_or_names_the_flaws_and_fails() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 2);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        assert!(server.log_contains("\"event\":\"totp_verify\",\"outcome\":\"success\""));
        let log = server.installation.folder().join("logs/mfa.log");
        let log = log.to_str().unwrap();
        let verify = |words: &[&str]| server.admin(&[&["audit", "verify"], words].concat());

        let good = verify(&["--log", log]);
        assert_eq!(good.code, Some(0), "{}: {good:?}", server.name());
        assert_eq!((&good.json["intact"], &good.json["findings"]), (&json!(true), &json!([])));
        let events = server.installation.number("SELECT count(*) FROM mfa_events");
        assert_eq!((&good.json["events"], &good.json["log_lines"]), (&json!(events), &json!(events)));

        server.installation.sql("UPDATE mfa_events SET outcome = 'success' WHERE outcome = 'failure'");
        let first = server
            .installation
            .number("SELECT min(seq) FROM mfa_events WHERE event = 'totp_verify' AND outcome = 'success'");
        let bad = verify(&[]);
        assert_eq!(bad.code, Some(1), "{}", server.name());
        assert_eq!(bad.json["intact"], json!(false));
        let finding = &bad.json["findings"][0];
        let named = json!({
            "user_id": ada.id.value(), "seq": first, "flaw": "altered",
            "detail": format!("user {}: event {first} was altered", ada.id),
        });
        assert_eq!(finding, &named, "{}", server.name());
        assert!(bad.stderr.contains("audit verification failed: 1 broken event chain"), "{}", bad.stderr);
        let nobody = verify(&["--user-id", "4711"]);
        assert_eq!(
            (nobody.code, &nobody.json["error"]["code"]),
            (Some(1), &json!("not_found")),
            "{nobody:?}"
        );

        server.installation.sql(&format!("DELETE FROM mfa_events; DELETE FROM users WHERE id = {}", ada.id));
        assert_eq!(verify(&[]).code, Some(0), "{}: nothing is left to tell", server.name());
        let report = verify(&["--log", log]);
        assert_eq!(
            (report.code, &report.json["findings"][0]["seq"]),
            (Some(1), &json!(1)),
            "{}",
            server.name()
        );
        let missing = verify(&["--log", "no such file"]);
        assert_eq!((missing.code, &missing.json["error"]["code"]), (Some(1), &json!("log_unavailable")));
        assert!(server.log_contains("\"event\":\"admin_audit_verify\""), "{}", server.name());
    }
}

#[test]
fn audit_export_writes_all_stored_fields_ordered_by_time() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 1);
        // The command uses the system clock, and the server's clock is far ahead of it.
        let long_ago =
            if server.name() == "SQLite" { "at - 126230400000" } else { "at - interval '35064 hours'" };
        server.installation.sql(&format!("UPDATE mfa_events SET at = {long_ago}"));
        let count = server.installation.number("SELECT count(*) FROM mfa_events");
        let export = |since: &str| server.admin(&["audit", "export", "--since", since]);

        let all = export("2020-01-01T00:00:00Z");
        assert_eq!(all.code, Some(0), "{}: {all:?}", server.name());
        let events = all.json["events"].as_array().unwrap().clone();
        assert_eq!(i64::try_from(events.len()).unwrap(), count, "{}", server.name());
        let place = |it: &Value| (it["at"].as_str().unwrap().to_owned(), it["id"].as_i64().unwrap());
        assert!(events.windows(2).all(|it| place(&it[0]) < place(&it[1])), "{}", server.name());
        let failure = events.iter().find(|it| it["outcome"] == "failure").unwrap();
        assert_eq!((&failure["event"], &failure["method"]), (&json!("totp_verify"), &json!("totp")));
        assert_eq!((&failure["user_id"], &failure["ip"]), (&json!(ada.id.value()), &json!("127.0.0.1")));
        assert_eq!(failure["mac"].as_str().map(str::len), Some(64), "{}", server.name());
        assert_eq!(export("2023-01-15T08:05:00Z").json["events"].as_array().map(Vec::len), Some(2));
        let day = export("2023-01-15").json["events"].as_array().map(Vec::len);
        assert_eq!(day, Some(all.json["events"].as_array().map_or(0, Vec::len)), "{}", server.name());
        assert_eq!(export("2023-01-16").json, json!({ "events": [] }), "{}", server.name());
        assert_eq!(export("2100-01-01T00:00:00Z").json, json!({ "events": [] }), "{}", server.name());
        assert_eq!(export("yesterday").code, Some(2), "{}", server.name());
    }
}

#[test]
fn without_json_each_event_is_one_line() {
    let [server, _] = TestServer::each();
    server.enrol("ada");
    server.installation.sql("UPDATE mfa_events SET at = 1700000000000");
    let (code, out) = server.installation.admin_text(&["audit", "export", "--since", "2020-01-01T00:00:00Z"]);
    let events = server.installation.number("SELECT count(*) FROM mfa_events");
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(i64::try_from(lines.len()).unwrap(), events);
    assert_eq!(lines[0]["at"], "2023-11-14T22:13:20Z");
}

#[test]
fn audit_list_has_the_filters_of_the_api() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.fail(&ada, 2);
        server.verify(&server.pending(bob.id), &bob.code(server.now())).ok();
        let list = |words: &[&str]| server.admin(&[&["audit", "list"], words].concat());
        let kinds = |words: &[&str]| {
            let answer = list(words);
            assert_eq!(answer.code, Some(0), "{answer:?}");
            let event = |it: &Value| format!("{} {}", it["user_id"], it["event"].as_str().unwrap());
            answer.json["events"].as_array().unwrap().iter().map(event).collect::<Vec<_>>()
        };
        let failures = kinds(&["--event", "totp_verify", "--outcome", "failure"]);
        assert_eq!(failures, vec![format!("{} totp_verify", ada.id); 2], "{}", server.name());
        assert!(kinds(&["--username", "bob"]).iter().all(|it| it.starts_with(&bob.id.to_string())));
        assert_eq!(kinds(&["--from", "2030-01-01"]), Vec::<String>::new());
        assert_eq!(kinds(&["--ip", "192.0.2.1"]), Vec::<String>::new());
        let first = list(&["--username", "ada", "--limit", "1"]);
        let older = kinds(&["--username", "ada", "--before", &first.json["next"].to_string()]);
        assert_eq!(older.len() + 1, kinds(&["--username", "ada"]).len());
        let csv = list(&["--username", "ada", "--csv"]).json["csv"].as_str().unwrap().to_owned();
        assert_eq!(csv.lines().count(), older.len() + 2, "{csv}");
        for bad in [
            &["--event", "nothing"][..],
            &["--ip", "1.2.3"],
            &["--outcome", "good"],
            &["--csv", "--limit", "3"],
        ] {
            assert_eq!(list(bad).code, Some(2), "{bad:?}");
        }
    }
}
