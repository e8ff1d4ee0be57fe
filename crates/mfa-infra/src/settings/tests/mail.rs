//! Tests of the settings of mails.

use super::super::{MailDelivery, NotifyMode, SmtpEncryption};
use super::*;

/// Production with a mail server.
fn smtp(url: &str) -> Fixture {
    Fixture::production().set("SMTP_URL", url).set("MFA_MAIL_FROM", "NOVA <no-reply@example.com>")
}

fn server(fixture: &Fixture) -> super::super::SmtpSettings {
    match fixture.load().unwrap().mail.delivery {
        Some(MailDelivery::Smtp(smtp)) => smtp,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mail_server_switches_notifications_on() {
    let fixture = smtp("smtps://nova:hun%40ter2@smtp.example.com");
    let settings = fixture.load().unwrap();
    assert_eq!(settings.mail.notify, NotifyMode::Changes);
    assert_eq!(settings.mail.from.name.as_deref(), Some("NOVA"));
    assert_eq!(settings.mail.from.address.as_str(), "no-reply@example.com");
    let smtp = server(&fixture);
    assert_eq!(
        (smtp.host.as_str(), smtp.port, smtp.encryption),
        ("smtp.example.com", 465, SmtpEncryption::Tls)
    );
    let (user, password) = smtp.login.unwrap();
    assert_eq!((user.as_str(), password.expose()), ("nova", "hun@ter2"));
    assert_eq!(fixture.shown("SMTP_URL").0.as_deref(), Some("smtps://nova:***@smtp.example.com"));
    assert_eq!(fixture.shown("MFA_NOTIFY").0.as_deref(), Some("changes"));
    let off = fixture.set("MFA_NOTIFY", "off").load().unwrap();
    assert!(off.mail.active_delivery().is_none());
}

#[test]
fn the_password_may_be_in_a_file() {
    let fixture = Fixture::production()
        .file("smtp", "smtp://nova:hunter2@smtp.example.com:2525\n")
        .set("SMTP_URL_FILE", "smtp")
        .set("MFA_MAIL_FROM", "no-reply@example.com");
    let smtp = server(&fixture);
    assert_eq!((smtp.port, smtp.encryption), (2525, SmtpEncryption::StartTls));
    assert_eq!(fixture.load().unwrap().mail.from.name, None);
    assert!(!format!("{:?}", fixture.load().unwrap()).contains("hunter2"));
}

#[test]
fn only_development_on_this_machine_does_without_starttls() {
    for (fixture, encryption) in [
        (smtp("smtp://127.0.0.1"), SmtpEncryption::StartTls),
        (smtp("smtp://127.0.0.1").set("MFA_ENV", "development"), SmtpEncryption::StartTlsIfOffered),
        (smtp("smtp://localhost:2525").set("MFA_ENV", "development"), SmtpEncryption::StartTlsIfOffered),
        (smtp("smtp://[::1]:2525").set("MFA_ENV", "development"), SmtpEncryption::StartTlsIfOffered),
        (smtp("smtp://smtp.example.com").set("MFA_ENV", "development"), SmtpEncryption::StartTls),
    ] {
        assert_eq!(server(&fixture).encryption, encryption);
    }
}

#[test]
fn without_a_mail_server_production_sends_nothing_and_development_writes_a_file() {
    let production = Fixture::production().load().unwrap().mail;
    assert_eq!((production.notify, production.delivery), (NotifyMode::Off, None));
    assert_eq!(Fixture::production().shown("MFA_NOTIFY").0.as_deref(), Some("off"));
    let fixture = Fixture::new();
    let development = fixture.load().unwrap().mail;
    let path = fixture.dir.path().join("data/mail-outbox.jsonl");
    assert_eq!(development.active_delivery(), Some(&MailDelivery::Outbox(path)));
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    for (fixture, message) in [
        (
            Fixture::production().set("MFA_NOTIFY", "changes"),
            "MFA_NOTIFY is changes, but SMTP_URL is not set: set SMTP_URL=smtps://",
        ),
        (with("MFA_NOTIFY", "all"), "MFA_NOTIFY is all: use off or changes"),
        (
            Fixture::production().set("SMTP_URL", "smtps://smtp.example.com"),
            "MFA_MAIL_FROM is not set, but SMTP_URL is: use one address",
        ),
        (smtp("https://smtp.example.com"), "SMTP_URL is not the URL of a mail server: use smtps://"),
        (smtp("smtp.example.com:587"), "SMTP_URL is not"),
        (smtp("smtp://"), "SMTP_URL"),
        (smtp("smtps://nova@smtp.example.com"), "SMTP_URL has a user name and no password"),
        (smtp("smtps://:hunter2@smtp.example.com"), "SMTP_URL has a password and no user name"),
        (smtp("smtps://nova:hunter2@smtp.example.com/?tls=none"), "SMTP_URL has a part after the host"),
        (smtp("smtps://nova:hunter2#x@smtp.example.com"), "SMTP_URL"),
        (
            smtp("smtps://smtp.example.com").set("MFA_MAIL_FROM", "NOVA"),
            "MFA_MAIL_FROM is NOVA: use one address",
        ),
        (
            smtp("smtps://smtp.example.com").set("MFA_MAIL_FROM", "a@example.com, b@example.com"),
            "MFA_MAIL_FROM",
        ),
        (
            smtp("smtps://smtp.example.com").set("MFA_MAIL_FROM", "NOVA\r\nBcc: <a@example.com>"),
            "MFA_MAIL_FROM",
        ),
    ] {
        let error = fixture.error();
        assert!(error.starts_with(message), "{message} in {error}");
    }
}
