//! One chain, event by event: what of it is not what it was.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use mfa_core::{EventKind, KeyId, Outcome, Timestamp, UserId};
use serde::Serialize;

use crate::crypto::{AuditKeys, MacCheck};
use crate::database::audit::{ChainRow, FloorRow};
use crate::database::chain::{ChainLink, floor_message, personal_digest};

/// The first thing that is wrong with the chain of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainFinding {
    /// Whose chain.
    #[serde(rename = "user_id")]
    pub user: UserId,
    /// The number of the event that was altered, removed or added.
    pub seq: i64,
    /// What is wrong.
    pub flaw: ChainFlaw,
}

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainFlaw {
    /// It is not there.
    Removed,
    /// It, its MAC or its place is not what it was.
    Altered,
    /// Its MAC was made by a key that is not in the ring.
    UnknownKey,
    /// Address, agent, actor and reason are gone, and no erasure of the user was recorded after it.
    ErasedUnrecorded,
    /// It stands where everything was removed because it was old.
    BelowFloor,
    /// The record of what was removed because it was old is not genuine.
    FloorAltered,
    /// The user's row tells of no such event, or of another one.
    BeyondHead,
    /// The log tells of another one.
    UnlikeLog,
}

impl fmt::Display for ChainFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.flaw {
            ChainFlaw::Removed => "was removed",
            ChainFlaw::Altered => "was altered",
            ChainFlaw::UnknownKey => "was signed by a key that MFA_ENCRYPTION_KEYS does not hold",
            ChainFlaw::ErasedUnrecorded => "was stripped of who and from where, and no erasure is on record",
            ChainFlaw::BelowFloor => "was added where old events had been removed",
            ChainFlaw::FloorAltered => "is where the record of what was removed for its age was altered",
            ChainFlaw::BeyondHead => "is not the end that the row of the user tells of",
            ChainFlaw::UnlikeLog => "is not the one that the log tells of",
        };
        write!(f, "user {}: event {} {what}", self.user, self.seq)
    }
}

/// The chain of one user, as far as it was read.
#[derive(Debug)]
pub(super) struct ChainVerifier<'a> {
    keys: &'a AuditKeys,
    user: i64,
    seq: i64,
    mac: String,
    /// The first event without salt that no recorded erasure explains so far.
    erased: Option<i64>,
}

impl<'a> ChainVerifier<'a> {
    /// Before the first event of this user.
    pub(super) const fn new(keys: &'a AuditKeys, user: i64) -> Self {
        Self { keys, user, seq: 0, mac: String::new(), erased: None }
    }

    /// Whose chain it is.
    pub(super) const fn user(&self) -> i64 {
        self.user
    }

    fn finding(&self, seq: i64, flaw: ChainFlaw) -> ChainFinding {
        ChainFinding { user: UserId::new(self.user), seq, flaw }
    }

    /// Looks at the next event of this user.
    ///
    /// # Errors
    ///
    /// What is wrong with it: nothing can be said of those behind it.
    pub(super) fn step(&mut self, row: &ChainRow, floor: Option<&FloorRow>) -> Result<(), ChainFinding> {
        let next = self.seq.saturating_add(1);
        if row.seq != next {
            self.begin_at(row, floor, next)?;
        }
        self.check(row)?;
        self.seq = row.seq;
        self.mac.clone_from(&row.mac);
        Ok(())
    }

    /// An event that does not follow the one before it can only follow what was removed because it was old.
    fn begin_at(&mut self, row: &ChainRow, floor: Option<&FloorRow>, next: i64) -> Result<(), ChainFinding> {
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
        };
        let key = KeyId::parse(&row.mac_key).map_err(|_| altered())?;
        match self.keys.verify(&key, &link.message(), &mac) {
            MacCheck::Genuine => {}
            MacCheck::Altered => return Err(altered()),
            MacCheck::UnknownKey => return Err(self.finding(row.seq, ChainFlaw::UnknownKey)),
        }
        let personal = [&row.ip, &row.user_agent, &row.actor, &row.reason].map(Option::as_deref);
        match &row.salt {
            Some(salt) => {
                let salt: [u8; 16] = bytes(salt).ok_or_else(altered)?;
                if personal_digest(personal, &salt) != digest {
                    return Err(altered());
                }
            }
            None if personal.iter().all(Option::is_none) => {
                self.erased = self.erased.or(Some(row.seq));
            }
            None => return Err(altered()),
        }
        if row.event == EventKind::AdminErase.as_str() && row.outcome == Outcome::Success.as_str() {
            self.erased = None;
        }
        Ok(())
    }

    /// What is wrong with the chain as a whole, once every event of it was looked at.
    pub(super) fn finish(&self) -> Option<ChainFinding> {
        self.erased.map(|seq| self.finding(seq, ChainFlaw::ErasedUnrecorded))
    }
}

/// Whether we have made this floor.
pub(super) fn is_genuine(keys: &AuditKeys, floor: &FloorRow) -> bool {
    let (Ok(key), Ok(seq)) = (KeyId::parse(&floor.floor_key), u64::try_from(floor.seq)) else { return false };
    let Some(mac) = bytes::<32>(&floor.floor_mac) else { return false };
    let message = floor_message(UserId::new(floor.user_id), seq, &floor.mac);
    keys.verify(&key, &message, &mac) == MacCheck::Genuine
}

fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()
}
