//! Tests of sending: temporary and permanent refusals, lost replies, the login, and what ends the queue.

use std::time::Duration;

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Installation, ReceivedMail, SmtpBehaviour, SmtpServer, SmtpTls, TestServer};

use super::{borrowed, servers, settings, wait_for_queue};

/// Causes one mail.
fn cause(server: &TestServer, user: UserId) {
    let _token = server.token(user, TokenKind::Pending);
}

fn metric(server: &TestServer, sample: &str) -> bool {
    server.client().get("/metrics").send().text().lines().any(|line| line == sample)
}

#[test]
fn a_temporary_refusal_is_retried_until_the_mail_is_accepted() {
    for (smtp, server) in servers() {
        let user = server.add_user("ada");
        smtp.plan(&[SmtpBehaviour::RefuseRecipient(450), SmtpBehaviour::RefuseContent(451)]);
        cause(&server, user);
        for (tries, pause) in [(1, 11), (2, 31)] {
            let is_postponed = format!("SELECT count(*) FROM mfa_mail_outbox WHERE tries = {tries}");
            smtp.wait_until("a failed attempt", |_| server.installation.number(&is_postponed) == 1);
            server.advance(pause);
        }
        assert_eq!(smtp.wait_for(1).len(), 1, "{}", server.name());
        wait_for_queue(&server.installation, 0);
        assert!(metric(&server, "mfa_mail_sent_total 1") && metric(&server, "mfa_mail_failed_total 2"));
        // The reply of a server often repeats the address, which does not belong in the log.
        assert!(server.log_contains("mail not sent, it is tried again"), "{}", server.name());
        assert!(!server.installation.log().contains("ada@example.com"), "{}", server.name());
    }
}

#[test]
fn a_permanent_refusal_is_dropped_at_once() {
    for (smtp, server) in servers() {
        let user = server.add_user("ada");
        smtp.plan(&[SmtpBehaviour::RefuseRecipient(550)]);
        cause(&server, user);
        smtp.wait_until("the attempt", |it| it.commands().iter().any(|line| line.starts_with("RCPT")));
        wait_for_queue(&server.installation, 0);
        assert!(server.log_contains("mail dropped") && server.log_contains("the server replied 550"));
        cause(&server, user);
        assert_eq!(smtp.wait_for(1).len(), 1, "the next one is sent: {}", server.name());
        assert!(metric(&server, "mfa_mail_dropped_total{reason=\"refused\"} 1"));
    }
}

#[test]
fn a_mail_whose_reply_was_lost_is_sent_again_with_the_same_message_id() {
    for (smtp, server) in servers() {
        let user = server.add_user("ada");
        smtp.plan(&[SmtpBehaviour::DropAfterData]);
        cause(&server, user);
        smtp.wait_for(1);
        let is_postponed = "SELECT count(*) FROM mfa_mail_outbox WHERE tries = 1";
        smtp.wait_until("a failed attempt", |_| server.installation.number(is_postponed) == 1);
        server.advance(11);
        let mails = smtp.wait_for(2);
        assert_eq!(mails[0].id(), mails[1].id(), "{}", server.name());
        assert_eq!(mails[0].content, mails[1].content, "{}", server.name());
        assert!(mails[0].id().ends_with(".nova-mfa@nova.example>"), "{}", mails[0].id());
        cause(&server, user);
        let mails = smtp.wait_for(3);
        assert_ne!(mails[1].id(), mails[2].id(), "{}", server.name());
    }
}

#[test]
fn a_mail_that_cannot_be_sent_for_a_day_is_dropped() {
    for (smtp, server) in servers() {
        let user = server.add_user("ada");
        smtp.plan(&[SmtpBehaviour::RefuseRecipient(451)]);
        cause(&server, user);
        let is_postponed = "SELECT count(*) FROM mfa_mail_outbox WHERE tries = 1";
        smtp.wait_until("a failed attempt", |_| server.installation.number(is_postponed) == 1);
        server.advance(11 * 60);
        assert_eq!(smtp.wait_for(1).len(), 1);
        smtp.plan(&[SmtpBehaviour::RefuseRecipient(451)]);
        cause(&server, user);
        smtp.wait_until("a failed attempt", |_| server.installation.number(is_postponed) == 1);
        server.advance(24 * 3600);
        wait_for_queue(&server.installation, 0);
        assert!(server.log_contains("it could not be sent for 24 hours"), "{}", server.name());
        assert_eq!(smtp.received().len(), 1, "{}", server.name());
        assert!(metric(&server, "mfa_mail_dropped_total{reason=\"expired\"} 1"));
    }
}

#[test]
fn one_connection_carries_all_waiting_mails() {
    for (smtp, server) in servers() {
        let user = server.add_user("ada");
        smtp.plan(&[SmtpBehaviour::RefuseRecipient(421)]);
        cause(&server, user);
        smtp.wait_until("the attempt", |it| {
            it.connections() == 1 && it.commands().iter().any(|it| it == "QUIT")
        });
        for _ in 0..5 {
            cause(&server, user);
        }
        server.advance(11);
        let ids: std::collections::BTreeSet<_> = smtp.wait_for(6).iter().map(ReceivedMail::id).collect();
        assert_eq!((ids.len(), smtp.received().len()), (6, 6), "{}", server.name());
        assert!(smtp.connections() <= 4, "{} connections: {}", smtp.connections(), server.name());
    }
}

#[test]
fn a_login_that_is_refused_keeps_the_mails_and_degrades_readiness() {
    let smtp = SmtpServer::start_with(SmtpTls::None, Some(("nova", "p@ss/word")));
    let wrong = [settings(&smtp), vec![("SMTP_URL", format!("smtp://nova:wrong@127.0.0.1:{}", smtp.port()))]];
    let server = TestServer::start(Installation::sqlite(&borrowed(&wrong.concat())));
    let user = server.add_user("ada");
    cause(&server, user);
    smtp.wait_until("a login", |it| it.commands().iter().any(|line| line.starts_with("AUTH")));
    assert!(server.log_contains("it refused user name and password"));
    assert!(!server.installation.log().contains("wrong"));
    let degraded = || server.client().get("/health/ready").send().ok()["degraded"].to_string();
    assert!(!degraded().contains("mail"), "{}", degraded());
    server.advance(601);
    smtp.wait_until("a degraded part", |_| degraded().contains("mails to users have waited"));
    assert!(metric(&server, "mfa_mail_queued 1"), "kept");

    let right =
        server.stop().with("SMTP_URL", &format!("smtp://nova:p%40ss%2Fword@127.0.0.1:{}", smtp.port()));
    let server = TestServer::start(right);
    server.advance(700);
    let mails = smtp.wait_for(1);
    assert_eq!(mails[0].user.as_deref(), Some("nova"));
    wait_for_queue(&server.installation, 0);
}

#[test]
fn erasing_or_deleting_a_user_removes_the_queued_mails() {
    for (smtp, server) in servers() {
        let (ada, bob) = (server.add_user("ada"), server.add_user("bob"));
        smtp.plan(&[SmtpBehaviour::RefuseRecipient(451); 2]);
        cause(&server, ada);
        cause(&server, bob);
        let is_postponed = "SELECT count(*) FROM mfa_mail_outbox WHERE tries = 1";
        smtp.wait_until("two failed attempts", |_| server.installation.number(is_postponed) == 2);
        server.admin(&["user", "erase", "--user-id", &ada.to_string(), "--yes"]);
        let of = |user: UserId| format!("SELECT count(*) FROM mfa_mail_outbox WHERE user_id = {user}");
        assert_eq!(server.installation.number(&of(ada)), 0, "{}", server.name());
        assert_eq!(server.installation.number(&of(bob)), 1, "{}", server.name());
        server.installation.sql(&format!("DELETE FROM users WHERE id = {bob}"));
        server.advance(11);
        wait_for_queue(&server.installation, 0);
        assert_eq!(smtp.received().len(), 0, "{}", server.name());
    }
}

#[test]
fn a_stopping_server_finishes_the_mail_that_it_sends() {
    for (smtp, server) in servers() {
        let user = server.add_user("ada");
        smtp.plan(&[SmtpBehaviour::ReplyAfter(Duration::from_secs(1))]);
        cause(&server, user);
        cause(&server, user);
        smtp.wait_for(1);
        let installation = server.stop();
        assert_eq!(smtp.received().len(), 1, "{}", installation.name);
        assert_eq!(installation.number("SELECT count(*) FROM mfa_mail_outbox"), 1, "{}", installation.name);
        assert_eq!(installation.number("SELECT count(*) FROM mfa_leases"), 0, "{}", installation.name);
    }
}

#[test]
fn without_notifications_nothing_is_queued() {
    for installation in Installation::each(&[("MFA_MAX_CLOCK_SKEW", "0")]) {
        let server = TestServer::start(installation);
        let _token = server.pending(server.add_user("ada"));
        assert_eq!(
            server.installation.number("SELECT count(*) FROM mfa_mail_outbox"),
            0,
            "{}",
            server.name()
        );
    }
}

#[test]
fn in_development_mails_are_written_to_a_file() {
    let installation = Installation::sqlite(&[("MFA_MAX_CLOCK_SKEW", "0")]).without("MFA_NOTIFY");
    let server = TestServer::start(installation);
    cause(&server, server.add_user("ada"));
    wait_for_queue(&server.installation, 0);
    let file = server.installation.folder().join("data/mail-outbox.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let mail: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(mail["to"], "ada@example.com");
    assert!(mail["subject"].as_str().unwrap().starts_with("NOVA\u{a0}: "), "{mail}");
}
