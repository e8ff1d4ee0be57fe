//! Tests of passkeys against somebody who knows the password or has a session, and under a wrong setting.

use mfa_flows::TokenKind;
use mfa_infra::settings::{Settings, Sources};
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{Installation, TestServer};
use serde_json::{Value, json};

const REGISTER: &str = "/api/mfa/passkeys/register/start";
const ASK: &str = "/api/mfa/verify/passkey/start";
const LIST: &str = "/api/mfa/authenticators";

#[test]
fn challenges_that_somebody_else_requests_leave_the_one_of_the_owner_valid_and_store_nothing() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        let mut device = SoftwareAuthenticator::new(1);
        server.enrol_passkey(user, &mut device);
        let mine = server.pending(user);
        let assertion = server.assertion(&mine, &mut device);
        let version = || server.installation.number("SELECT mfa_version FROM users");
        let stranger = server.pending(user);
        let before = version();
        for token in [&stranger, &stranger, &mine] {
            server.post(ASK, token).ok();
        }
        assert_eq!(version(), before, "{}", server.name());
        server.verify_assertion(&mine, &assertion).ok();
    }
}

#[test]
fn a_password_alone_registers_no_passkey_beside_another_factor() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        server.enrol_passkey(user, &mut SoftwareAuthenticator::new(1));
        for kind in [TokenKind::Pending, TokenKind::OneFactor] {
            let refused = server.post(REGISTER, &server.token(user, kind));
            assert!([401, 403].contains(&refused.status), "{}: {kind:?}: {refused:?}", server.name());
        }
        assert_eq!(
            server.installation.number("SELECT count(*) FROM mfa_events WHERE event = 'passkey_register'"),
            1
        );
    }
}

#[test]
fn a_registration_is_recorded_and_ends_the_other_sessions_only_if_it_is_the_first_factor() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        let other = server.token(user, TokenKind::OneFactor);
        let token = server.enrol_passkey(user, &mut SoftwareAuthenticator::new(1));
        server.get("/api/mfa/status", &other).assert_problem(401, "token_revoked");
        let other = server.token(user, TokenKind::TwoFactors);
        server.register_passkey(&token, &mut SoftwareAuthenticator::new(2)).ok();
        server.get("/api/mfa/status", &other).ok();
        let events =
            "SELECT count(*) FROM mfa_events WHERE event = 'passkey_register' AND outcome = 'success'";
        assert_eq!(server.installation.number(events), 2, "{}", server.name());
    }
}

#[test]
fn options_contain_a_random_handle_and_ask_for_no_attestation() {
    let server = TestServer::postgres_with(&[]);
    let options = |token: &str| server.post(REGISTER, token).ok()["options"].clone();
    let handle = |options: &Value| {
        let text = options["user"]["id"].as_str().unwrap();
        data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
    };
    let [ada, bob] = ["ada", "bob"].map(|name| server.add_user(name));
    let handles = [ada, bob].map(|user| handle(&options(&server.token(user, TokenKind::OneFactor))));
    assert!(handles[0] != handles[1] && handles.iter().all(|it| it.len() == 64));
    let token = server.enrol_passkey(ada, &mut SoftwareAuthenticator::new(1));
    let further = options(&token);
    assert_ne!(handle(&further), handles[0], "that registration was not finished");
    assert_eq!(handle(&further), handle(&options(&token)), "one handle for all passkeys of a user");
    assert_eq!(further["attestation"], "none");
    assert_eq!(further["excludeCredentials"].as_array().unwrap().len(), 1);
}

#[test]
fn credentials_are_named_after_the_password_only() {
    let server = TestServer::postgres_with(&[]);
    let user = server.add_user("ada");
    server.enrol_passkey(user, &mut SoftwareAuthenticator::new(1));
    let of_another = server.pending(server.add_user("bob"));
    server.client().post(ASK).send().assert_problem(401, "token_missing");
    server.post(ASK, &of_another).assert_problem(409, "method_not_available");
    let asked = server.post(ASK, &server.pending(user)).ok();
    assert_eq!(asked["options"]["allowCredentials"].as_array().unwrap().len(), 1);
}

#[test]
fn assertions_count_for_the_limit_of_the_address() {
    let server = TestServer::postgres_with(&[("MFA_RATE_LIMIT_MAX", "3")]);
    let user = server.add_user("ada");
    // Two of the three are spent by the registration and the login.
    let mut device = SoftwareAuthenticator::new(1);
    server.enrol_passkey(user, &mut device);
    server.verify_passkey(&server.pending(user), &mut device).ok();
    let pending = server.pending(user);
    device.bad_signature = true;
    server.verify_passkey(&pending, &mut device).assert_problem(401, "invalid_code");
    server.verify_passkey(&pending, &mut device).assert_problem(429, "rate_limited");
}

#[test]
fn after_a_change_of_the_rp_id_passkeys_are_refused_and_counted_until_it_is_changed_back() {
    for installation in Installation::each(&[("MFA_MAX_CLOCK_SKEW", "0")]) {
        let server = TestServer::start(installation);
        let member = server.enrol("ada");
        let mut device = SoftwareAuthenticator::new(1);
        server.register_passkey(&server.token(member.id, TokenKind::TwoFactors), &mut device).ok();
        let moved = server.stop().with("MFA_RP_ID", "mfa.example.com");

        let server = TestServer::start(moved);
        let pending = server.pending(member.id);
        server.post(ASK, &pending).assert_problem(409, "method_not_available");
        let methods = server.get("/api/mfa/methods", &pending).ok();
        assert_eq!(methods["methods"][0]["available"], false, "{}: {methods}", server.name());
        let doctor = server.admin(&["doctor"]);
        let counted = "1 stored passkeys belong to the RP ID \\\"localhost\\\" and cannot be used";
        assert!(doctor.json.to_string().contains(counted), "{}: {doctor:?}", server.name());
        // The clock of the test has started again.
        server.advance(300);
        server.verify(&server.pending(member.id), &member.code(server.now())).ok();

        let server = TestServer::start(server.stop().without("MFA_RP_ID"));
        server.verify_passkey(&server.pending(member.id), &mut device).ok();
    }
}

#[test]
fn an_origin_that_could_use_no_passkey_or_that_of_others_stops_the_start() {
    for (settings, refused) in [
        (&[("MFA_RP_ORIGINS", "https://evil.example")][..], "MFA_RP_ORIGINS cannot be used for passkeys"),
        (
            &[("MFA_RP_ID", "com"), ("PUBLIC_URL", "https://mfa.example.com")],
            "MFA_RP_ID cannot be used for passkeys",
        ),
        (&[("MFA_RP_ID", "192.0.2.1")], "MFA_RP_ID cannot be used for passkeys"),
        (
            &[("MFA_RP_ID", "example.com"), ("MFA_RP_ORIGINS", "http://example.com")],
            "MFA_RP_ORIGINS cannot be used",
        ),
        (
            &[("MFA_RELATED_ORIGINS", "http://example.org"), ("PUBLIC_URL", "https://mfa.example.com")],
            "MFA_RELATED_ORIGINS cannot be used for passkeys",
        ),
    ] {
        let installation = Installation::sqlite(settings);
        let sources = Sources { dir: installation.folder().to_owned(), env: installation.settings().clone() };
        let error = Settings::load(&sources).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(refused), "{settings:?}: {error}");
    }
}

#[test]
fn without_an_rp_id_production_refuses_passkeys_and_says_so() {
    let server = Installation::sqlite(&[("MFA_ENV", "production"), ("MFA_MAX_CLOCK_SKEW", "0")]);
    let server = TestServer::start(server);
    let user = server.add_user("ada");
    server
        .post(REGISTER, &server.token(user, TokenKind::OneFactor))
        .assert_problem(409, "method_not_available");
    let ready = server.client().get("/health/ready").send().json().to_string();
    assert!(ready.contains("passkeys are off: set PUBLIC_URL or MFA_RP_ID"), "{ready}");
    let doctor = server.admin(&["doctor"]).json.to_string();
    assert!(doctor.contains("neither PUBLIC_URL nor MFA_RP_ID is set"), "{doctor}");
    let address = Installation::sqlite(&[
        ("MFA_ENV", "production"),
        ("MFA_MAX_CLOCK_SKEW", "0"),
        ("PUBLIC_URL", "https://192.0.2.1"),
    ]);
    let doctor = address.admin(&["doctor"], "").json.to_string();
    assert!(doctor.contains("PUBLIC_URL has an IP address"), "{doctor}");
    assert_eq!(
        server.get(LIST, &server.token(user, TokenKind::OneFactor)).ok(),
        json!({ "authenticators": [] })
    );
}
