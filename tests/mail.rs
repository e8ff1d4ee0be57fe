//! Tests of the mails that tell users of changes of their account, with a real SMTP server.

mod crash;
mod delivery;
mod encryption;
mod notices;
mod queue;

use nova_mfa_tests::{Installation, SmtpServer, TestServer};

/// Returns the settings that send mails by this server. `url` can be changed by a later setting.
fn settings(smtp: &SmtpServer) -> Vec<(&'static str, String)> {
    vec![
        ("MFA_NOTIFY", "changes".to_owned()),
        ("SMTP_URL", format!("smtp://127.0.0.1:{}", smtp.port())),
        ("MFA_MAIL_FROM", "NOVA <no-reply@nova.example>".to_owned()),
        ("MFA_HELP_URL", "https://help.nova.example/mfa".to_owned()),
        ("MFA_MAX_CLOCK_SKEW", "0".to_owned()),
    ]
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Starts a server on each database, each with a mail server of its own.
fn servers() -> [(SmtpServer, TestServer); 2] {
    [Installation::sqlite, Installation::postgres].map(|create| {
        let smtp = SmtpServer::start();
        let server = TestServer::start(create(&borrowed(&settings(&smtp))));
        (smtp, server)
    })
}

/// Waits until the queue has this many mails.
#[track_caller]
fn wait_for_queue(installation: &Installation, mails: i64) {
    for _ in 0..500 {
        if installation.number("SELECT count(*) FROM mfa_mail_outbox") == mails {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{}: {mails} mails in the queue", installation.name);
}
