//! Tests of the connection to the mail server in production: nothing is sent without TLS.

use nova_mfa_tests::{Installation, SmtpServer, SmtpTls};

use super::{borrowed, settings};

/// Creates a production installation with this mail server, whose certificate it trusts.
fn production(smtp: &SmtpServer, scheme: &str) -> Installation {
    let url = vec![
        ("MFA_ENV", "production".to_owned()),
        ("SMTP_URL", format!("{scheme}://nova:secret-of-smtp@localhost:{}", smtp.port())),
        ("SSL_CERT_FILE", "cert.pem".to_owned()),
    ];
    let installation = Installation::sqlite(&borrowed(&[settings(smtp), url].concat()));
    smtp.certificate().write(installation.folder());
    let file = installation.folder().join("cert.pem");
    std::fs::remove_file(installation.folder().join("key.pem")).unwrap();
    installation.with("SSL_CERT_FILE", file.to_str().unwrap())
}

/// Runs the checks of `mfa-admin doctor` and returns the finding of the mail server.
fn doctor(installation: &Installation) -> String {
    let (_, text) = installation.admin_text(&["doctor"]);
    let found: Vec<_> = text.split('\n').filter(|line| line.contains("mail server")).collect();
    assert!(!text.contains("secret-of-smtp"), "{text}");
    found.join("\n")
}

/// Causes a mail by an administrator's act.
fn cause(installation: &Installation) {
    let id = installation.admin_creates_user("ada", "correct horse battery");
    installation.admin(&["user", "unlock", "--user-id", &id.to_string()], "");
}

#[test]
fn mails_are_sent_over_starttls_and_over_tls_after_a_login() {
    for (tls, scheme) in [(SmtpTls::StartTls, "smtp"), (SmtpTls::Implicit, "smtps")] {
        let smtp = SmtpServer::start_with(tls, Some(("nova", "secret-of-smtp")));
        let installation = production(&smtp, scheme);
        cause(&installation);
        let finding = doctor(&installation);
        assert!(finding.contains("accepts the connection and the login"), "{finding}");
        assert_eq!(smtp.received().len(), 0, "doctor sends nothing");
        let _server = installation.start();
        let mails = smtp.wait_for(1);
        assert!(mails[0].encrypted && mails[0].user.as_deref() == Some("nova"), "{tls:?}");
        let logins = smtp.commands().iter().filter(|line| line.starts_with("AUTH")).count();
        assert_eq!(logins, 2, "doctor and the mail: {tls:?}");
    }
}

#[test]
fn a_server_without_starttls_gets_neither_mail_nor_password() {
    let smtp = SmtpServer::start_with(SmtpTls::None, Some(("nova", "secret-of-smtp")));
    let installation = production(&smtp, "smtp");
    cause(&installation);
    let finding = doctor(&installation);
    assert!(finding.contains("does not offer STARTTLS"), "{finding}");
    let server = installation.start();
    smtp.wait_until("an attempt of the server", |it| it.connections() >= 2);
    assert!(installation.log_contains("does not offer STARTTLS"));
    server.kill();
    let has_secret = |line: &String| line.starts_with("AUTH") || line.starts_with("MAIL");
    assert!(!smtp.commands().iter().any(has_secret), "{:?}", smtp.commands());
    assert_eq!(installation.number("SELECT count(*) FROM mfa_mail_outbox"), 1, "kept");
}

#[test]
fn a_certificate_of_somebody_else_is_refused() {
    let (smtp, stranger) = (
        SmtpServer::start_with(SmtpTls::StartTls, Some(("nova", "secret-of-smtp"))),
        SmtpServer::start_with(SmtpTls::StartTls, None),
    );
    let installation = production(&smtp, "smtp");
    stranger.certificate().write(installation.folder());
    std::fs::remove_file(installation.folder().join("key.pem")).unwrap();
    let finding = doctor(&installation);
    assert!(finding.contains("cannot be used") && finding.contains("certificate"), "{finding}");
    assert!(!smtp.commands().iter().any(|line| line.starts_with("AUTH")), "{:?}", smtp.commands());
}

#[test]
fn doctor_names_a_wrong_password_and_a_server_that_is_away() {
    let smtp = SmtpServer::start_with(SmtpTls::StartTls, Some(("nova", "another")));
    let finding = doctor(&production(&smtp, "smtp"));
    assert!(finding.contains("it refused user name and password"), "{finding}");
    let closed = nova_mfa_tests::free_port();
    let installation = production(&smtp, "smtp").with("SMTP_URL", &format!("smtp://localhost:{closed}"));
    let finding = doctor(&installation);
    assert!(finding.contains("cannot be used"), "{finding}");
}
