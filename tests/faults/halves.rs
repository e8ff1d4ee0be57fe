//! Tests of a server killed during a change: the state is the one before or the one after.

use std::thread;
use std::time::Duration;

use mfa_core::{Clock as _, UserId};
use mfa_infra::crypto::SystemClock;
use nova_mfa_tests::{Answer, Client, Installation, Member, Request, ServerProcess, timed};
use serde_json::json;

use super::crash::{PASSWORD, enrol, log_in, verify};

/// Moments at which the server is killed, as fractions of the duration of the request. The last is after its end.
const MOMENTS: [u32; 5] = [20, 60, 90, 100, 300];

#[test]
fn a_kill_during_a_regeneration_leaves_the_old_codes_or_the_new_ones() {
    for installation in Installation::each(&[]) {
        let mut server = installation.start();
        let ada = enrol(&installation, server.client());
        for percent in MOMENTS {
            let (old, lasts) = timed(|| regeneration(server.client(), &ada).send());
            let old = old.texts("recovery_codes");
            let call = regeneration(server.client(), &ada);
            kill_in_the_midst(server, call, lasts * percent / 100);

            server = installation.start();
            let listed = server.client().get("/api/mfa/recovery/list").bearer(&ada.access).send().ok();
            assert_eq!(listed["left"], 10, "{} at {percent} %: {listed}", installation.name);
            let accepted = [&old[0], &old[4], &old[9]].map(|code| recover(server.client(), code));
            assert!(
                accepted == [true; 3] || (accepted == [false; 3] && percent > 50),
                "{} at {percent} %: {accepted:?}",
                installation.name
            );
        }
    }
}

#[test]
fn a_kill_during_an_enrolment_leaves_no_factor_or_a_complete_one() {
    for installation in Installation::each(&[]) {
        let mut server = installation.start();
        let (mut lasts, mut outcomes) = (Duration::ZERO, Vec::new());
        // The first request runs to its end and measures the duration.
        for percent in [None].into_iter().chain(MOMENTS.map(Some)) {
            let name = format!("user-{}", percent.unwrap_or_default());
            let (user, token) = begin_enrolment(&installation, server.client(), &name);
            let confirm = |client: Client, steps| {
                let code = user.code_at(SystemClock.now(), steps);
                client.post("/api/mfa/totp/enroll/verify").bearer(&token).code(&code)
            };
            let Some(percent) = percent else {
                let (confirmed, took) = timed(|| confirm(server.client(), 0).send());
                confirmed.ok();
                lasts = took;
                continue;
            };
            let call = confirm(server.client(), 0);
            kill_in_the_midst(server, call, lasts * percent / 100);

            server = installation.start();
            let login = log_in_as(server.client(), &name).json();
            let is_whole = login["mfa_required"] == true;
            outcomes.push(is_whole);
            let codes = if is_whole {
                let pending = login["mfa_token"].as_str().unwrap();
                let code = user.code_at(SystemClock.now(), 1);
                let access = verify(server.client(), pending, &code).field("access_token");
                let list = server.client().get("/api/mfa/recovery/list").bearer(&access).send();
                list.ok()["left"].as_u64().unwrap()
            } else {
                // A started enrolment continues.
                confirm(server.client(), 1).send().texts("recovery_codes").len() as u64
            };
            assert_eq!(codes, 10, "{} at {percent} %", installation.name);
        }
        assert_eq!(outcomes.first(), Some(&false), "{}: {outcomes:?}", installation.name);
        assert_eq!(outcomes.last(), Some(&true), "{}: {outcomes:?}", installation.name);
    }
}

fn regeneration(client: Client, ada: &Member) -> Request {
    client.post("/api/mfa/recovery/regenerate").bearer(&ada.access)
}

/// Whether ada's recovery code is accepted.
fn recover(client: Client, code: &str) -> bool {
    let pending = log_in(client).field("mfa_token");
    let answer = client.post("/api/mfa/verify/recovery").bearer(&pending).code(code).send();
    if answer.status != 200 {
        answer.assert_problem(401, "invalid_code");
    }
    answer.status == 200
}

fn log_in_as(client: Client, name: &str) -> Answer {
    client.post("/api/auth/login").json(&json!({ "username": name, "password": PASSWORD })).send()
}

/// Creates a user and starts an enrolment. Returns the secret and the token to continue with.
fn begin_enrolment(installation: &Installation, client: Client, name: &str) -> (Member, String) {
    let id = UserId::new(installation.admin_creates_user(name, PASSWORD));
    let token = log_in_as(client, name).field("access_token");
    let started = client.post("/api/mfa/totp/enroll/start").bearer(&token).send();
    (Member::from_enrolment(id, &started), token)
}

/// Kills the server this long after the request was sent.
fn kill_in_the_midst(server: ServerProcess, call: Request, after: Duration) {
    let caller = thread::spawn(move || call.try_send());
    thread::sleep(after);
    server.kill();
    drop(caller.join().unwrap());
}
