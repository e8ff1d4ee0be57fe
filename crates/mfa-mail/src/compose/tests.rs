use std::collections::BTreeSet;

use mfa_core::UserId;

use super::*;
use crate::notice::Notice;
use crate::outbox::QueuedNotice;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn texts(url: Option<&str>, text: Option<&str>) -> MailTexts {
    let help = HelpContact { url: url.map(str::to_owned), text: text.map(str::to_owned) };
    MailTexts::new("NOVA", help, "example.com").unwrap()
}

fn mail(notice: Notice, language: PreferredLanguage) -> QueuedMail {
    QueuedMail {
        queued: QueuedNotice {
            user: UserId::new(7),
            seq: 3,
            event_id: "0123456789abcdef0123456789abcdef".to_owned(),
            address: "ada@example.com".to_owned(),
            notice,
            language,
            // 2026-11-01T09:05:59Z
            at: Timestamp::from_seconds(1_793_523_959),
        },
        tries: 0,
        ip: Some("2001:db8::7".parse().unwrap()),
        user_agent: Some(FIREFOX.to_owned()),
    }
}

#[test]
fn a_mail_says_what_happened_when_where_and_what_to_do() {
    let texts = texts(Some("https://help.example.com/mfa"), Some("Helpdesk: 01 23 45 67 89"));
    let english = texts.compose(&mail(Notice::AppRemoved, PreferredLanguage::English)).unwrap();
    assert_eq!(english.subject, "NOVA: authenticator app removed");
    let expected = "Hello,\n\n\
        An authenticator app was removed from your NOVA account. Its codes no longer work.\n\n\
        When: 1 November 2026, 09:05 UTC\nDevice: Firefox (Linux)\nIP address: 2001:db8::7\n\n\
        If it was you, there is nothing to do.\n\n\
        If it was not you, someone else may have access to your account. Get help at once:\n\
        https://help.example.com/mfa\nHelpdesk: 01 23 45 67 89\n\n\
        This message was sent automatically. NOVA never asks for a code or a password by email.\n";
    assert_eq!(english.text, expected);
    assert_eq!(english.id.as_str(), "<0123456789abcdef0123456789abcdef.nova-mfa@example.com>");
    assert_eq!((english.to.as_str(), english.language), ("ada@example.com", "en"));
}

#[test]
fn the_french_mail_is_french() {
    let french = texts(None, None).compose(&mail(Notice::Locked, PreferredLanguage::French)).unwrap();
    assert_eq!(french.subject, "NOVA\u{a0}: compte verrouillé");
    assert!(french.text.contains("Date\u{a0}: le 1er novembre 2026 à 09:05 UTC\n"), "{}", french.text);
    assert!(french.text.contains("contactez votre administrateur"), "{}", french.text);
    assert_eq!(french.language, "fr");
}

#[test]
fn the_address_and_the_device_of_an_administrator_are_not_told() {
    for notice in Notice::ALL.iter().filter(|it| it.is_by_administrator()) {
        let text = texts(None, None).compose(&mail(*notice, PreferredLanguage::English)).unwrap().text;
        assert!(!text.contains("2001:db8::7") && !text.contains("Firefox"), "{text}");
        assert!(text.contains("administrator") && text.contains("If you did not expect this"), "{text}");
    }
}

#[test]
fn every_notice_has_texts_of_its_own_in_both_languages() {
    let (texts, mut seen) = (texts(None, None), BTreeSet::new());
    for language in [PreferredLanguage::French, PreferredLanguage::English] {
        for notice in Notice::ALL {
            let mail = texts.compose(&mail(*notice, language)).unwrap();
            assert!(mail.subject.starts_with("NOVA"), "{notice:?}: {}", mail.subject);
            assert!(mail.subject.chars().count() <= 78, "{notice:?}: {}", mail.subject);
            assert!(!mail.text.contains(['{', '}']) && !mail.text.contains("mail-"), "{}", mail.text);
            assert!(seen.insert(mail.subject) && seen.insert(mail.text), "{notice:?}");
        }
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut mail = mail(Notice::PasskeyAdded, PreferredLanguage::English);
    (mail.ip, mail.user_agent) = (None, Some("evil.example: log in here".to_owned()));
    let text = texts(None, None).compose(&mail).unwrap().text;
    assert!(text.contains("When: 1 November 2026, 09:05 UTC\n\n"), "{text}");
    assert!(!text.contains("evil"), "{text}");
}

#[test]
fn an_address_that_is_not_one_address_gets_no_mail() {
    let mut mail = mail(Notice::PasskeyAdded, PreferredLanguage::English);
    for address in ["ada@example.com, eve@example.com", "ada@example.com\r\nBcc: eve@example.com", ""] {
        address.clone_into(&mut mail.queued.address);
        assert_eq!(texts(None, None).compose(&mail).unwrap_err(), RecipientError);
    }
}

#[test]
fn a_subject_is_one_line() {
    let texts = MailTexts::new("NO\r\nVA", HelpContact::default(), "example.com").unwrap();
    let mail = texts.compose(&mail(Notice::PasskeyAdded, PreferredLanguage::English)).unwrap();
    assert_eq!(mail.subject, "NO  VA: passkey added");
}
