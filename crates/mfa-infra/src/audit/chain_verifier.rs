//! Verification of one chain, event by event.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use mfa_core::{EventKind, EventToken, KeyId, Outcome, Timestamp, TokenId, UserId};
use serde::Serialize;

use crate::crypto::{AuditKeys, MacCheck};
use crate::database::audit::{ChainRow, FloorRow};
use crate::database::chain::{ChainLink, floor_message, personal_digest};

/// First tampered event in the audit chain of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainFinding {
    /// User whose chain is flawed.
    #[serde(rename = "user_id")]
    pub user: UserId,
    /// Number of the altered, removed or added event.
    pub seq: i64,
    /// Kind of the flaw.
    pub flaw: ChainFlaw,
}

/// Kind of a flaw in a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChainFlaw {
    /// The event is missing.
    Removed,
    /// The event, its MAC or its position was changed.
    Altered,
    /// The MAC was made with a key that is not in the key ring.
    UnknownKey,
    /// Address, user agent, actor and reason are missing, and no later event records an erasure of the user.
    ErasedUnrecorded,
    /// The event is in the range that retention has removed.
    BelowFloor,
    /// The record of the range that retention has removed was altered.
    FloorAltered,
    /// The user's row does not name this event as the last one.
    BeyondHead,
    /// The log file contains another MAC for this event.
    UnlikeLog,
}

impl fmt::Display for ChainFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.flaw {
            ChainFlaw::Removed => "was removed",
            ChainFlaw::Altered => "was altered",
            ChainFlaw::UnknownKey => "has a MAC of a key that MFA_ENCRYPTION_KEYS does not contain",
            ChainFlaw::ErasedUnrecorded => "lost its personal data, and no erasure is recorded",
            ChainFlaw::BelowFloor => "was added in the range that retention had removed",
            ChainFlaw::FloorAltered => "is the end of the removed range, whose record was altered",
            ChainFlaw::BeyondHead => "is not the last event according to the user's row",
            ChainFlaw::UnlikeLog => "differs from the log",
        };
        write!(f, "user {}: event {} {what}", self.user, self.seq)
    }
}

/// State of verifying the chain of one user.
#[derive(Debug)]
pub(super) struct ChainVerifier<'a> {
    keys: &'a AuditKeys,
    user: i64,
    seq: i64,
    mac: String,
    /// First event without salt that no recorded erasure explains so far.
    erased: Option<i64>,
}

impl<'a> ChainVerifier<'a> {
    /// Creates the state before the first event of this user.
    pub(super) const fn new(keys: &'a AuditKeys, user: i64) -> Self {
        Self { keys, user, seq: 0, mac: String::new(), erased: None }
    }

    /// Returns the user of the chain.
    pub(super) const fn user(&self) -> i64 {
        self.user
    }

    fn finding(&self, seq: i64, flaw: ChainFlaw) -> ChainFinding {
        ChainFinding { user: UserId::new(self.user), seq, flaw }
    }

    /// Verifies the next event of this user.
    ///
    /// # Errors
    ///
    /// The flaw of this event. Later events cannot be verified.
    pub(super) fn step(&mut self, row: &ChainRow, floor: Option<&FloorRow>) -> Result<(), ChainFinding> {
        let next = self.seq.saturating_add(1);
        if row.seq != next {
            self.resume_after_gap(row, floor, next)?;
        }
        self.check(row)?;
        self.seq = row.seq;
        self.mac.clone_from(&row.mac);
        Ok(())
    }

    /// Continues after a gap, which is valid only if retention removed the missing events.
    fn resume_after_gap(
        &mut self,
        row: &ChainRow,
        floor: Option<&FloorRow>,
        next: i64,
    ) -> Result<(), ChainFinding> {
        let Some(floor) = floor else { return Err(self.finding(next, ChainFlaw::Removed)) };
        if !is_genuine(self.keys, floor) {
            return Err(self.finding(floor.seq, ChainFlaw::FloorAltered));
        }
        if row.seq <= floor.seq {
            return Err(self.finding(row.seq, ChainFlaw::BelowFloor));
        }
        let next = next.max(floor.seq.saturating_add(1));
        if row.seq != next {
            return Err(self.finding(next, ChainFlaw::Removed));
        }
        (self.seq, self.mac) = (floor.seq, floor.mac.clone());
        Ok(())
    }

    fn check(&mut self, row: &ChainRow) -> Result<(), ChainFinding> {
        let altered = || self.finding(row.seq, ChainFlaw::Altered);
        let event_id: [u8; 16] = bytes(&row.event_id).ok_or_else(altered)?;
        let digest: [u8; 32] = bytes(&row.personal_digest).ok_or_else(altered)?;
        let mac: [u8; 32] = bytes(&row.mac).ok_or_else(altered)?;
        let token = match (&row.token_id, row.token_session) {
            (None, None) => None,
            (Some(id), session) => Some(token(id, session).ok_or_else(altered)?),
            (None, Some(_)) => return Err(altered()),
        };
        let link = ChainLink {
            user: UserId::new(row.user_id),
            seq: u64::try_from(row.seq).map_err(|_| altered())?,
            event_id: &event_id,
            at: Timestamp::from_millis(row.at),
            personal_digest: &digest,
            event: &row.event,
            method: row.method.as_deref(),
            outcome: &row.outcome,
            request_id: row.request_id.as_deref(),
            previous: &self.mac,
            token,
        };
        let key = KeyId::parse(&row.mac_key).map_err(|_| altered())?;
        match self.keys.verify(&key, &link.message(), &mac) {
            MacCheck::Genuine => {}
            MacCheck::Altered => return Err(altered()),
            MacCheck::UnknownKey => return Err(self.finding(row.seq, ChainFlaw::UnknownKey)),
        }
        // An erasure explains the events before it, not itself.
        let records_erasure =
            [EventKind::AdminErase, EventKind::ActorErase].iter().any(|kind| kind.as_str() == row.event);
        let earlier = self.erased.filter(|_| !records_erasure || row.outcome != Outcome::Success.as_str());
        let personal = [&row.ip, &row.user_agent, &row.actor, &row.reason].map(Option::as_deref);
        self.erased = match &row.salt {
            Some(salt) => {
                let salt: [u8; 16] = bytes(salt).ok_or_else(altered)?;
                if personal_digest(personal, &salt) != digest {
                    return Err(altered());
                }
                earlier
            }
            None if personal.iter().all(Option::is_none) => earlier.or(Some(row.seq)),
            None => return Err(altered()),
        };
        Ok(())
    }

    /// Returns the flaw of the chain as a whole, after the last event was verified.
    pub(super) fn finish(&self) -> Option<ChainFinding> {
        self.erased.map(|seq| self.finding(seq, ChainFlaw::ErasedUnrecorded))
    }
}

/// Returns whether the MAC of this floor is valid.
pub(super) fn is_genuine(keys: &AuditKeys, floor: &FloorRow) -> bool {
    let (Ok(key), Ok(seq)) = (KeyId::parse(&floor.floor_key), u64::try_from(floor.seq)) else { return false };
    let Some(mac) = bytes::<32>(&floor.floor_mac) else { return false };
    let message = floor_message(UserId::new(floor.user_id), seq, &floor.mac);
    keys.verify(&key, &message, &mac) == MacCheck::Genuine
}

fn token(id: &str, session: Option<i64>) -> Option<EventToken> {
    let session = session.map(u64::try_from).transpose().ok()?;
    Some(EventToken { id: bytes(id).map(TokenId::from_bytes)?, session })
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()
}
