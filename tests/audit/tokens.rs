//! Tests of events that name a token, on both databases: their MAC has a format of its own.

use mfa_core::{EventKind, EventToken, Outcome, TokenId, UserId};
use mfa_infra::audit::{ChainFlaw, ExportCursor};
use nova_mfa_tests::{NOON, TestStore};

use super::{auditor, bytes, change, event, flaws, verified, with_log};

const ID: [u8; 16] = [7; 16];

/// Adds a user with an event that names no token, as every event of the previous version, on both sides of one that does.
fn user(store: &TestStore, name: &str, session: Option<u64>) -> UserId {
    let user = store.add_user(name);
    for token in [None, Some(EventToken { id: TokenId::from_bytes(ID), session }), None] {
        change(store, user, move |account| {
            let mut event = event(EventKind::TotpVerify, Outcome::Success);
            event.token = token;
            account.record(event);
        });
    }
    user
}

#[test]
fn a_chain_with_events_of_both_formats_is_intact_also_after_an_erasure() {
    for store in TestStore::each() {
        user(&store, "ada", Some(3));
        user(&store, "bob", None);
        let report = with_log(&store);
        assert!(report.is_intact(), "{}: {report:?}", store.name);
        assert_eq!((report.users, report.events), (2, 6), "{}", store.name);
        assert_eq!(
            store.number("SELECT count(*) FROM mfa_events WHERE token_id IS NULL"),
            4,
            "{}",
            store.name
        );
        // Old events are removed with their tokens.
        let trimmed = auditor(&store).trim(NOON.plus(std::time::Duration::from_secs(1))).unwrap();
        assert_eq!((trimmed.events, trimmed.findings.len()), (6, 0), "{}: {trimmed:?}", store.name);
        assert!(verified(&store).is_intact(), "{}", store.name);
    }
}

#[test]
fn any_altered_token_is_detected_and_its_event_named() {
    for store in TestStore::each() {
        let other = bytes(&store, &"08".repeat(16));
        let short = bytes(&store, "07");
        let alterations = [
            (2, "token_id = NULL, token_session = NULL".to_owned()),
            (2, "token_id = NULL".to_owned()),
            (2, "token_session = NULL".to_owned()),
            (2, "token_session = 4".to_owned()),
            (2, "token_session = -1".to_owned()),
            (2, format!("token_id = {other}")),
            (2, format!("token_id = {short}")),
            (3, format!("token_id = {other}")),
            (3, format!("token_id = {other}, token_session = 3")),
            (3, "token_session = 3".to_owned()),
        ];
        for (place, (seq, alteration)) in alterations.iter().enumerate() {
            let user = user(&store, &format!("user{place}"), Some(3));
            store.sql(&format!("UPDATE mfa_events SET {alteration} WHERE user_id = {user} AND seq = {seq}"));
            let report = auditor(&store).verify(Some(user)).unwrap();
            let expected = [(user.value(), *seq, ChainFlaw::Altered)];
            assert_eq!(flaws(&report), expected, "{}: {alteration}", store.name);
        }
    }
}

#[test]
fn the_export_has_the_session_of_each_event_that_names_one() {
    for store in TestStore::each() {
        user(&store, "ada", Some(3));
        let later = NOON.plus(std::time::Duration::from_mins(1));
        let page = auditor(&store).export(ExportCursor::from(NOON), later).unwrap();
        let tokens: Vec<_> = page.events.iter().map(|it| it.token.as_deref()).collect();
        let id = "07".repeat(16);
        assert_eq!(tokens, [None, Some(id.as_str()), None], "{}", store.name);
    }
}
