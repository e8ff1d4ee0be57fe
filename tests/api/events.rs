//! Tests of `GET /api/mfa/events`.

use mfa_flows::TokenKind;
use nova_mfa_tests::{TestServer, members};
use serde_json::{Value, json};

fn events(server: &TestServer, token: &str, query: &str) -> Vec<Value> {
    let answer = server.get(&format!("/api/mfa/events{query}"), token).ok();
    answer["events"].as_array().unwrap().clone()
}

fn ids(events: &[Value]) -> Vec<u64> {
    events.iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

#[test]
fn the_callers_events_are_listed_newest_first_with_every_documented_field() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.fail(&bob, 1);
        let token = server.pending(ada.id);
        let verify = server.client().post("/api/mfa/verify/totp").bearer(&token);
        let verify = verify.header("User-Agent", "Firefox/1").code(&ada.code(server.now()));
        verify.send().ok();

        let listed = events(&server, &ada.access, "");
        let newest = json!({
            "id": listed[0]["id"], "at": "2027-01-15T08:10:00Z", "event": "totp_verify", "method": "totp",
            "outcome": "success", "ip": "127.0.0.1", "user_agent": "Firefox/1",
        });
        assert_eq!(listed[0], newest, "{}", server.name());
        assert!(listed.iter().all(|it| members(it) == members(&newest)));
        assert!(listed.iter().all(|it| it["outcome"] == "success"), "bob's failure is not among them");
        let count: u64 = listed.len().try_into().unwrap();
        assert_eq!(ids(&listed), (1..=count).rev().collect::<Vec<_>>(), "{}", server.name());
    }
}

#[test]
fn events_are_paginated_and_invalid_limits_are_rejected() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 3);
        let all = ids(&events(&server, &ada.access, "?limit=&before="));
        let first = ids(&events(&server, &ada.access, "?limit=2"));
        assert_eq!(first, all[..2], "{}", server.name());
        let rest = ids(&events(&server, &ada.access, &format!("?before={}&limit=200", first[1])));
        assert_eq!(rest, all[2..], "{}", server.name());
        assert!(events(&server, &ada.access, "?before=1").is_empty());

        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=-1", "limit"),
            ("limit=+5", "limit"),
            ("limit=5%20", "limit"),
            ("limit=ten", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("before=0", "before"),
            ("before=%F0%9F%A6%80", "before"),
            ("limit=1&limit=2", "limit"),
            ("after=1", "after"),
        ] {
            let answer = server.get(&format!("/api/mfa/events?{query}"), &ada.access);
            let problem = answer.assert_problem(422, "invalid_field").json();
            assert_eq!(problem["errors"][0]["field"], *field, "{query}");
        }
    }
}

#[test]
fn a_locked_user_can_read_events_and_a_pending_token_cannot() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 10);
        let listed = events(&server, &server.token(ada.id, TokenKind::OneFactor), "?limit=5");
        let kinds: Vec<_> = listed.iter().map(|it| it["event"].as_str().unwrap()).collect();
        // The token was issued by an administrator's command.
        assert_eq!(kinds[..3], ["admin_token", "account_locked", "totp_verify"], "{}", server.name());
        server.get("/api/mfa/events", &server.pending(ada.id)).assert_problem(403, "wrong_token_stage");
        server.client().get("/api/mfa/events").send().assert_problem(401, "token_missing");
    }
}

#[test]
fn events_by_an_administrator_are_listed_without_the_administrators_address() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server
            .installation
            .sql("UPDATE mfa_events SET ip = '192.0.2.1', user_agent = 'x' WHERE actor IS NOT NULL");
        let listed = events(&server, &ada.access, "");
        let minted = listed.iter().find(|it| it["event"] == "admin_token").unwrap();
        assert_eq!((&minted["ip"], &minted["user_agent"]), (&Value::Null, &Value::Null), "{}", server.name());
    }
}
