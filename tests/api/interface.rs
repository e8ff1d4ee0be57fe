//! Tests of the pages under `/interface/BRAND`: cookies, forms, headers, static files and the SMS outbox.

mod page_state;
mod passkeys;
mod refused_forms;

use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Client, Request, TestServer};

const BASE: &str = "/interface/itspirit";
const PASSWORD: &str = "a password for pages";

/// Browser that keeps the cookies of one server.
struct Browser {
    client: Client,
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn new(server: &TestServer) -> Self {
        Self { client: server.client(), cookies: Vec::new() }
    }

    fn with_cookies(&self, request: Request) -> Request {
        if self.cookies.is_empty() {
            return request;
        }
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.header("Cookie", &pairs.join("; "))
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for line in answer.headers("set-cookie") {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(it, _)| it != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    fn get(&mut self, path: &str) -> Answer {
        let request = self.with_cookies(self.client.get(path));
        self.keep(request.send())
    }

    /// Submits a form with its CSRF key, from the same origin.
    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let key = self.key();
        let request = self.form(path, &[&[("key", key.as_str())], fields].concat());
        let request = request.header("Sec-Fetch-Site", "same-origin");
        self.keep(request.send())
    }

    /// Submits a form that is refused, and returns the page that the redirect leads to.
    fn refused(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields);
        assert_eq!(answer.status, 303, "a refused form is answered by a redirect: {answer:?}");
        let page = answer.header("location").unwrap().to_owned();
        self.get(&page)
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.with_cookies(self.client.post(path)).body("application/x-www-form-urlencoded", body)
    }

    /// Returns the CSRF key of the first page, following redirects.
    fn key(&mut self) -> String {
        for path in [BASE.to_owned(), format!("{BASE}/verify"), format!("{BASE}/start")] {
            let page = self.get(&path).text();
            if let Some((_, rest)) = page.split_once(r#"name="key" value=""#) {
                return rest.split('"').next().unwrap().to_owned();
            }
        }
        panic!("no form on the first pages");
    }

    fn log_in(&mut self, name: &str) -> Answer {
        self.post(&format!("{BASE}/login"), &[("username", name), ("password", PASSWORD)])
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

fn server() -> TestServer {
    let [sqlite, _] = TestServer::each();
    sqlite
}

fn with(settings: &[(&str, &str)]) -> TestServer {
    let [sqlite, _] = TestServer::each_with(settings);
    sqlite
}

#[test]
fn the_token_is_in_an_http_only_cookie_limited_to_the_pages() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        let mut browser = Browser::new(&server);
        let answer = browser.log_in("ada");
        assert_eq!((answer.status, answer.header("location")), (303, Some(BASE)), "{}", server.name());
        let lines = answer.headers("set-cookie");
        for name in ["nova-mfa-session=", "nova-mfa-browser="] {
            let line = lines.iter().find(|it| it.starts_with(name)).unwrap();
            for part in ["; Path=/interface/itspirit;", "; HttpOnly", "; SameSite=Strict"] {
                assert!(line.contains(part), "{part} in {line}");
            }
            assert!(!line.contains("Secure"), "{line}: there is no TLS here");
        }
        let token = browser.cookie("nova-mfa-session").unwrap().to_owned();
        let page = browser.get(BASE);
        assert_eq!(page.status, 200);
        assert!(!page.text().contains(&token) && page.text().contains("ada@example.com"));
    }
}

#[test]
fn over_tls_cookies_have_the_secure_prefix_and_attribute() {
    let server = with(&[("BEHIND_TLS_PROXY", "true")]);
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    let answer = browser.log_in("ada");
    let lines = answer.headers("set-cookie");
    let line = lines.iter().find(|it| it.contains("nova-mfa-session=")).unwrap();
    assert!(line.starts_with("__Secure-nova-mfa-session=") && line.contains("; Secure"), "{line}");
    // A cookie without the prefix, which plain HTTP could have set, is ignored.
    let plain = browser.client.get(BASE).header("Cookie", &line.replacen("__Secure-", "", 1));
    assert!(plain.send().text().contains(r#"name="password""#));
}

#[test]
fn the_api_ignores_the_cookie_and_the_pages_ignore_the_authorization_header() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let cookie = format!("nova-mfa-session={}", ada.access);
        server
            .client()
            .get("/api/mfa/status")
            .header("Cookie", &cookie)
            .send()
            .assert_problem(401, "token_missing");
        server
            .client()
            .post("/api/mfa/token/revoke")
            .header("Cookie", &cookie)
            .send()
            .assert_problem(401, "token_missing");
        let page = server.client().get(BASE).header("Cookie", &cookie).send();
        assert!(page.text().contains("ada@example.com"), "{}", server.name());
        let page = server.get(BASE, &ada.access);
        assert!(page.text().contains(r#"name="password""#), "{}", server.name());
        // Two cookies with the same name are both ignored.
        let two = server.client().get(BASE).header("Cookie", &format!("{cookie}; nova-mfa-session=x"));
        assert!(two.send().text().contains(r#"name="password""#));
    }
}

#[test]
fn the_login_form_ignores_blanks_around_a_name_and_the_case_of_an_address() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        for typed in [" ada\u{a0}", " Ada@Example.COM\u{200e}"] {
            let answer = Browser::new(&server).log_in(typed);
            assert_eq!((answer.status, answer.header("location")), (303, Some(BASE)), "{typed:?}");
        }
    }
}

#[test]
fn a_form_needs_its_csrf_key_and_must_come_from_the_same_origin() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    let key = browser.key();
    let login = format!("{BASE}/login");
    let fields = [("key", key.as_str()), ("username", "ada"), ("password", PASSWORD)];
    let refused = |request: Request| {
        let answer = request.send();
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(!answer.headers("set-cookie").iter().any(|it| it.contains("session=e")), "{answer:?}");
    };
    refused(browser.form(&login, &fields[1..]).header("Sec-Fetch-Site", "same-origin"));
    refused(
        browser.form(&login, &[("key", "x"), fields[1], fields[2]]).header("Sec-Fetch-Site", "same-origin"),
    );
    refused(browser.form(&login, &fields));
    for site in ["cross-site", "same-site", "none"] {
        refused(browser.form(&login, &fields).header("Sec-Fetch-Site", site));
    }
    refused(browser.form(&login, &fields).header("Origin", "https://evil.test"));
    refused(browser.form(&login, &fields).header("Origin", "null"));
    let mut stranger = Browser::new(&server);
    stranger.get(BASE);
    refused(stranger.form(&login, &fields).header("Sec-Fetch-Site", "same-origin"));

    let answer = browser.form(&login, &fields).header("Origin", "http://mfa.test").send();
    assert_eq!(answer.status, 303, "an older browser sends only the origin: {answer:?}");
}

#[test]
fn a_login_invalidates_the_csrf_keys_of_earlier_forms() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    let before = browser.key();
    browser.log_in("ada");
    assert_ne!(browser.key(), before);
    let stale = browser.form(&format!("{BASE}/logout"), &[("key", &before)]);
    assert_eq!(stale.header("Sec-Fetch-Site", "same-origin").send().status, 403);
    assert!(browser.get(BASE).text().contains("ada@example.com"), "still in");
}

#[test]
fn logging_out_revokes_the_token_and_clears_the_cookies() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        let mut browser = Browser::new(&server);
        browser.log_in("ada");
        let token = browser.cookie("nova-mfa-session").unwrap().to_owned();
        server.get("/api/mfa/status", &token).ok();
        let answer = browser.post(&format!("{BASE}/logout"), &[]);
        assert_eq!(answer.status, 303);
        assert_eq!(browser.cookie("nova-mfa-session"), None, "{}", server.name());
        server.get("/api/mfa/status", &token).assert_problem(401, "token_revoked");
        let page = browser.get(BASE);
        assert!(page.text().contains("role=\"status\""), "the next page shows the message");
        assert!(!browser.get(BASE).text().contains("role=\"status\""), "and the one after it does not");
    }
}

#[test]
fn every_page_has_a_csp_without_inline_code_or_other_hosts() {
    let server = server();
    let ada = server.enrol("ada");
    server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {}", ada.id));
    let access = server.token(ada.id, TokenKind::TwoFactors);
    let cookie = format!("nova-mfa-session={access}");
    let paths = [
        "",
        "/",
        "/verify",
        "/app",
        "/app/remove",
        "/codes",
        "/phone",
        "/activity",
        "/admin",
        "/admin/users",
        "/admin/events",
        "/admin/users/1",
        "/nothing",
        "/assets/nothing.js",
    ];
    for path in paths {
        let page = server.client().get(&format!("{BASE}{path}")).header("Cookie", &cookie).send();
        page.assert_page(path);
        let text = page.text();
        for (tag, what) in [("<script", " src=\""), ("<link", " href=\"/interface/")] {
            for found in text.split(tag).skip(1) {
                let tag = found.split('>').next().unwrap();
                assert!(tag.contains(what), "{path}: {tag}");
            }
        }
        for inline in [" style=", "<style", " onclick", " onload", "javascript:", "http://", "https://"] {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains(inline), "{path}: {inline}");
        }
    }
}

#[test]
fn static_files_have_content_hashed_names_and_are_cached() {
    let server = server();
    let page = server.client().get(BASE).send().text();
    let names: Vec<_> = page
        .split('"')
        .filter(|it| it.starts_with("/interface/itspirit/assets/"))
        .map(str::to_owned)
        .collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let file = server.client().get(&name).send();
        assert_eq!(file.status, 200, "{name}");
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"), "{name}");
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"), "{name}");
        let no_file = server.client().get(&name.replace('.', "x")).send();
        assert_eq!((no_file.status, no_file.header("cache-control")), (404, Some("no-store")), "{name}");
    }
}

#[test]
fn the_last_path_segment_selects_the_brand() {
    let server = with(&[("MFA_BRAND", "acme"), ("MFA_ISSUER", "Acme <b>")]);
    assert_eq!(server.client().get(BASE).send().status, 404);
    let page = server.client().get("/interface/acme").send();
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Acme &lt;b&gt;") && !page.text().contains("<b>"));
    let cookies = page.headers("set-cookie");
    assert!(cookies.iter().all(|it| it.contains("Path=/interface/acme;")), "{cookies:?}");
}

#[test]
fn common_entry_paths_redirect_to_the_first_page() {
    let server = with(&[("MFA_BRAND", "acme")]);
    for path in ["/", "/interface", "/interface/"] {
        let answer = server.client().get(path).send();
        assert_eq!((answer.status, answer.header("location")), (302, Some("/interface/acme")), "{path}");
        answer.assert_security_headers();
        server.client().post(path).send().assert_problem(405, "method_not_allowed");
    }
    server.client().get("/interface/none").send().assert_problem(404, "not_found");
}

#[test]
fn the_sms_outbox_is_shown_on_localhost_only() {
    let server = server();
    let outbox = format!("{BASE}/outbox");
    let at = |host: &'static str| server.client().named(host).get(&outbox);
    assert_eq!(at("localhost:8200").send().status, 200);
    assert_eq!(at("127.0.0.1").send().status, 200);
    assert_eq!(at("[::1]:8200").send().status, 200);
    // DNS rebinding by another site, and requests through a proxy.
    assert_eq!(at("evil.test").send().status, 404);
    assert_eq!(at("mfa.test").send().status, 404, "another name");
    for header in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
        assert_eq!(at("localhost").header(header, "127.0.0.1").send().status, 404, "{header}");
    }
    let page = server.client().named("localhost").get(BASE).send().text();
    assert!(page.contains("class=\"sms-preview\""));
    assert!(!server.client().get(BASE).send().text().contains("class=\"sms-preview\""));
}

#[test]
fn the_sms_outbox_page_does_not_exist_without_the_outbox_gateway() {
    // The outbox gateway exists in development only (`settings/tests/production.rs`).
    let server = with(&[
        ("MFA_SMS_PROVIDERS", "twilio"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "t"),
        ("TWILIO_FROM", "+33700000000"),
    ]);
    let local = |path: &str| server.client().named("localhost").get(path).send();
    assert_eq!(local(&format!("{BASE}/outbox")).status, 404);
    assert!(!local(BASE).text().contains("class=\"sms-preview\""));
}

#[test]
fn an_external_login_passes_a_pending_token_by_a_form_from_its_own_origin() {
    for server in
        TestServer::each_with(&[("LOGIN_ENABLED", "false"), ("MFA_LOGIN_URL", "https://nova.test/login")])
    {
        let ada = server.enrol("ada");
        let mut browser = Browser::new(&server);
        let handover = format!("{BASE}/handover");
        let hand = |browser: &Browser, origin: &str, token: &str| {
            browser.form(&handover, &[("token", token)]).header("Origin", origin).send()
        };
        let pending = server.pending(ada.id);
        for origin in ["https://nova.test.evil.test", "http://nova.test", "null", "http://mfa.test"] {
            assert_eq!(hand(&browser, origin, &pending).status, 403, "{origin}");
        }
        assert_eq!(browser.form(&handover, &[("token", &pending)]).send().status, 403);
        let access = hand(&browser, "https://nova.test", &ada.access);
        assert!(
            access.headers("set-cookie").iter().all(|it| !it.contains("session=e")),
            "only a pending token"
        );

        let taken = hand(&browser, "https://nova.test", &pending);
        let taken = browser.keep(taken);
        assert_eq!(taken.status, 200);
        assert!(taken.text().contains(&format!("{BASE}/verify")) && !taken.text().contains(&pending));
        let answer = browser.post(&format!("{BASE}/verify/totp"), &[("code", &ada.code(server.now()))]);
        assert_eq!((answer.status, answer.header("location")), (303, Some(BASE)), "{}", server.name());
        assert!(browser.get(BASE).text().contains("ada@example.com"));
        assert!(server.client().get(BASE).send().text().contains("https://nova.test/login"));
        let login = browser.post(&format!("{BASE}/login"), &[("username", "ada"), ("password", PASSWORD)]);
        assert_eq!(login.status, 404);
    }
}

#[test]
fn without_a_configured_external_login_the_handover_is_rejected() {
    let server = with(&[("LOGIN_ENABLED", "false")]);
    let browser = Browser::new(&server);
    let answer =
        browser.form(&format!("{BASE}/handover"), &[("token", "x")]).header("Origin", "http://mfa.test");
    assert_eq!(answer.send().status, 405, "the address is not a page of this service");
}

#[test]
fn a_wrong_code_on_a_page_is_counted_and_limited_like_one_from_the_api() {
    let server = with(&[("MFA_RATE_LIMIT_MAX", "3")]);
    let ada = server.enrol("ada");
    let pending = server.pending(ada.id);
    let mut browser = Browser::new(&server);
    browser.get(BASE);
    browser.cookies.push(("nova-mfa-session".into(), pending));
    let verify = format!("{BASE}/verify/totp");
    let wrong = ada.wrong_code(server.now());
    for _ in 0..3 {
        let page = browser.refused(&verify, &[("code", &wrong)]);
        assert!(page.status == 200 && page.text().contains(r#"role="alert""#), "{page:?}");
    }
    let limited = browser.refused(&verify, &[("code", &wrong)]);
    assert!(limited.text().contains("data-seconds=") && limited.text().contains(r#"role="alert""#));
    assert_eq!(server.failures(ada.id), 3);
    // A malformed code counts for the address limit but not for the account.
    server.advance(120);
}

#[test]
fn a_page_that_renews_codes_or_starts_an_enrolment_has_the_limits_of_the_api() {
    let server = with(&[("MFA_REGENERATE_PER_HOUR", "1")]);
    let id = server.add_user_with_password("ada", PASSWORD);
    let ada = server.enrol_user(id);
    let mut browser = Browser::new(&server);
    browser.log_in("ada");
    browser.post(&format!("{BASE}/verify/totp"), &[("code", &ada.code(server.now()))]);
    assert_eq!(browser.post(&format!("{BASE}/codes/new"), &[]).status, 303);
    let limited = browser.refused(&format!("{BASE}/codes/new"), &[]);
    assert!(limited.text().contains(r#"data-seconds="3600""#), "{limited:?}");
    server
        .post("/api/mfa/recovery/regenerate", &server.token(id, TokenKind::TwoFactors))
        .assert_problem(429, "rate_limited");
    for _ in 0..10 {
        assert_eq!(browser.post(&format!("{BASE}/app/start"), &[]).status, 303);
    }
    // There is no form to show the error on: it stands on a page of its own.
    let limited = browser.refused(&format!("{BASE}/app/start"), &[]);
    assert!(limited.status == 429 && limited.text().contains("data-seconds="), "{limited:?}");
    assert_ne!(browser.get(&format!("{BASE}/app/enrol")).status, 429, "once");
}

#[test]
fn the_language_is_the_browsers_until_the_user_chooses_another() {
    let server = server();
    let mut browser = Browser::new(&server);
    let language = |answer: &Answer| answer.header("content-language").unwrap().to_owned();
    assert_eq!(language(&server.client().get(BASE).header("Accept-Language", "en").send()), "en");
    assert_eq!(language(&browser.get(&format!("{BASE}?lang=en"))), "en");
    assert_eq!(language(&browser.get(BASE)), "en");
    assert_eq!(language(&browser.get(&format!("{BASE}?lang=fr"))), "fr");
    assert_eq!(language(&browser.get(&format!("{BASE}?lang=xx"))), "fr");
}
