//! Tests of the encrypted state that pages keep in a cookie.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Member, TestServer};

use super::{BASE, Browser, PASSWORD, server};

#[test]
fn new_recovery_codes_survive_a_reload_in_the_same_browser_and_no_other() {
    for server in TestServer::each() {
        let name = server.name();
        let (member, old) = server.enrol_with_codes("ada");
        let mut browser = Browser::new(&server);
        browser.cookies.push(("nova-mfa-session".to_owned(), server.token(member.id, TokenKind::TwoFactors)));
        let made = browser.post(&format!("{BASE}/codes/new"), &[]);
        let place = format!("{BASE}/codes/new");
        assert_eq!((made.status, made.header("location")), (303, Some(place.as_str())), "{name}");
        let carried = browser.cookie("nova-mfa-carried").unwrap().to_owned();
        let line = made.headers("set-cookie").into_iter().find(|it| it.contains("carried")).unwrap();
        for part in ["; Path=/interface/itspirit;", "; HttpOnly", "; SameSite=Strict", "; Max-Age=600"] {
            assert!(line.contains(part), "{part} in {line}");
        }
        let codes = codes_of(&browser.get(&place));
        assert_eq!(codes.len(), 10, "{name}");
        assert!(old.iter().all(|it| !codes.contains(it)));
        assert!(!carried.contains(&codes[0]) && !server.installation.log().contains(&codes[0]));
        // In the other language and after a reload.
        assert_eq!(codes_of(&browser.get(&format!("{place}?lang=en"))), codes, "{name}");

        // Another login, the same token in another browser, and an altered cookie.
        let list = Some(format!("{BASE}/codes"));
        let mut other = Browser::new(&server);
        other.cookies.clone_from(&browser.cookies);
        for (cookie, value) in [
            ("nova-mfa-session", server.token(member.id, TokenKind::TwoFactors)),
            ("nova-mfa-browser", "another".to_owned()),
            ("nova-mfa-carried", carried.replacen("v1.test.", "v1.test.A", 1)),
        ] {
            other.cookies.clone_from(&browser.cookies);
            other.cookies.retain(|(it, _)| it != cookie);
            other.cookies.push((cookie.to_owned(), value));
            let answer = other.get(&place);
            assert_eq!(answer.header("location").map(str::to_owned), list, "{name}: {cookie}");
        }

        let kept = browser.get(&format!("{BASE}/codes/kept"));
        assert_eq!((kept.status, kept.header("location")), (303, Some(BASE)), "{name}");
        assert_eq!(browser.cookie("nova-mfa-carried"), None, "{name}");
        assert_eq!(browser.get(&place).header("location").map(str::to_owned), list, "{name}");
        // A kept copy of the cookie works for ten minutes, with this login only.
        browser.cookies.push(("nova-mfa-carried".to_owned(), carried));
        assert_eq!(codes_of(&browser.get(&place)), codes, "{name}");
        server.advance(600);
        assert_eq!(browser.get(&place).header("location").map(str::to_owned), list, "{name}");
        server.verify_recovery_code(&server.pending(member.id), &codes[0]).ok();
    }
}

#[test]
fn an_enrolment_survives_a_reload_a_wrong_code_and_a_change_of_language() {
    let server = server();
    let id = server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    browser.log_in("ada");
    let started = browser.post(&format!("{BASE}/app/start"), &[]);
    let place = format!("{BASE}/app/enrol");
    assert_eq!((started.status, started.header("location")), (303, Some(place.as_str())));
    let secret = secret_of(&browser.get(&place));
    assert_eq!(secret_of(&browser.get(&format!("{place}?lang=en"))), secret);
    let member = Member { id, secret: mfa_totp::import_secret(&secret).unwrap(), access: String::new() };
    let wrong =
        browser.refused(&format!("{BASE}/app/confirm"), &[("code", &member.wrong_code(server.now()))]);
    assert_eq!((wrong.status, secret_of(&wrong)), (200, secret.clone()), "{wrong:?}");
    assert!(wrong.text().contains(r#"aria-invalid="true""#) && wrong.text().contains("ada@example.com"));
    assert!(wrong.text().contains(&format!("{place}?lang=fr")), "each page offers the other language");
    let again = browser.get(&format!("{BASE}/app/confirm"));
    assert_eq!(again.header("location"), Some(place.as_str()));

    let right = browser.post(&format!("{BASE}/app/confirm"), &[("code", &member.code(server.now()))]);
    assert_eq!(right.header("location"), Some(&*format!("{BASE}/codes/new")), "{right:?}");
    let page = browser.get(&format!("{BASE}/codes/new"));
    assert_eq!(codes_of(&page).len(), 10);
    assert!(page.text().contains("/codes/kept?then=phone"), "a phone is the next step");
    assert_eq!(browser.get(&place).header("location"), Some(&*format!("{BASE}/app")), "the secret is gone");
    let out = browser.post(&format!("{BASE}/logout"), &[]);
    assert_eq!(out.status, 303);
    assert_eq!(browser.cookie("nova-mfa-carried"), None, "a logout leaves nothing behind");
}

#[test]
fn a_pending_phone_number_and_its_resend_delay_survive_a_reload() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    browser.log_in("ada");
    let place = format!("{BASE}/phone/confirm");
    let none = browser.get(&place);
    assert_eq!(none.header("location"), Some(&*format!("{BASE}/phone")), "no code is awaited");
    let set = browser.post(&format!("{BASE}/phone"), &[("country", "FR"), ("phone", "06 12 34 56 12")]);
    assert_eq!((set.status, set.header("location")), (303, Some(place.as_str())), "{set:?}");
    for wait in [60, 40, 0] {
        let page = browser.get(&place).text();
        assert!(page.contains(&format!(r#"data-after="{wait}""#)), "{wait} in {page}");
        assert!(page.contains("+33\u{a0}6\u{a0}12\u{a0}34\u{a0}56\u{a0}12"), "the whole number: {page}");
        server.advance(if wait == 60 { 20 } else { 41 });
    }
    let refused = browser.refused(&place, &[("code", "1")]);
    assert!(
        refused.text().contains("+33\u{a0}6\u{a0}12") && refused.text().contains(r#"role="alert""#),
        "{refused:?}"
    );
}

#[test]
fn changing_the_language_keeps_the_current_page() {
    let server = server();
    let ada = server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    server.enrol_user(ada);
    browser.log_in("ada");
    let page = browser.get(&format!("{BASE}/verify?with=recovery&then=codes&lang=en"));
    let link = format!("{BASE}/verify?with=recovery&amp;then=codes&amp;lang=fr");
    assert!(page.text().contains(&link), "{}", page.text());
    let refused = browser.refused(&format!("{BASE}/verify/totp"), &[("code", "12"), ("then", "phone")]);
    let link = format!("{BASE}/verify?with=totp&amp;then=phone&amp;lang=fr");
    assert!(
        refused.text().contains(r#"role="alert""#) && refused.text().contains(&link),
        "{}",
        refused.text()
    );
    let reloaded = browser.get(&format!("{BASE}/verify/totp"));
    assert_eq!(reloaded.header("location"), Some(&*format!("{BASE}/verify?with=totp&then=home")));
}

/// Returns the recovery codes on a page.
fn codes_of(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let text = page.text();
    let list = text.split_once(r#"id="codes""#).unwrap_or_else(|| panic!("no codes in {text}")).1;
    let list = list.split("</ol>").next().unwrap();
    list.split("<li><code>").skip(1).map(|it| it.split('<').next().unwrap().to_owned()).collect()
}

/// Returns the secret for manual entry on an enrolment page.
fn secret_of(page: &Answer) -> String {
    let text = page.text();
    let rest = text.split_once(r#"<code id="secret">"#).unwrap_or_else(|| panic!("no secret in {text}")).1;
    rest.split('<').next().unwrap().replace(' ', "")
}
