//! Forms of passkeys and authenticators. The WebAuthn calls themselves are tested in a browser.

use std::time::Duration;

use super::{BASE, Browser, PASSWORD, server, with};

#[test]
fn the_options_of_a_registration_need_the_csrf_key_of_the_session() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    browser.log_in("ada");
    let options = format!("{BASE}/passkey/options");
    for field in [("key", "x"), ("other", "x")] {
        let refused = browser.form(&options, &[field]).header("Sec-Fetch-Site", "same-origin").send();
        assert_eq!(refused.status, 403);
    }
    let key = browser.key();
    let refused = browser.form(&options, &[("key", &key)]).header("Sec-Fetch-Site", "cross-site").send();
    assert_eq!(refused.status, 403);
    let answer = browser.post(&options, &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert_eq!(body["options"]["rp"]["id"], "localhost");
    assert!(body["options"]["challenge"].as_str().is_some_and(|it| it.len() > 40), "{body}");
}

#[test]
fn a_script_learns_why_a_call_cannot_start() {
    let server = with(&[("MFA_STEP_UP_MAX_AGE", "60")]);
    let ada = server.enrol("ada");
    let mut browser = Browser::new(&server);
    browser.cookies.push(("nova-mfa-session".to_owned(), ada.access.clone()));
    let answer = browser.post(&format!("{BASE}/verify/passkey/options"), &[]);
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(answer.json()["message"].as_str().is_some_and(|it| !it.is_empty()), "{answer:?}");
    server.clock.advance(Duration::from_mins(2));
    let answer = browser.post(&format!("{BASE}/passkey/options"), &[]);
    assert_eq!(answer.json()["location"], format!("{BASE}/verify?then=passkey"), "{answer:?}");
}

#[test]
fn a_form_without_a_credential_shows_an_error() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    browser.log_in("ada");
    for credential in ["", "{}", "no JSON"] {
        let answer = browser.refused(&format!("{BASE}/passkey"), &[("credential", credential)]);
        assert!(answer.text().contains("role=\"alert\""), "{credential:?}");
    }
}

#[test]
fn only_an_authenticator_of_ones_own_has_a_page() {
    let server = server();
    let ada = server.enrol("ada");
    let mut browser = Browser::new(&server);
    browser.cookies.push(("nova-mfa-session".to_owned(), ada.access.clone()));
    assert!(browser.get(BASE).text().contains("/authenticators/totp\""));
    assert_eq!(browser.get(&format!("{BASE}/authenticators/totp")).status, 200);
    for id in ["sms", "x%2Fy", "AAAAAAAAAAAA", "%3Cb%3E"] {
        for page in ["", "/remove"] {
            let answer = browser.get(&format!("{BASE}/authenticators/{id}{page}"));
            assert_eq!(answer.status, 404, "{id}{page}");
        }
    }
    let renamed = browser.post(&format!("{BASE}/authenticators/totp/rename"), &[("name", " Téléphone <b> ")]);
    assert_eq!((renamed.status, renamed.header("location")), (303, Some(BASE)));
    assert!(browser.get(BASE).text().contains("Téléphone &lt;b&gt;"));
    let refused = browser.refused(&format!("{BASE}/authenticators/totp/rename"), &[("name", " ")]);
    assert!(refused.text().contains(r#"role="alert""#), "{refused:?}");
    let removed = browser.post(&format!("{BASE}/authenticators/totp/remove"), &[]);
    assert_eq!((removed.status, removed.header("location")), (303, Some(BASE)));
    assert!(!browser.get(BASE).text().contains("/authenticators/totp\""));
}
