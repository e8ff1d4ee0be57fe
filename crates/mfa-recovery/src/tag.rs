//! Tags that select a recovery code in a set without revealing it.

use data_encoding::HEXLOWER;
use mfa_core::{DigestPurpose, KeyId, KeyedDigest, KeyedDigests, RecoveryCode, UserId};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::PlainCode;

/// Tag: the first 16 bits of a keyed digest of user and code.
///
/// Someone with the key learns 16 bits of the code, and 64 stay secret. The tag distinguishes ten codes and is far
/// too short to find a code.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CodeTag {
    key: KeyId,
    bits: [u8; 2],
}

impl CodeTag {
    /// Computes the tag with the newest key, for new sets.
    pub(crate) fn newest(user: UserId, code: &PlainCode, digests: &dyn KeyedDigests) -> Self {
        Self::cut(digests.digest(DigestPurpose::RecoveryTag, &message(user, code)))
    }

    /// Computes the tag with each active key, because a set keeps the key it was generated with.
    pub(crate) fn digest_with_each_key(
        user: UserId,
        code: &PlainCode,
        digests: &dyn KeyedDigests,
    ) -> Vec<Self> {
        let all = digests.digest_with_each_key(DigestPurpose::RecoveryTag, &message(user, code));
        all.into_iter().map(Self::cut).collect()
    }

    fn cut(digest: KeyedDigest) -> Self {
        let [first, second, ..] = digest.bytes;
        Self { key: digest.key, bits: [first, second] }
    }

    /// Returns the ID of the key as stored.
    pub(crate) fn key(&self) -> &str {
        self.key.as_str()
    }

    /// Returns the tag as stored.
    pub(crate) fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.bits)
    }

    /// Compares a stored code's tag in constant time. A code without a tag never matches.
    pub(crate) fn fits(&self, stored: &RecoveryCode) -> Choice {
        let (Some(key), Some(tag)) = (&stored.tag_key, &stored.tag) else { return Choice::from(0) };
        key.as_bytes().ct_eq(self.key().as_bytes()) & tag.as_bytes().ct_eq(self.to_hex().as_bytes())
    }
}

/// Builds the digest's message: eight bytes of user ID, then sixteen of code. Fixed lengths make it unambiguous.
fn message(user: UserId, code: &PlainCode) -> Zeroizing<Vec<u8>> {
    let code = code.canonical().expose().as_bytes();
    Zeroizing::new([user.value().to_be_bytes().as_slice(), code].concat())
}

#[cfg(test)]
mod tests {
    use mfa_core::SecretText;
    use mfa_core::testing::TestDigests;

    use super::*;

    fn code(text: &str) -> PlainCode {
        PlainCode::from_canonical(SecretText::new(text.to_owned()))
    }

    #[test]
    fn a_tag_is_the_first_two_bytes_of_the_digest_of_user_and_code() {
        let tag = CodeTag::newest(UserId::new(0x0102), &code("0123456789abcdef"), &TestDigests);
        let message = b"\x00\x00\x00\x00\x00\x00\x01\x020123456789abcdef";
        let digest = TestDigests.digest(DigestPurpose::RecoveryTag, message);
        assert_eq!(tag.to_hex(), HEXLOWER.encode(&digest.bytes[..2]));
        assert_eq!(tag.key(), "test");
    }

    #[test]
    fn a_tag_fits_its_own_key_and_bits_alone() {
        let tag = CodeTag::newest(UserId::new(1), &code("0123456789abcdef"), &TestDigests);
        let stored = |key: Option<&str>, tag: Option<&str>| RecoveryCode {
            id: "1".into(),
            digest: String::new(),
            tag_key: key.map(str::to_owned),
            tag: tag.map(str::to_owned),
            used_at: None,
            rest: serde_json::Map::new(),
        };
        let hex = tag.to_hex();
        assert!(bool::from(tag.fits(&stored(Some("test"), Some(&hex)))));
        for (key, bits) in [
            (None, None),
            (None, Some(hex.as_str())),
            (Some("test"), None),
            (Some("other"), Some(&hex)),
            (Some("test"), Some("")),
            (Some("test"), Some(&hex[..2])),
            (Some("test"), Some(&hex.repeat(2))),
        ] {
            assert!(!bool::from(tag.fits(&stored(key, bits))), "{key:?} {bits:?}");
        }
    }
}
