//! Tests of `mfa-admin session` beside a server that runs.

use mfa_core::{Clock as _, UserId};
use mfa_infra::crypto::SystemClock;
use nova_mfa_tests::{Client, Installation, Member};
use serde_json::json;

const PASSWORD: &str = "correct horse battery";
const STATUS: &str = "/api/mfa/status";

fn log_in(client: Client) -> String {
    let login = json!({ "username": "ada", "password": PASSWORD });
    let answer = client.post("/api/auth/login").json(&login).send().ok();
    answer["access_token"].as_str().or(answer["mfa_token"].as_str()).unwrap().to_owned()
}

/// Creates the user ada and enrols an app, which starts the first session.
fn enrol(installation: &Installation, client: Client) -> Member {
    let id = UserId::new(installation.admin_creates_user("ada", PASSWORD));
    let token = log_in(client);
    let started = client.post("/api/mfa/totp/enroll/start").bearer(&token).send();
    let mut ada = Member::from_enrolment(id, &started);
    let call = client.post("/api/mfa/totp/enroll/verify").bearer(&token).header("User-Agent", "Laptop/1");
    ada.access = call.code(&ada.code(SystemClock.now())).send().field("access_token");
    ada
}

#[test]
fn sessions_are_listed_and_ended_one_or_all() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        let server = installation.start();
        let client = server.client();
        let ada = enrol(&installation, client);
        let id = ada.id.to_string();
        let call =
            client.post("/api/mfa/verify/totp").bearer(&log_in(client)).header("User-Agent", "Phone/1");
        let phone = call.code(&ada.code_at(SystemClock.now(), 1)).send().field("access_token");

        let listed = installation.admin(&["session", "list", "--username", "ada"], "");
        assert_eq!(listed.code, Some(0), "{name}: {listed:?}");
        let found = listed.json["sessions"].as_array().unwrap();
        let agents: Vec<_> = found.iter().map(|it| it["user_agent"].as_str().unwrap()).collect();
        assert_eq!(agents, ["Phone/1", "Laptop/1"], "{name}: newest first");
        assert_eq!((&found[0]["ip"], &found[0]["method"]), (&json!("127.0.0.1"), &json!("totp")), "{name}");
        let (_, text) = installation.admin_text(&["session", "list", "--user-id", &id]);
        assert!(text.contains("Phone/1") && text.contains("127.0.0.1"), "{name}: {text}");

        let session = found[0]["id"].as_str().unwrap();
        let revoke = ["session", "revoke", session, "--user-id", &id, "--reason", "phone lost"];
        let revoked = installation.admin(&revoke, "");
        assert_eq!((revoked.code, &revoked.json["revoked"]), (Some(0), &json!(1)), "{name}: {revoked:?}");
        client.get(STATUS).bearer(&phone).send().assert_problem(401, "token_revoked");
        client.get(STATUS).bearer(&ada.access).send().ok();
        let again = installation.admin(&revoke, "");
        assert_eq!(again.code, Some(1), "{name}: {again:?}");

        let all = installation.admin(&["session", "revoke", "--user-id", &id], "");
        assert_eq!((all.code, &all.json["revoked"]), (Some(0), &json!(1)), "{name}: {all:?}");
        client.get(STATUS).bearer(&ada.access).send().assert_problem(401, "token_revoked");
        let none = installation.admin(&["session", "list", "--user-id", &id], "");
        assert_eq!(none.json["sessions"], json!([]), "{name}");
        let missing = installation.admin(&["session", "list", "--user-id", "4711"], "");
        assert_eq!(missing.code, Some(1), "{name}: {missing:?}");
        let reasons =
            "SELECT count(*) FROM mfa_events WHERE event = 'token_revoked' AND reason = 'phone lost'";
        assert_eq!(installation.number(reasons), 1, "{name}");
        let verified = installation.admin(&["audit", "verify"], "");
        assert_eq!(verified.code, Some(0), "{name}: {verified:?}");
    }
}
