//! Errors of the mail server, in words that contain no address and no password.

use lettre::transport::smtp::Error;
use mfa_mail::MailOutcome;

/// Returns the outcome of a mail that the server did not accept.
///
/// The text of the server's reply stays out: it often repeats the address of the recipient.
pub(super) fn outcome(error: &Error) -> MailOutcome {
    let Some(code) = error.status().map(u16::from) else {
        return if error.is_client() {
            // Before anything was sent: the server lacks an extension that this address needs.
            MailOutcome::Refused("the server does not support addresses that are not ASCII".to_owned())
        } else {
            MailOutcome::Failed(reason(error))
        };
    };
    let reason = format!("the server replied {code}");
    match code {
        // The server closes the connection (RFC 5321 §4.2.3), or requires a login or TLS (RFC 4954 §6, RFC 3207 §4).
        421 | 454 | 530 | 534 | 535 | 538 => MailOutcome::Unavailable(reason),
        500..=599 => MailOutcome::Refused(reason),
        _ => MailOutcome::Failed(reason),
    }
}

/// Returns why the server could not be used.
pub(super) fn reason(error: &Error) -> String {
    match error.status().map(u16::from) {
        Some(code @ (534 | 535)) => format!("the server replied {code}: it refused user name and password"),
        Some(code) => format!("the server replied {code}"),
        None => {
            let mut reason = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(error) = source {
                let text = error.to_string();
                if !reason.contains(&text) {
                    reason = format!("{reason}: {text}");
                }
                source = error.source();
            }
            reason
        }
    }
}
