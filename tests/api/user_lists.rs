//! Tests of the lists for administrators: filters, order, totals, pages and CSV.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{TestServer, members};
use serde_json::{Value, json};

fn administrator(server: &TestServer) -> String {
    let id = server.add_user("root");
    server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {id}"));
    let root = server.enrol_user(id);
    server.token(root.id, TokenKind::TwoFactors)
}

fn names(list: &Value) -> Vec<&str> {
    list["users"].as_array().unwrap().iter().map(|it| it["username"].as_str().unwrap()).collect()
}

fn set(server: &TestServer, user: UserId, columns: &str) {
    server.installation.sql(&format!("UPDATE users SET {columns} WHERE id = {user}"));
}

#[test]
fn a_user_is_found_by_the_words_of_the_full_name() {
    for server in TestServer::each() {
        let token = administrator(&server);
        let (celine, muller) = (server.add_user("cpetit"), server.add_user("hans"));
        set(&server, celine, "full_name = 'Céline Petit'");
        set(&server, muller, "full_name = 'Hans Müller'");
        for (query, found) in [
            ("C%C3%A9line%20Petit", vec!["cpetit"]),
            ("petit+celine", vec!["cpetit"]),
            ("M%C3%BCller", vec!["hans"]),
            ("muller", vec!["hans"]),
            ("hans%40example", vec!["hans"]),
            ("celine+hans", vec![]),
        ] {
            let list = server.get(&format!("/api/mfa/admin/users?query={query}"), &token).ok();
            assert_eq!(
                (names(&list), &list["total"]),
                (found.clone(), &json!(found.len())),
                "{}: {query}",
                server.name()
            );
        }
    }
}

/// The numbers of the dashboard are those of the lists.
#[test]
fn each_state_lists_its_users_and_the_statistics_count_the_same() {
    for server in TestServer::each() {
        let token = administrator(&server);
        let (app, _) = server.enrol_with_codes("app");
        let sms = server.add_user("sms");
        set(
            &server,
            sms,
            "phone_number = 'v1.test.x', is_phone_verified = TRUE, mfa_backup_method = 'sms', mfa_version = mfa_version + 1",
        );
        let (plain, off) = (server.add_user("plain"), server.add_user("off"));
        set(&server, plain, "mfa_enforced = TRUE");
        set(&server, off, "is_active = FALSE");
        server.fail(&app, 10);
        let list = |state: &str| server.get(&format!("/api/mfa/admin/users?state={state}"), &token).ok();
        let expected = [
            ("locked", vec!["app"]),
            ("no_factor", vec!["plain", "off"]),
            ("sms_only", vec!["sms"]),
            ("no_passkey", vec!["root", "app", "sms", "plain", "off"]),
            ("enforced", vec!["plain"]),
            ("few_codes", vec!["root", "sms"]),
            ("disabled", vec!["off"]),
        ];
        for (state, found) in &expected {
            let list = list(state);
            assert_eq!(&names(&list), found, "{}: {state}", server.name());
            assert_eq!(list["total"], json!(found.len()), "{}: {state}", server.name());
        }
        let totals = server.get("/api/mfa/admin/stats", &token).ok()["totals"].clone();
        let total = |state: &str| list(state)["total"].as_u64().unwrap();
        let users = totals["users"].as_u64().unwrap();
        for (state, count) in [
            ("locked", totals["locked"].as_u64()),
            ("no_factor", totals["with_factor"].as_u64().map(|it| users - it)),
            ("sms_only", totals["sms_only"].as_u64()),
            ("no_passkey", totals["by_factor"]["passkey"].as_u64().map(|it| users - it)),
            ("enforced", totals["enforced"].as_u64()),
            ("few_codes", totals["recovery_codes_low"].as_u64()),
            ("disabled", totals["disabled"].as_u64()),
        ] {
            assert_eq!(Some(total(state)), count, "{}: {state}: {totals}", server.name());
        }
    }
}

#[test]
fn pages_lead_forth_and_back_and_bad_values_are_named() {
    for server in TestServer::each() {
        let token = administrator(&server);
        for name in ["d", "c", "b", "a"] {
            server.add_user(name);
        }
        let list = |query: &str| server.get(&format!("/api/mfa/admin/users?{query}"), &token).ok();
        let first = list("sort=name&limit=2");
        assert_eq!(
            (names(&first), &first["total"], &first["previous"]),
            (vec!["a", "b"], &json!(5), &Value::Null)
        );
        let second = list(&format!("sort=name&limit=2&after={}", first["next"]));
        assert_eq!(names(&second), ["c", "d"], "{}", server.name());
        let back = list(&format!("sort=name&limit=2&before={}", second["previous"]));
        assert_eq!(
            (names(&back), &back["next"], &back["previous"]),
            (vec!["a", "b"], &first["next"], &Value::Null)
        );
        let descending = list("sort=email&order=desc&limit=1");
        assert_eq!(names(&descending), ["root"]);
        assert_eq!(
            names(&list("sort=last_success_at&order=desc&limit=2"))[0],
            "a",
            "nobody verified a factor yet"
        );
        for (query, field) in [
            ("state=lost", "state"),
            ("sort=age", "sort"),
            ("order=up", "order"),
            ("limit=201", "limit"),
            ("after=1&before=2", "before"),
            ("sort=name&after=4711", "after"),
            ("sort=email&before=4711", "before"),
            ("before=x", "before"),
        ] {
            let answer = server.get(&format!("/api/mfa/admin/users?{query}"), &token);
            answer.assert_problem(422, "invalid_field");
            assert_eq!(answer.json()["errors"][0]["field"], field, "{query}");
        }
    }
}

#[test]
fn users_and_events_are_exported_as_csv_that_runs_nothing() {
    for server in TestServer::each() {
        let token = administrator(&server);
        let evil = server.add_user("evil");
        set(&server, evil, "full_name = '=HYPERLINK(\"http://x\")'");
        let many = if server.name() == "SQLite" { 1 } else { 600 };
        for number in 0..many {
            server.add_user(&format!("user{number}"));
        }
        let csv = |path: &str| server.client().get(path).bearer(&token).header("Accept", "text/csv").send();
        let answer = csv("/api/mfa/admin/users?state=no_factor");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"users.csv\""));
        let text = answer.text();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("user_id,full_name,username,email,"), "{}", lines[0]);
        assert!(lines[1].contains(",\"'=HYPERLINK(\"\"http://x\"\")\",evil,"), "{}", lines[1]);
        assert_eq!(lines.len(), many + 2, "{}: every page, without the administrator", server.name());

        server.admin(&["user", "unlock", "--user-id", &evil.to_string()]);
        let events = csv(&format!("/api/mfa/admin/events?user={evil}&event=admin_unlock")).text();
        assert_eq!(events.lines().count(), 2, "{events}");
        assert!(
            events.starts_with("id,at,user_id,seq,event,") && events.contains(",admin_unlock,"),
            "{events}"
        );
        csv("/api/mfa/admin/users?state=x").assert_problem(422, "invalid_field");
        let nobody = server.client().get("/api/mfa/admin/users").header("Accept", "text/csv").send();
        nobody.assert_problem(401, "token_missing");
        assert!(server.log_contains("admin_list") && server.log_contains("admin_events"));
        let json = server
            .client()
            .get("/api/mfa/admin/users?limit=1")
            .bearer(&token)
            .header("Accept", "*/*")
            .send()
            .ok();
        assert_eq!(members(&json), members(&json!({ "users": 0, "total": 0, "next": 0, "previous": 0 })));
    }
}

#[test]
fn events_are_filtered_by_outcome_address_and_time() {
    for server in TestServer::each() {
        let token = administrator(&server);
        let ada = server.enrol("ada");
        server.fail(&ada, 2);
        let list = |query: &str| {
            let list = server.get(&format!("/api/mfa/admin/events?{query}"), &token).ok();
            list["events"].as_array().unwrap().clone()
        };
        let failures = list(&format!("user={}&outcome=failure", ada.id));
        assert_eq!(failures.len(), 2, "{}: {failures:?}", server.name());
        assert!(failures.iter().all(|it| it["outcome"] == "failure" && it["event"] == "totp_verify"));
        let here = list("ip=127.0.0.1&outcome=failure");
        assert_eq!(here, failures, "{}", server.name());
        assert!(list("ip=192.0.2.7").is_empty() && list("ip=::1").is_empty());
        let now = server.now().to_rfc3339().unwrap();
        assert!(list(&format!("to={now}&outcome=failure&from=2001-01-01T00:00:00Z")).len() <= 2);
        assert!(list("to=2001-01-01T00:00:00Z").is_empty() && !list("from=2001-01-01T00:00:00Z").is_empty());
        assert_eq!(list(&format!("user_id={}&outcome=failure", ada.id)), failures, "the older name");
        for (query, field) in [
            ("outcome=lost", "outcome"),
            ("ip=localhost", "ip"),
            ("from=yesterday", "from"),
            ("to=1", "to"),
            ("user=0", "user"),
            ("event=x", "event"),
        ] {
            let answer = server.get(&format!("/api/mfa/admin/events?{query}"), &token);
            answer.assert_problem(422, "invalid_field");
            assert_eq!(answer.json()["errors"][0]["field"], field, "{query}");
        }
    }
}

#[test]
fn the_command_lists_by_state_and_writes_csv() {
    for server in TestServer::each() {
        administrator(&server);
        server.add_user("ada");
        let list = server.admin(&["user", "list", "--state", "no_factor", "--sort", "name"]);
        assert_eq!((names(&list.json), &list.json["total"]), (vec!["ada"], &json!(1)), "{}", server.name());
        let (code, text) =
            server.installation.admin_text(&["user", "list", "--csv", "--query", "example ADA"]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((code, lines.len()), (Some(0), 2), "{text}");
        assert!(lines[1].contains("ada Example,ada,ada@example.com"), "{text}");
        assert_eq!(server.admin(&["user", "list", "--state", "lost"]).code, Some(2));
    }
}

#[test]
fn many_users_are_changed_in_one_act_with_a_result_for_each() {
    for server in TestServer::each() {
        let token = administrator(&server);
        let users: Vec<_> = (0..70).map(|number| server.add_user(&format!("user{number}"))).collect();
        set(&server, users[0], "mfa_enforced = TRUE");
        let bulk =
            |body: Value| server.client().post("/api/mfa/admin/users/bulk").bearer(&token).json(&body).send();
        let dry = bulk(json!({ "action": "enforce", "state": "no_factor", "dry_run": true })).ok();
        let ids: Vec<i64> = users.iter().map(|it| it.value()).collect();
        assert_eq!((&dry["user_ids"], &dry["results"]), (&json!(ids), &json!([])), "{}", server.name());
        let mut asked = ids.clone();
        asked.push(4711);
        let body = json!({ "action": "enforce", "user_ids": asked, "reason": "new policy" });
        let done = bulk(body.clone()).ok();
        let outcomes: Vec<_> =
            done["results"].as_array().unwrap().iter().map(|it| it["outcome"].as_str().unwrap()).collect();
        assert_eq!(
            (outcomes[0], outcomes[1], outcomes[70]),
            ("unchanged", "done", "not_found"),
            "{}",
            server.name()
        );
        assert_eq!(outcomes.iter().filter(|it| **it == "done").count(), 69);
        let again = bulk(body).ok();
        assert!(
            again["results"].as_array().unwrap().iter().all(|it| it["outcome"] != "done"),
            "a second time changes nothing"
        );
        let events = server.get(&format!("/api/mfa/admin/events?user={}", users[1]), &token).ok();
        let event = &events["events"][0];
        assert_eq!(
            (&event["event"], &event["reason"]),
            (&json!("admin_enforce"), &json!("new policy")),
            "{event}"
        );
        assert!(event["actor"].as_str().unwrap().ends_with("(root)"), "{event}");
        let root = server.get("/api/mfa/admin/users?query=root", &token).ok()["users"][0]["user_id"].clone();
        let reset = bulk(json!({ "action": "reset", "user_ids": [root], "reason": "x" })).ok();
        assert_eq!(reset["results"][0]["outcome"], "refused");
        for (body, field) in [
            (json!({ "action": "delete", "user_ids": [1], "reason": "x" }), "action"),
            (json!({ "action": "unlock", "user_ids": [1] }), "reason"),
            (json!({ "action": "unlock", "user_ids": [], "reason": "x" }), "user_ids"),
            (json!({ "action": "unlock", "user_ids": [0], "reason": "x" }), "user_ids"),
            (json!({ "action": "unlock", "user_ids": ["1"], "reason": "x" }), "user_ids"),
            (json!({ "action": "unlock", "user_ids": vec![1; 5_001], "reason": "x" }), "user_ids"),
            (json!({ "action": "unlock", "reason": "x" }), "user_ids"),
            (json!({ "action": "unlock", "state": "locked", "reason": "x" }), "state"),
            (json!({ "action": "unlock", "state": "lost", "dry_run": true }), "state"),
        ] {
            let answer = bulk(body.clone());
            answer.assert_problem(422, "invalid_field");
            assert_eq!(answer.json()["errors"][0]["field"], field, "{body}");
        }
        let most: Vec<i64> = (1_000_000_000..1_000_005_000).collect();
        let large = bulk(json!({ "action": "unlock", "user_ids": most, "reason": "x" })).ok();
        assert_eq!(large["results"].as_array().unwrap().len(), 5_000, "a body of 55 KiB");
    }
}

#[test]
fn the_command_changes_everybody_in_a_state() {
    for server in TestServer::each() {
        administrator(&server);
        let (ada, bob) = (server.add_user("ada"), server.add_user("bob"));
        let required =
            server.admin(&["--reason", "policy", "user", "enforce", "--state", "no_factor", "--yes"]);
        let results = json!([
            { "user_id": ada.value(), "outcome": "done" },
            { "user_id": bob.value(), "outcome": "done" },
        ]);
        assert_eq!((required.code, &required.json["results"]), (Some(0), &results), "{required:?}");
        assert!(required.stderr.contains("ada@example.com"), "prints who: {}", required.stderr);
        let again = server.admin(&["user", "enforce", "--state", "no_factor", "--yes"]);
        assert_eq!(again.json["results"][0]["outcome"], "unchanged", "{again:?}");
        let unlocked = server.admin(&["user", "unlock", "--state", "locked", "--yes"]);
        assert_eq!((unlocked.code, &unlocked.json["results"]), (Some(0), &json!([])), "{unlocked:?}");
        assert_ne!(server.admin(&["user", "enforce", "off", "--state", "no_factor", "--yes"]).code, Some(0));
        let unanswered = server.admin(&["user", "reset", "--state", "no_factor"]);
        assert_eq!(unanswered.json["error"]["code"], "not_confirmed", "{unanswered:?}");
        let answered = server.installation.admin(&["user", "unlock", "--state", "no_factor"], "yes\n");
        assert_eq!(answered.code, Some(0), "{answered:?}");
        assert_eq!(server.admin(&["user", "enforce", "on", "--user-id", &ada.to_string()]).code, Some(0));
    }
}
