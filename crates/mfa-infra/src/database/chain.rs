//! The audit chain: each event of a user carries a MAC over itself and the MAC before it.
//!
//! The chain proves that nothing before its head was altered or removed by someone without the key. Address, agent
//! and names enter through a salted digest, so that erasing the fields and the salt leaves the chain whole.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use mfa_core::{Account, Entropy, EntropyError, SecurityEvent, Timestamp, UserId};
use sha2::{Digest, Sha256};

use crate::crypto::AuditKeys;

/// Chains the events of accounts.
#[derive(Clone, Debug)]
pub struct Chain {
    keys: Arc<AuditKeys>,
    entropy: Arc<dyn Entropy>,
}

/// An event in its place in the chain, as it is stored.
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

impl Chain {
    /// With these keys.
    pub fn new(keys: Arc<AuditKeys>, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys, entropy }
    }

    /// Takes the events that decisions recorded, puts each in its place, and moves the account's head behind them.
    ///
    /// # Errors
    ///
    /// [`EntropyError`]: nothing may be stored.
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

/// What can be erased of an event without breaking the chain: address, agent, actor, reason.
pub(crate) type PersonalData<'a> = [Option<&'a str>; 4];

/// The digest by which they enter the MAC.
pub(crate) fn personal_digest(personal: PersonalData<'_>, salt: &[u8]) -> [u8; 32] {
    let mut bytes = salt.to_vec();
    for field in personal {
        put(&mut bytes, field);
    }
    Sha256::digest(&bytes).into()
}

/// What a MAC is made of.
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
}

impl ChainLink<'_> {
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut bytes = b"nova-mfa/event/v1".to_vec();
        bytes.extend_from_slice(&self.user.value().to_be_bytes());
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.at.millis().to_be_bytes());
        bytes.extend_from_slice(self.event_id);
        bytes.extend_from_slice(self.personal_digest);
        for field in [Some(self.event), self.method, Some(self.outcome), self.request_id, Some(self.previous)]
        {
            put(&mut bytes, field);
        }
        bytes
    }
}

/// What the MAC of a floor is made of: everything up to this number was removed because it was old, and the next event
/// follows this MAC.
pub(crate) fn floor_message(user: UserId, seq: u64, mac: &str) -> Vec<u8> {
    let mut bytes = b"nova-mfa/floor/v1".to_vec();
    bytes.extend_from_slice(&user.value().to_be_bytes());
    bytes.extend_from_slice(&seq.to_be_bytes());
    put(&mut bytes, Some(mac));
    bytes
}

/// With its length before it, so that no two lists of fields give the same bytes; absent differs from empty.
fn put(bytes: &mut Vec<u8>, field: Option<&str>) {
    let length = field.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(field.unwrap_or_default().as_bytes());
}
