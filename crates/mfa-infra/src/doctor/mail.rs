//! Check of the mail server: connection, encryption and login. Sends no mail.

use tokio::runtime::Runtime;

use super::finding::DoctorFinding;
use crate::mail::SmtpTransport;
use crate::settings::{MailDelivery, NotifyMode, Settings};

const PART: &str = "mail";

/// Checks that the configured server can send. Blocks.
pub(super) fn check(settings: &Settings, runtime: &Runtime) -> Vec<DoctorFinding> {
    let mail = &settings.mail;
    let off = "users are not told of changes of their account";
    vec![match (&mail.delivery, mail.notify) {
        (None, _) => DoctorFinding::warning(
            PART,
            format!("{off}: SMTP_URL is not set"),
            "set SMTP_URL and MFA_MAIL_FROM",
        ),
        (Some(_), NotifyMode::Off) => {
            DoctorFinding::warning(PART, format!("{off}: MFA_NOTIFY is off"), "set MFA_NOTIFY=changes")
        }
        (Some(MailDelivery::Outbox(path)), NotifyMode::Changes) => DoctorFinding::ok(
            PART,
            format!("mails are written to the outbox file {} and not sent", path.display()),
        ),
        (Some(MailDelivery::Smtp(smtp)), NotifyMode::Changes) => {
            let server = format!("{}:{}", smtp.host, smtp.port);
            let transport = SmtpTransport::new(smtp.clone(), mail.from.clone());
            match runtime.block_on(transport.probe()) {
                Ok(()) => {
                    let login = if smtp.login.is_some() { " and the login" } else { "" };
                    DoctorFinding::ok(PART, format!("the mail server {server} accepts the connection{login}"))
                }
                Err(reason) => DoctorFinding::problem(
                    PART,
                    format!("the mail server {server} cannot be used: {reason}"),
                    "check SMTP_URL (host, port, user name, password), SSL_CERT_FILE for a private authority, and the firewall",
                ),
            }
        }
    }]
}
