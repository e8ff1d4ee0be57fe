//! Tests of a server that does not answer. `tests/mail/` has those with a real one.

use mfa_core::Timestamp;
use mfa_mail::{MessageId, Recipient};
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_server_that_is_silent_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        encryption: SmtpEncryption::StartTlsIfOffered,
        login: None,
        authorities: None,
    };
    let from = MailSender { name: None, address: Recipient::parse("no-reply@example.com").unwrap() };
    let limits = SmtpLimits { connect: Duration::from_millis(100), send: Duration::from_millis(100) };
    let transport = SmtpTransport::new(settings, from).with_limits(limits);
    let message = MailMessage {
        to: Recipient::parse("ada@example.com").unwrap(),
        subject: "a".to_owned(),
        text: "a\n".to_owned(),
        language: "en",
        id: MessageId::new("0123", "example.com"),
        at: Timestamp::from_seconds(1_800_000_000),
    };
    let outcome = tokio::time::timeout(Duration::from_secs(20), transport.send(&message)).await.unwrap();
    assert!(
        matches!(&outcome, MailOutcome::Unavailable(reason) if reason.contains("did not answer")),
        "{outcome:?}"
    );
    drop(listener);
    let outcome = transport.send(&message).await;
    assert!(matches!(outcome, MailOutcome::Unavailable(_)), "{outcome:?}");
}
