//! Tests of rate limits by client address and by user name.

use nova_mfa_tests::{Answer, TestServer};

const DEFAULTS: [(&str, &str); 3] =
    [("MFA_RATE_LIMIT_MAX", "10"), ("LOGIN_RATE_USER_MAX", "5"), ("LOGIN_RATE_IP_MAX", "20")];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&DEFAULTS, more].concat()
}

/// Sends a code check with an invalid token, which counts for the address limit only.
fn check_code(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let token = server.pending(mfa_core::UserId::new(1));
    let call = server.client().post("/api/mfa/verify/totp").bearer(&token).code("nonsense");
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send()
}

fn passed(answers: &[Answer]) -> usize {
    answers.iter().filter(|it| it.status == 422).count()
}

/// Asserts that the limit ends exactly after the seconds in `Retry-After`.
#[track_caller]
fn assert_retry_after_is_exact(server: &TestServer, limited: &Answer, again: impl Fn() -> Answer) {
    let seconds = limited.assert_problem(429, "rate_limited").retry_after();
    assert!(seconds >= 1, "{limited:?}");
    server.advance(seconds - 1);
    let early = again();
    if seconds > 1 {
        assert_eq!(early.assert_problem(429, "rate_limited").retry_after(), 1, "{}", server.name());
    }
    server.advance(1);
    assert_ne!(again().status, 429, "{}", server.name());
}

#[test]
fn an_address_gets_ten_requests_at_once_then_one_every_six_seconds_as_retry_after_states() {
    for server in TestServer::each_with(&DEFAULTS) {
        server.add_user("ada");
        let answers: Vec<_> = (0..50).map(|_| check_code(&server, &[])).collect();
        assert_eq!(passed(&answers), 10, "{}", server.name());
        assert!(answers.iter().take(10).all(|it| it.status == 422));
        let limited = answers.last().unwrap();
        assert_eq!(limited.retry_after(), 6);
        assert_eq!(limited.header("ratelimit-policy"), Some("\"code-ip\";q=10;w=60"));
        assert_eq!(limited.header("ratelimit"), Some("\"code-ip\";r=0;t=6"));
        assert_retry_after_is_exact(&server, limited, || check_code(&server, &[]));
        server.advance(60);
        let answers: Vec<_> = (0..12).map(|_| check_code(&server, &[])).collect();
        assert_eq!(passed(&answers), 10, "{}", server.name());
    }
}

#[test]
fn one_limit_covers_all_code_checks_and_users_and_a_success_refunds_nothing() {
    for server in TestServer::each_with(&DEFAULTS) {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        server.verify(&server.pending(bob.id), &bob.code(server.now())).ok();
        for _ in 0..4 {
            server
                .send_code("/api/mfa/totp/enroll/verify", &ada.access, "000000")
                .assert_problem(409, "no_enrolment_in_progress");
            server
                .send_code("/api/mfa/totp/disable", &bob.access, &bob.wrong_code(server.now()))
                .assert_problem(401, "invalid_code");
        }
        for (path, token) in [
            ("/api/mfa/verify/totp", &ada.access),
            ("/api/mfa/totp/enroll/verify", &ada.access),
            ("/api/mfa/totp/disable", &bob.access),
        ] {
            server.send_code(path, token, "000000").assert_problem(429, "rate_limited");
        }
        for path in ["/api/mfa/status", "/api/mfa/methods"] {
            server.get(path, &ada.access).ok();
        }
        server.post("/api/mfa/totp/enroll/start", &ada.access).ok();
    }
}

#[test]
fn a_rate_limited_request_does_not_reach_the_account() {
    for server in TestServer::each_with(&[("MFA_RATE_LIMIT_MAX", "2")]) {
        let ada = server.enrol("ada");
        server.fail(&ada, 2);
        let (token, code) = (server.pending(ada.id), ada.code(server.now()));
        server.verify(&token, &code).assert_problem(429, "rate_limited");
        server.verify(&token, &ada.wrong_code(server.now())).assert_problem(429, "rate_limited");
        assert_eq!(server.failures(ada.id), 2, "{}", server.name());
        server.advance(30);
        server.verify(&token, &code).ok();
    }
}

#[test]
fn forged_forwarding_headers_give_no_extra_attempts() {
    for server in TestServer::each_with(&DEFAULTS) {
        server.add_user("ada");
        let forged = |n: usize| {
            let ip = format!("198.51.100.{n}");
            let forwarded = format!("for={ip}");
            let headers =
                ["X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"];
            let mut headers: Vec<_> = headers.iter().map(|name| (*name, ip.as_str())).collect();
            headers.push(("Forwarded", &forwarded));
            check_code(&server, &headers)
        };
        let answers: Vec<_> = (0..50).map(forged).collect();
        assert_eq!(passed(&answers), 10, "{}", server.name());
    }
}

#[test]
fn behind_a_trusted_proxy_the_address_it_appended_is_limited() {
    for server in TestServer::each_with(&with(&[("TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")])) {
        server.add_user("ada");
        let through = |client: &str, n: usize| {
            let line = format!("203.0.113.{n}, {client}, 10.0.0.7");
            check_code(&server, &[("X-Forwarded-For", &line), ("X-Real-IP", "192.0.2.1")])
        };
        for client in ["198.51.100.7", "198.51.100.8"] {
            let answers: Vec<_> = (0..15).map(|n| through(client, n)).collect();
            assert_eq!(passed(&answers), 10, "{} {client}", server.name());
        }
        // All addresses of a /64 are one client.
        let answers: Vec<_> = (0..15).map(|n| through(&format!("2001:db8:0:1::{n:x}"), n)).collect();
        assert_eq!(passed(&answers), 10, "{}", server.name());
        assert_eq!(passed(&[through("2001:db8:0:2::1", 0)]), 1);
    }
}

#[test]
fn audit_events_contain_the_real_client_address() {
    for server in TestServer::each_with(&[("TRUSTED_PROXIES", "127.0.0.1")]) {
        let ada = server.enrol("ada");
        let call = server.client().post("/api/mfa/verify/totp").bearer(&server.pending(ada.id));
        let call = call.header("X-Forwarded-For", "192.0.2.66, 198.51.100.7");
        call.code(&ada.wrong_code(server.now())).send().assert_problem(401, "invalid_code");
        let written = "SELECT count(*) FROM mfa_events WHERE event = 'totp_verify' AND ip = '198.51.100.7'";
        assert_eq!(server.installation.number(written), 1, "{}", server.name());
    }
}

#[test]
fn a_user_name_gets_five_logins_a_minute_in_any_spelling() {
    for server in TestServer::each_with(&with(&[("LOGIN_RATE_IP_MAX", "1000")])) {
        server.add_user_with_password("ada", "correct horse battery");
        // Of a user's address, and of an address that nobody has.
        for (address, expected) in [("ada@example.com", 200), ("eve@example.com", 401)] {
            let upper = address.to_uppercase();
            let spellings = [address, &upper, &format!(" {address}"), &format!("{upper}\t"), address];
            for name in spellings {
                let answer = server.login(name, "wrong wrong wrong").send();
                assert_eq!(answer.status, 401, "{} {name:?}", server.name());
            }
            let limited = server.login(address, "correct horse battery").send();
            assert_eq!(limited.header("ratelimit"), None, "it would name a user");
            assert_eq!(limited.header("ratelimit-policy"), None);
            assert_retry_after_is_exact(&server, &limited, || {
                server.login(&upper, "wrong wrong wrong").send()
            });
            server.advance(60);
            assert_eq!(server.login(address, "correct horse battery").send().status, expected, "{address}");
        }
    }
}

#[test]
fn known_and_unknown_names_reach_their_limit_alike() {
    for server in TestServer::each_with(&with(&[("LOGIN_RATE_IP_MAX", "1000")])) {
        server.add_user_with_password("ada", "correct horse battery");
        // The same steps with a user's name and address, and with those of nobody.
        let statuses = |name: &str| {
            let (upper, address) = (name.to_uppercase(), format!("{name}@example.com"));
            let steps = [name, name, &upper, &address, name, &upper, name, &address, &address.to_uppercase()];
            steps.map(|typed| server.login(typed, "wrong wrong wrong").send().status)
        };
        let known = statuses("ada");
        assert_eq!(known, [401, 401, 401, 401, 401, 401, 429, 401, 401], "{}", server.name());
        assert_eq!(statuses("eve"), known, "{}", server.name());
    }
}

#[test]
fn a_stranger_who_fills_a_names_limit_keeps_no_other_network_out() {
    let settings = with(&[("TRUSTED_PROXIES", "127.0.0.0/8"), ("LOGIN_RATE_IP_MAX", "1000")]);
    for server in TestServer::each_with(&settings) {
        server.add_user_with_password("ada", "correct horse battery");
        let from = |network: &str, password: &str| {
            server.login("ada", password).header("X-Forwarded-For", network).send()
        };
        // Every address of one IPv6 network is the same stranger.
        for n in 0..30 {
            let status = from(&format!("2001:db8:0:1::{n:x}"), "wrong wrong wrong").status;
            assert_eq!(status, if n < 5 { 401 } else { 429 }, "{} {n}", server.name());
        }
        assert_eq!(from("198.51.100.1", "correct horse battery").status, 200, "{}", server.name());
        // Ten networks' worth is the limit of the name: 5 and 1 are used.
        let wrong: Vec<_> =
            (0..50).map(|n| from(&format!("203.0.113.{n}"), "wrong wrong wrong").status).collect();
        assert_eq!(wrong.iter().filter(|it| **it == 401).count(), 44, "{}", server.name());
        from("198.51.100.2", "correct horse battery").assert_problem(429, "rate_limited");
    }
}

#[test]
fn an_address_gets_twenty_logins_a_minute_counted_before_the_body_is_read() {
    for server in TestServer::each_with(&DEFAULTS) {
        let nonsense = || server.client().post("/api/auth/login").body("application/json", "nonsense").send();
        for _ in 0..20 {
            nonsense().assert_problem(400, "malformed_request");
        }
        let limited = nonsense();
        assert_eq!(limited.header("ratelimit-policy"), Some("\"login-ip\";q=20;w=60"));
        assert_retry_after_is_exact(&server, &limited, nonsense);
    }
}
