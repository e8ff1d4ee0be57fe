//! Encoding of a mail as SMTP sends it (RFC 5322).

use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use mfa_mail::{MailMessage, Recipient};

use crate::settings::MailSender;

/// Error of an address that the mail library does not accept.
#[derive(Debug, thiserror::Error)]
#[error("the address of the sender or of the recipient cannot be used in a mail")]
pub(super) struct EncodeError;

/// Returns the envelope and the bytes of a mail: plain text in UTF-8, without a line that SMTP would refuse.
pub(super) fn encode(from: &MailSender, mail: &MailMessage) -> Result<(Envelope, Vec<u8>), EncodeError> {
    let sender = Mailbox::new(from.name.clone(), address(&from.address)?);
    let recipient = Mailbox::new(None, address(&mail.to)?);
    let envelope = Envelope::new(Some(sender.email.clone()), vec![recipient.email.clone()]);
    let seconds = u64::try_from(mail.at.seconds()).unwrap_or_default();
    let date = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let header = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
    };
    let message = Message::builder()
        .from(sender)
        .to(recipient)
        .subject(mail.subject.clone())
        .date(date.unwrap_or(SystemTime::UNIX_EPOCH))
        .message_id(Some(mail.id.as_str().to_owned()))
        .raw_header(header("Content-Language", mail.language))
        // No vacation notice answers it (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .singlepart(
            SinglePart::builder()
                .header(ContentType::TEXT_PLAIN)
                .header(ContentTransferEncoding::QuotedPrintable)
                .body(mail.text.clone()),
        )
        .map_err(|_| EncodeError)?;
    Ok((envelope.map_err(|_| EncodeError)?, message.formatted()))
}

fn address(recipient: &Recipient) -> Result<lettre::Address, EncodeError> {
    recipient.as_str().parse().map_err(|_| EncodeError)
}

#[cfg(test)]
mod tests {
    use mfa_core::Timestamp;
    use mfa_mail::MessageId;

    use super::*;

    fn encoded(subject: &str, to: &str) -> String {
        let mail = MailMessage {
            to: Recipient::parse(to).unwrap(),
            subject: subject.to_owned(),
            text: format!("Déverrouillé.\n.\n{}\n", "x".repeat(2000)),
            language: "fr",
            id: MessageId::new("0123", "example.com"),
            at: Timestamp::from_seconds(1_793_523_959),
        };
        let from = MailSender {
            name: Some("NOVA, sécurité".to_owned()),
            address: Recipient::parse("no-reply@example.com").unwrap(),
        };
        String::from_utf8(encode(&from, &mail).unwrap().1).unwrap()
    }

    #[test]
    fn a_mail_has_its_headers_once_and_lines_of_ascii_that_smtp_takes() {
        let mail = encoded("NOVA\u{a0}: compte verrouillé", "ada@example.com");
        for header in [
            "To: ada@example.com\r\n",
            "Date: Sun, 01 Nov 2026 09:05:59 +0000\r\n",
            "Message-ID: <0123.nova-mfa@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Language: fr\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Transfer-Encoding: quoted-printable\r\n",
        ] {
            assert_eq!(mail.matches(header).count(), 1, "{header} in {mail}");
        }
        assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 998), "{mail}");
        assert!(mail.contains("From: =?utf-8?b?") && mail.contains("<no-reply@example.com>\r\n"), "{mail}");
    }

    #[test]
    fn a_line_break_in_a_subject_starts_no_header() {
        let mail = encoded("a\r\nBcc: eve@example.com", "ada@example.com");
        assert!(!mail.contains("\nBcc:"), "{mail}");
    }
}
