//! Tests of a server that is killed, and of several servers on one database.

use std::collections::BTreeSet;
use std::time::Duration;

use nova_mfa_tests::{Installation, ReceivedMail, SmtpBehaviour, SmtpServer};

use super::{borrowed, settings, wait_for_queue};

/// Adds this many mails of one user to the queue.
fn fill(installation: &Installation, mails: usize) {
    let id = installation.admin_creates_user("ada", "correct horse battery");
    let at = if installation.name == "SQLite" { "unixepoch() * 1000" } else { "now()" };
    let rows: Vec<_> = (0..mails)
        .map(|n| format!("('{n:032x}', {id}, {n}, 'ada@example.com', 'passkey_added', 'en', {at}, {at})"))
        .collect();
    installation.sql(&format!(
        "INSERT INTO mfa_mail_outbox (event_id, user_id, seq, address, notice, language, at, next_try_at) VALUES {}",
        rows.join(", ")
    ));
}

#[test]
fn a_mail_of_a_server_that_is_killed_before_the_reply_is_sent_again_with_the_same_message_id() {
    for create in [Installation::sqlite, Installation::postgres] {
        let smtp = SmtpServer::start();
        let installation = create(&borrowed(&settings(&smtp)));
        fill(&installation, 1);
        smtp.plan(&[SmtpBehaviour::ReplyAfter(Duration::from_mins(1))]);
        let server = installation.start();
        smtp.wait_for(1);
        server.kill();
        assert_eq!(installation.number("SELECT count(*) FROM mfa_mail_outbox"), 1, "{}", installation.name);
        assert_eq!(installation.number("SELECT count(*) FROM mfa_leases"), 1, "{}", installation.name);
        // The lease of the killed server expires after 30 seconds; here an operator ends it.
        installation.sql("DELETE FROM mfa_leases");
        let _server = installation.start();
        let mails = smtp.wait_for(2);
        assert_eq!(mails[0].id(), mails[1].id(), "{}", installation.name);
        wait_for_queue(&installation, 0);
    }
}

#[test]
fn two_servers_send_each_mail_once() {
    const MAILS: usize = 60;
    for create in [Installation::sqlite, Installation::postgres] {
        let smtp = SmtpServer::start();
        let installation = create(&borrowed(&settings(&smtp)));
        fill(&installation, MAILS);
        let _servers = [installation.start(), installation.start(), installation.start()];
        smtp.wait_for(MAILS);
        wait_for_queue(&installation, 0);
        let mails = smtp.received();
        let ids: BTreeSet<_> = mails.iter().map(ReceivedMail::id).collect();
        assert_eq!((ids.len(), mails.len()), (MAILS, MAILS), "{}", installation.name);
    }
}
