//! Denylist of spent and revoked tokens.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, TokenId};

/// Reason why a genuine token is rejected.
///
/// Exhaustive, so that each reason is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenylistReason {
    /// The token was exchanged for an access token.
    Spent,
    /// The token was revoked, for example by a logout.
    Revoked,
}

/// Spent and revoked tokens of an account that have not expired, at most [`TokenDenylist::CAPACITY`].
///
/// Serialised as one base64url string of 21-byte records (16 bytes ID, 4 bytes expiry in seconds, 1 byte reason). A
/// full list takes less than two kilobytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenDenylist(Vec<(TokenId, u32, DenylistReason)>);

impl TokenDenylist {
    /// Maximum number of tokens.
    pub const CAPACITY: usize = 64;

    /// Returns why this token is rejected, or `None` if it is not listed.
    pub fn reason(&self, token: &TokenId) -> Option<DenylistReason> {
        self.0.iter().find(|(id, ..)| id == token).map(|(.., mark)| *mark)
    }

    /// Adds a token and removes expired ones. Returns `false`, without adding it, if the list is full.
    #[must_use]
    pub(crate) fn insert(
        &mut self,
        token: TokenId,
        expires: Timestamp,
        mark: DenylistReason,
        now: Timestamp,
    ) -> bool {
        self.drop_expired(now);
        if self.reason(&token).is_some() {
            return true;
        }
        if self.0.len() >= Self::CAPACITY {
            return false;
        }
        let seconds = u32::try_from(expires.seconds().saturating_add(1)).unwrap_or(u32::MAX);
        self.0.push((token, seconds, mark));
        true
    }

    /// Removes tokens that expired more than a minute ago. The minute covers the clock tolerance of token
    /// verification.
    pub(crate) fn drop_expired(&mut self, now: Timestamp) {
        let kept_from = now.seconds().saturating_sub(60);
        self.0.retain(|(_, expires, _)| i64::from(*expires) > kept_from);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

const RECORD: usize = 21;

impl Serialize for TokenDenylist {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len().saturating_mul(RECORD));
        for (id, expires, mark) in &self.0 {
            bytes.extend_from_slice(id.bytes());
            bytes.extend_from_slice(&expires.to_be_bytes());
            bytes.push(match mark {
                DenylistReason::Spent => 0,
                DenylistReason::Revoked => 1,
            });
        }
        serializer.serialize_str(&data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }
}

impl<'de> Deserialize<'de> for TokenDenylist {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let broken = || serde::de::Error::custom("token marks are 21-byte records in base64url");
        let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| broken())?;
        let (records, tail) = bytes.as_chunks::<RECORD>();
        if !tail.is_empty() {
            return Err(broken());
        }
        records.iter().map(|record| decode(record).ok_or_else(broken)).collect::<Result<_, _>>().map(Self)
    }
}

fn decode(record: &[u8; RECORD]) -> Option<(TokenId, u32, DenylistReason)> {
    let (id, rest) = record.split_first_chunk::<16>()?;
    let (expires, mark) = rest.split_first_chunk::<4>()?;
    let mark = match mark {
        [0] => DenylistReason::Spent,
        [1] => DenylistReason::Revoked,
        _ => return None,
    };
    Some((TokenId::from_bytes(*id), u32::from_be_bytes(*expires), mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const LATER: Timestamp = Timestamp::from_seconds(1_700_000_300);

    fn full() -> TokenDenylist {
        let mut denylist = TokenDenylist::default();
        for n in 0..TokenDenylist::CAPACITY {
            assert!(denylist.insert(TokenId::from_jti(&n.to_string()), LATER, DenylistReason::Spent, NOW));
        }
        denylist
    }

    #[test]
    fn a_full_list_refuses_one_more_and_has_room_again_when_tokens_have_ended() {
        let mut denylist = full();
        assert!(!denylist.insert(TokenId::from_jti("one more"), LATER, DenylistReason::Spent, NOW));
        assert!(denylist.insert(TokenId::from_jti("7"), LATER, DenylistReason::Spent, NOW), "already there");
        let after = Timestamp::from_seconds(1_700_000_400);
        assert!(denylist.insert(TokenId::from_jti("one more"), after, DenylistReason::Revoked, after));
        assert_eq!(denylist.reason(&TokenId::from_jti("one more")), Some(DenylistReason::Revoked));
        assert_eq!(denylist.reason(&TokenId::from_jti("7")), None);
    }

    #[test]
    fn a_full_list_reads_back_and_fits_the_column() {
        let text = serde_json::to_string(&full()).unwrap();
        assert!(text.len() < 1_900, "{}", text.len());
        assert_eq!(serde_json::from_str::<TokenDenylist>(&text).unwrap(), full());
    }

    #[test]
    fn a_broken_list_is_an_error_and_never_an_empty_one() {
        for bad in ["\"AAAA\"", "\"!\"", "7"] {
            assert!(serde_json::from_str::<TokenDenylist>(bad).is_err(), "{bad}");
        }
    }
}
