//! Audit chain: each event of a user has a MAC over itself and the previous MAC.
//!
//! The chain proves that nobody without the key altered or removed an event before its head. Address, user agent and
//! names enter through a salted digest, so that erasing these fields and the salt leaves the chain valid.
//!
//! An event that names a token has the second version of the format. Every other event has the first, so that a server of
//! the version before sessions verifies it too.

use std::collections::HashMap;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use mfa_core::{Account, ChainHead, Entropy, EntropyError, EventToken, SecurityEvent, Timestamp, UserId};
use sha2::{Digest, Sha256};

use crate::crypto::AuditKeys;

/// Builder of the audit chains of accounts.
#[derive(Clone, Debug)]
pub struct Chain {
    keys: Arc<AuditKeys>,
    entropy: Arc<dyn Entropy>,
}

/// Event with its position in the chain, as it is stored.
#[derive(Clone, Debug)]
pub(super) struct ChainedEvent {
    pub(super) event: SecurityEvent,
    pub(super) user: UserId,
    pub(super) seq: u64,
    pub(super) event_id: [u8; 16],
    pub(super) salt: [u8; 16],
    pub(super) personal_digest: [u8; 32],
    pub(super) mac_key: String,
    pub(super) mac: [u8; 32],
}

/// Last stored event of a user. The default is that of a user without events.
#[derive(Clone, Debug)]
pub(super) struct LastEvent {
    pub(super) head: ChainHead,
    pub(super) at: Timestamp,
}

impl Default for LastEvent {
    fn default() -> Self {
        Self { head: ChainHead::default(), at: Timestamp::from_millis(0) }
    }
}

/// Last events of users, by id.
pub(super) type LastEvents = HashMap<i64, LastEvent>;

/// Query for the last events of the users that `is_listed` selects, for [`LastEventRow`], also of those that were removed
/// for their age. With expressions of the database for the columns and for the current time.
pub(super) fn last_events_query(mac: &str, at: &str, now: &str, is_listed: &str) -> String {
    format!(
        "SELECT user_id, seq, mac, at FROM ( \
         SELECT user_id, seq, mac, at, row_number() OVER (PARTITION BY user_id ORDER BY seq DESC) AS place FROM ( \
         SELECT user_id, seq, {mac} AS mac, {at} AS at FROM mfa_events WHERE {is_listed} \
         UNION ALL SELECT user_id, seq, mac, {now} AS at FROM mfa_event_floors WHERE {is_listed} \
         ) AS stored) AS placed WHERE place = 1"
    )
}

/// Returns the events of the rows, and the default for users without one.
pub(super) fn last_events(users: &[i64], rows: Vec<LastEventRow>) -> LastEvents {
    let mut events: LastEvents = users.iter().map(|user| (*user, LastEvent::default())).collect();
    for row in rows {
        let seq = u64::try_from(row.seq).unwrap_or_default();
        let head = ChainHead { seq, mac: row.mac };
        events.insert(row.user_id, LastEvent { head, at: Timestamp::from_millis(row.at) });
    }
    events
}

/// Row of [`last_events_query`].
#[derive(QueryableByName)]
pub(super) struct LastEventRow {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    mac: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
}

impl Chain {
    /// Creates a builder that uses these keys.
    pub fn new(keys: Arc<AuditKeys>, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys, entropy }
    }

    /// Chains the events that decisions recorded on an account, and moves the head of its chain.
    ///
    /// # Errors
    ///
    /// [`EntropyError`]: store nothing.
    pub(super) fn append(&self, account: &mut Account) -> Result<Vec<ChainedEvent>, EntropyError> {
        let events = std::mem::take(&mut account.events);
        let mut chained = Vec::with_capacity(events.len());
        for event in events {
            let head = &mut account.internal.chain;
            let seq = head.seq.saturating_add(1);
            let (mut event_id, mut salt) = ([0; 16], [0; 16]);
            self.entropy.fill(&mut event_id)?;
            self.entropy.fill(&mut salt)?;
            let ip = event.origin.ip().map(|ip| ip.to_string());
            let (agent, actor) = (event.origin.user_agent(), event.actor.as_deref());
            let personal = [ip.as_deref(), agent, actor, event.reason.as_deref()];
            let personal_digest = personal_digest(personal, &salt);
            let link = ChainLink {
                user: account.user,
                seq,
                event_id: &event_id,
                at: event.at,
                personal_digest: &personal_digest,
                event: event.kind.as_str(),
                method: event.method.map(mfa_core::FactorKind::as_str),
                outcome: event.outcome.as_str(),
                request_id: event.origin.request_id(),
                previous: &head.mac,
                token: event.token,
            };
            let message = link.message();
            let (key, mac) = self.keys.mac(&message);
            head.seq = seq;
            head.mac = HEXLOWER.encode(&mac);
            let mac_key = key.as_str().to_owned();
            chained.push(ChainedEvent {
                event,
                user: account.user,
                seq,
                event_id,
                salt,
                personal_digest,
                mac_key,
                mac,
            });
        }
        Ok(chained)
    }
}

/// Fields of an event that can be erased without breaking the chain: address, user agent, actor, reason.
pub(crate) type PersonalData<'a> = [Option<&'a str>; 4];

/// Returns the digest of personal data that enters the MAC.
pub(crate) fn personal_digest(personal: PersonalData<'_>, salt: &[u8]) -> [u8; 32] {
    let mut bytes = salt.to_vec();
    for field in personal {
        push_field(&mut bytes, field);
    }
    Sha256::digest(&bytes).into()
}

/// Input of the MAC of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChainLink<'a> {
    pub(crate) user: UserId,
    pub(crate) seq: u64,
    pub(crate) event_id: &'a [u8; 16],
    pub(crate) at: Timestamp,
    pub(crate) personal_digest: &'a [u8; 32],
    pub(crate) event: &'a str,
    pub(crate) method: Option<&'a str>,
    pub(crate) outcome: &'a str,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) previous: &'a str,
    pub(crate) token: Option<EventToken>,
}

impl ChainLink<'_> {
    /// Returns the bytes that the MAC covers.
    pub(crate) fn message(&self) -> Vec<u8> {
        let version: &[u8] = match self.token {
            None => b"nova-mfa/event/v1",
            Some(_) => b"nova-mfa/event/v2",
        };
        let mut bytes = version.to_vec();
        bytes.extend_from_slice(&self.user.value().to_be_bytes());
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.at.millis().to_be_bytes());
        bytes.extend_from_slice(self.event_id);
        bytes.extend_from_slice(self.personal_digest);
        for field in [Some(self.event), self.method, Some(self.outcome), self.request_id, Some(self.previous)]
        {
            push_field(&mut bytes, field);
        }
        if let Some(EventToken { id, session }) = self.token {
            bytes.extend_from_slice(id.bytes());
            push_field(&mut bytes, session.map(|it| it.to_string()).as_deref());
        }
        bytes
    }
}

/// Returns the input of the MAC of a floor: events up to `seq` were removed for their age, and the next event follows
/// `mac`.
pub(crate) fn floor_message(user: UserId, seq: u64, mac: &str) -> Vec<u8> {
    let mut bytes = b"nova-mfa/floor/v1".to_vec();
    bytes.extend_from_slice(&user.value().to_be_bytes());
    bytes.extend_from_slice(&seq.to_be_bytes());
    push_field(&mut bytes, Some(mac));
    bytes
}

/// Appends a field after its length, so that no two lists of fields have the same bytes. Absent differs from empty.
fn push_field(bytes: &mut Vec<u8>, field: Option<&str>) {
    let length = field.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(field.unwrap_or_default().as_bytes());
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use mfa_core::TokenId;

    use super::*;

    /// The expected values were computed apart from this code. The first is the format of the version before sessions.
    #[test]
    fn the_formats_of_the_mac_do_not_change() {
        let link = ChainLink {
            user: UserId::new(42),
            seq: 7,
            event_id: &[1; 16],
            at: Timestamp::from_millis(1_700_000_000_123),
            personal_digest: &[2; 32],
            event: "totp_verify",
            method: Some("totp"),
            outcome: "success",
            request_id: None,
            previous: "ab",
            token: None,
        };
        let digest = |link: ChainLink<'_>| HEXLOWER.encode(&Sha256::digest(link.message()));
        assert_eq!(digest(link), "0779e3cf72cb99b1f6611884872f04ccc829036196705c8b6c1630364acb1c09");
        let token = EventToken { id: TokenId::from_bytes([3; 16]), session: Some(5) };
        let with_token = ChainLink { token: Some(token), ..link };
        assert_eq!(digest(with_token), "45d63dd93d63afb18f82629018ac1b455c013e7c1727a79e4aef217114f0425e");
        let without_session = ChainLink { token: Some(EventToken { session: None, ..token }), ..link };
        assert_ne!(digest(without_session), digest(with_token));
    }
}
