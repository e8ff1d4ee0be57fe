//! Tests of refused forms, of sessions that end, and of browsers without cookies.

use std::time::Duration;

use mfa_flows::TokenKind;

use super::{BASE, Browser, PASSWORD, server, with};

#[test]
fn a_refused_form_is_a_redirect_whose_page_shows_error_and_typed_text_once() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    let login = format!("{BASE}/login");
    let answer = browser.post(&login, &[("username", "ada"), ("password", "wrong")]);
    assert_eq!((answer.status, answer.header("location")), (303, Some(BASE)));
    let cookie = browser.cookie("nova-mfa-refused").unwrap().to_owned();
    assert!(cookie.len() < 3_000 && !cookie.contains("ada"), "{cookie}");
    let page = browser.get(BASE).text();
    assert!(page.contains(r#"role="alert""#) && page.contains(r#"value="ada""#), "{page}");
    assert!(!page.contains("wrong"), "a password is never shown again");
    let again = browser.get(BASE).text();
    assert!(!again.contains(r#"role="alert""#) && browser.cookie("nova-mfa-refused").is_none());

    // Another browser cannot read it.
    let mut other = Browser::new(&server);
    other.get(BASE);
    other.cookies.push(("nova-mfa-refused".to_owned(), cookie));
    assert!(!other.get(BASE).text().contains(r#"value="ada""#));
}

#[test]
fn a_session_that_ended_says_so_and_the_login_returns_to_the_page() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    browser.log_in("ada");
    assert_eq!(browser.get(&format!("{BASE}/activity")).status, 200);
    server.advance(24 * 3600);
    let ended = browser.get(&format!("{BASE}/activity?before=7"));
    assert_eq!((ended.status, ended.header("location")), (303, Some(BASE)));
    assert!(browser.get(BASE).text().contains(r#"role="status""#), "it says so");
    browser.log_in("ada");
    let home = browser.get(BASE);
    assert_eq!(home.header("location"), Some(&*format!("{BASE}/activity?before=7")), "{home:?}");
    assert_eq!(browser.get(BASE).status, 200, "once");
}

#[test]
fn only_a_page_of_this_site_is_returned_to() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    for page in ["//evil.test", "https://evil.test/", "/../../evil", "/logout", "/codes/kept", "@evil.test"] {
        let mut browser = Browser::new(&server);
        browser.get(BASE);
        browser.cookies.push(("nova-mfa-return-to".to_owned(), page.to_owned()));
        browser.log_in("ada");
        browser.cookies.push(("nova-mfa-return-to".to_owned(), page.to_owned()));
        let home = browser.get(BASE);
        assert!(home.status == 200 || home.header("location") == Some(BASE), "{page}: {home:?}");
    }
}

#[test]
fn a_session_about_to_end_warns_on_the_next_page() {
    let server = server();
    let ada = server.enrol("ada");
    let mut browser = Browser::new(&server);
    browser.get(BASE);
    browser.cookies.push(("nova-mfa-session".to_owned(), server.token(ada.id, TokenKind::TwoFactors)));
    let page = browser.get(&format!("{BASE}/activity")).text();
    let left: u64 =
        page.split_once("data-session-ends=\"").unwrap().1.split('"').next().unwrap().parse().unwrap();
    assert!(left > 120 && page.contains(r#"<p class="banner warn" hidden>"#), "{left}");
    server.clock.advance(Duration::from_secs(left - 90));
    let page = browser.get(&format!("{BASE}/activity")).text();
    assert!(page.contains(r#"data-session-ends="90""#), "{page}");
    assert!(!page.contains(r#"<p class="banner warn" hidden>"#), "without scripts the page shows it");
    assert!(page.contains("/verify?then=%2Factivity"), "{page}");
}

#[test]
fn what_was_typed_survives_the_step_up_that_interrupts_a_form() {
    let server = with(&[("MFA_STEP_UP_MAX_AGE", "60")]);
    let ada = server.enrol("ada");
    let mut browser = Browser::new(&server);
    browser.get(BASE);
    browser.cookies.push(("nova-mfa-session".to_owned(), server.token(ada.id, TokenKind::TwoFactors)));
    assert_eq!(browser.get(&format!("{BASE}/phone")).status, 200);
    server.advance(120);
    let typed = [("country", "FR"), ("phone", "06 12 34 56 12")];
    let answer = browser.post(&format!("{BASE}/phone"), &typed);
    assert_eq!(answer.header("location"), Some(&*format!("{BASE}/verify?then=phone")));
    // A page that is opened too late asks first.
    let asked = browser.get(&format!("{BASE}/backup"));
    assert_eq!(asked.status, 303, "{asked:?}");
    let code = ada.code(server.now());
    let verified = browser.post(&format!("{BASE}/verify/totp"), &[("code", &code), ("then", "phone")]);
    assert_eq!(verified.header("location"), Some(&*format!("{BASE}/phone")), "{verified:?}");
    assert!(browser.get(&format!("{BASE}/phone")).text().contains(r#"value="06 12 34 56 12""#));
}

#[test]
fn blocked_cookies_are_named_and_a_tab_behind_another_goes_home() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    let key = browser.key();
    let fields = [("key", key.as_str()), ("username", "ada"), ("password", PASSWORD)];
    let login = format!("{BASE}/login");
    let blocked = Browser::new(&server).form(&login, &fields).header("Sec-Fetch-Site", "same-origin").send();
    assert_eq!(blocked.status, 403);
    assert!(blocked.text().to_lowercase().contains("cookies"), "{blocked:?}");

    browser.log_in("ada");
    for path in ["/login", "/verify/totp"] {
        let stale =
            browser.form(&format!("{BASE}{path}"), &fields).header("Sec-Fetch-Site", "same-origin").send();
        assert_eq!((stale.status, stale.header("location")), (303, Some(BASE)), "{path}: {stale:?}");
    }
}

#[test]
fn a_slip_in_a_recovery_code_costs_no_attempt_and_is_kept() {
    let server = server();
    let (ada, _) = server.enrol_with_codes("ada");
    let mut browser = Browser::new(&server);
    browser.get(BASE);
    browser.cookies.push(("nova-mfa-session".to_owned(), server.pending(ada.id)));
    let page = browser.refused(&format!("{BASE}/verify/recovery"), &[("code", "abcd-efgh-jkmn-pqr")]);
    assert!(page.text().contains(r#"value="abcd-efgh-jkmn-pqr""#), "{}", page.text());
    assert_eq!(server.failures(ada.id), 0);
    let page = browser.refused(&format!("{BASE}/verify/recovery"), &[("code", "abcd-efgh-jkmn-pqrs")]);
    assert!(!page.text().contains("pqrs") && page.text().contains(r#"role="alert""#));
    assert_eq!(server.failures(ada.id), 1, "a complete one is checked");
}

#[test]
fn a_code_with_spaces_is_accepted_without_scripts() {
    let server = server();
    let ada = server.enrol("ada");
    let mut browser = Browser::new(&server);
    browser.get(BASE);
    browser.cookies.push(("nova-mfa-session".to_owned(), server.pending(ada.id)));
    let code = ada.code(server.now());
    let typed = format!(" {} {}", &code[..3], &code[3..]);
    let answer = browser.post(&format!("{BASE}/verify/totp"), &[("code", &typed)]);
    assert_eq!((answer.status, answer.header("location")), (303, Some(BASE)), "{answer:?}");
}

#[test]
fn the_page_of_a_locked_account_says_until_when_and_a_session_tells_of_it_too() {
    let server = with(&[("MFA_MAX_FAILURES", "4"), ("MFA_HELP_TEXT", "Call <7> 12 34")]);
    let ada = server.enrol("ada");
    let mut browser = Browser::new(&server);
    browser.get(BASE);
    browser.cookies.push(("nova-mfa-session".to_owned(), server.pending(ada.id)));
    let verify = format!("{BASE}/verify/totp");
    let wrong = ada.wrong_code(server.now());
    let warns = |page: &str| page.contains(r#"class="banner warn" role="status""#);
    for left in [3, 2, 1] {
        let page = browser.refused(&verify, &[("code", &wrong)]).text();
        assert!(warns(&page), "{left} left: {page}");
    }
    let page = browser.refused(&verify, &[("code", &wrong)]).text();
    assert!(page.contains(" UTC") && page.contains("data-after-wait"), "{page}");
    assert!(page.contains("Call &lt;7&gt; 12 34"), "whom to call: {page}");
    let mut session = Browser::new(&server);
    session.get(BASE);
    session.cookies.push(("nova-mfa-session".to_owned(), server.token(ada.id, TokenKind::TwoFactors)));
    assert!(session.get(BASE).text().contains("lock-notice"));
}

#[test]
fn english_dates_follow_the_region_of_the_browser() {
    let server = server();
    let ada = server.enrol("ada");
    let cookie = format!("nova-mfa-session={}", ada.access);
    let format = |languages: &str| {
        let request = server.client().get(BASE).header("Cookie", &cookie);
        let page = request.header("Accept-Language", languages).send().text();
        page.split_once("data-format=\"").unwrap().1.split('"').next().unwrap().to_owned()
    };
    assert_eq!(["en-US", "en-GB", "en", "fr-CA"].map(format), ["en-US", "en-GB", "en-GB", "fr"]);
}

#[test]
fn a_refused_number_says_why_and_what_one_of_the_country_looks_like() {
    let server = server();
    server.add_user_with_password("ada", PASSWORD);
    let mut browser = Browser::new(&server);
    browser.get(&format!("{BASE}?lang=en"));
    browser.log_in("ada");
    for (phone, text) in [
        ("06 12", "06\u{a0}12\u{a0}34\u{a0}56\u{a0}78"),
        ("01 23 45 67 89", "landline"),
        ("08 99 12 34 56", "premium-rate"),
        ("+44 7400 123456", "this country"),
    ] {
        let page = browser.refused(&format!("{BASE}/phone"), &[("country", "FR"), ("phone", phone)]).text();
        assert!(page.contains(text), "{phone}: {page}");
        assert!(page.contains(&format!(r#"value="{phone}""#)), "{phone} is kept");
    }
}

#[test]
fn the_backup_page_shows_what_was_chosen() {
    let server = server();
    let ada = server.enrol("ada");
    let mut browser = Browser::new(&server);
    browser.get(BASE);
    browser.cookies.push(("nova-mfa-session".to_owned(), server.token(ada.id, TokenKind::TwoFactors)));
    browser.post(&format!("{BASE}/phone"), &[("country", "FR"), ("phone", "06 12 34 56 12")]);
    let code = server.sms_code("+33612345612");
    let confirmed = browser.post(&format!("{BASE}/phone/confirm"), &[("code", &code)]);
    assert_eq!(confirmed.header("location"), Some(&*format!("{BASE}/backup?first=yes")));
    let backup = format!("{BASE}/backup");
    let chosen = |page: &str| {
        let input =
            page.split(r#"name="method""#).find(|it| it.split('>').next().unwrap().contains("checked"));
        input.unwrap().split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(chosen(&browser.get(&format!("{backup}?first=yes")).text()), "sms");
    assert_eq!(chosen(&browser.get(&backup).text()), "none");
    assert_eq!(browser.post(&backup, &[("method", "sms")]).status, 303);
    assert_eq!(chosen(&browser.get(&backup).text()), "sms");
    assert_eq!(browser.post(&backup, &[("method", "none")]).status, 303);
    assert_eq!(chosen(&browser.get(&backup).text()), "none");
}
