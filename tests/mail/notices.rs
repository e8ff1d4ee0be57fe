//! Tests of what users are told of, in which language, and where they are sent.

use mfa_flows::TokenKind;
use nova_mfa_tests::{ReceivedMail, SmtpServer};

use super::{servers, wait_for_queue};

/// Waits for this many mails and returns those about the user's own acts, the newest last.
#[track_caller]
fn own(smtp: &SmtpServer, mails: usize) -> Vec<ReceivedMail> {
    let is_own = |mail: &ReceivedMail| !mail.text().contains("administrat");
    smtp.wait_until(&format!("{mails} own mails"), |it| {
        it.received().iter().filter(|it| is_own(it)).count() >= mails
    });
    smtp.received().into_iter().filter(is_own).collect()
}

#[test]
fn enrolment_and_a_login_by_recovery_code_are_told_in_the_language_of_the_request() {
    for (smtp, server) in servers() {
        let (ada, codes) = server.enrol_with_codes("ada");
        let pending = server.pending(ada.id);
        let verify = server.client().post("/api/mfa/verify/recovery").bearer(&pending).code(&codes[0]);
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        verify.header("Accept-Language", "en").header("User-Agent", firefox).send().ok();
        let mails = own(&smtp, 2);
        let subjects: Vec<_> = mails.iter().map(ReceivedMail::subject).collect();
        let name = server.name();
        assert_eq!(
            subjects,
            ["NOVA\u{a0}: votre compte a un second facteur", "NOVA: recovery code used"],
            "{name}"
        );
        assert!(mails.iter().all(|it| it.to == ["ada@example.com"] && it.from == "no-reply@nova.example"));
        let text = mails[1].text();
        for part in [
            "When: 15 January 2027, 08:05 UTC\n",
            "Device: Firefox (Linux)\n",
            "IP address: 127.0.0.1\n",
            "https://help.nova.example/mfa\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(mails[1].header("Content-Language").as_deref(), Some("en"));
        for mail in smtp.received() {
            for secret in codes.iter().chain([&ada.access, &pending]) {
                assert!(!mail.text().contains(secret.as_str()) && !mail.content.contains(secret.as_str()));
            }
        }
        wait_for_queue(&server.installation, 0);
    }
}

#[test]
fn a_verification_is_not_told() {
    for (smtp, server) in servers() {
        let (ada, _) = server.enrol_with_codes("ada");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        wait_for_queue(&server.installation, 0);
        assert_eq!(own(&smtp, 1).len(), 1, "only the enrolment: {}", server.name());
    }
}

#[test]
fn locks_are_told_at_most_once_an_hour() {
    for (smtp, server) in servers() {
        let ada = server.enrol("ada");
        let locks =
            || smtp.received().iter().filter(|it| it.subject().ends_with(": compte verrouillé")).count();
        server.fail(&ada, 10);
        smtp.wait_until("the first lock", |_| locks() == 1);
        server.advance(15 * 60 + 1);
        server.fail(&ada, 10);
        server.advance(46 * 60);
        server.fail(&ada, 10);
        smtp.wait_until("the third lock", |_| locks() == 2);
        wait_for_queue(&server.installation, 0);
        let events = "SELECT count(*) FROM mfa_events WHERE event = 'account_locked'";
        assert_eq!((server.installation.number(events), locks()), (3, 2), "{}", server.name());
    }
}

#[test]
fn an_act_of_an_administrator_is_told_in_the_language_of_the_setting_without_the_address() {
    for (smtp, server) in servers() {
        let _token = server.token(server.add_user("ada"), TokenKind::OneFactor);
        let subject = "NOVA\u{a0}: accès ouvert par un administrateur";
        smtp.wait_until("the mail of the token", |it| {
            it.received().iter().any(|mail| mail.subject() == subject)
        });
        let mails = smtp.received();
        let mail = mails.iter().find(|mail| mail.subject() == subject).unwrap();
        assert!(!mail.text().contains("Adresse IP"), "{}", mail.text());
    }
}

#[test]
fn a_later_change_of_the_address_does_not_redirect_a_mail() {
    for (smtp, server) in servers() {
        use nova_mfa_tests::SmtpBehaviour::RefuseRecipient;
        let id = server.add_user("ada");
        smtp.plan(&[RefuseRecipient(451)]);
        let _token = server.token(id, TokenKind::Pending);
        smtp.wait_until("the first attempt", |it| it.commands().iter().any(|line| line.starts_with("RCPT")));
        server.installation.sql(&format!("UPDATE users SET email = 'eve@evil.example' WHERE id = {id}"));
        server.advance(11);
        let mails = smtp.wait_for(1);
        assert_eq!(mails[0].to, ["ada@example.com"], "{}", server.name());
    }
}

#[test]
fn a_user_without_an_address_has_no_mail_and_a_list_of_addresses_is_refused() {
    for (smtp, server) in servers() {
        let name = server.name();
        let (nobody, several) = (server.add_user("nobody"), server.add_user("several"));
        let set = |id: mfa_core::UserId, address: &str| {
            server.installation.sql(&format!("UPDATE users SET email = '{address}' WHERE id = {id}"));
        };
        set(nobody, " ");
        let _token = server.token(nobody, TokenKind::Pending);
        assert_eq!(server.installation.number("SELECT count(*) FROM mfa_mail_outbox"), 0, "{name}");
        for address in
            ["a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "<a@example.com> x"]
        {
            set(several, address);
            let _token = server.token(several, TokenKind::Pending);
        }
        wait_for_queue(&server.installation, 0);
        assert!(server.log_contains("the address is not one e-mail address"), "{name}");
        assert_eq!(smtp.received().len(), 0, "{name}");
        assert!(smtp.commands().iter().all(|line| !line.contains("example.com>")), "{:?}", smtp.commands());
    }
}
