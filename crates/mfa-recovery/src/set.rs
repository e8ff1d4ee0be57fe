//! Generation and hashing of recovery code sets.

use std::fmt;

use mfa_core::{
    Entropy, EntropyError, HashError, KeyedDigests, PasswordHasher, RecoveryCode, RecoveryState, Timestamp,
    UserId,
};

use crate::PlainCode;
use crate::tag::CodeTag;

/// Number of codes in a set.
pub const SET_SIZE: usize = 10;

/// Maximum number of draws for a set. About one draw in seven thousand repeats a tag, so more than a few mean that
/// the source of randomness repeats itself.
const MAX_DRAWS: usize = 4 * SET_SIZE;

/// Plaintext codes of a new set, to be displayed once. The stored form is [`RecoveryState`].
pub struct PlainCodeSet(Vec<(PlainCode, CodeTag)>);

impl PlainCodeSet {
    /// Returns the codes in the order in which they are displayed and numbered.
    pub fn codes(&self) -> impl ExactSizeIterator<Item = &PlainCode> {
        self.0.iter().map(|(code, _)| code)
    }
}

impl fmt::Debug for PlainCodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainCodeSet({} codes)", self.0.len())
    }
}

/// Generates a set for this user: [`SET_SIZE`] codes of 80 random bits.
///
/// No two codes have the same tag, so that an attempt never has two candidate hashes.
///
/// # Errors
///
/// [`EntropyError`] if there is no randomness or it repeats itself: keep the old set.
pub fn generate_set(
    user: UserId,
    entropy: &dyn Entropy,
    digests: &dyn KeyedDigests,
) -> Result<PlainCodeSet, EntropyError> {
    let mut set: Vec<(PlainCode, CodeTag)> = Vec::with_capacity(SET_SIZE);
    for _ in 0..MAX_DRAWS {
        let code = PlainCode::draw(entropy)?;
        let tag = CodeTag::newest(user, &code, digests);
        // Equal codes have equal tags, so this also excludes duplicates.
        if set.iter().all(|(_, other)| *other != tag) {
            set.push((code, tag));
        }
        if set.len() == SET_SIZE {
            return Ok(PlainCodeSet(set));
        }
    }
    Err(EntropyError)
}

/// Hashes a set for storage: number from `1`, slow hash and tag of each code. Storing it invalidates every older
/// code.
///
/// The codes are hashed one after the other, so that a set never takes more than one place in the hasher's queue.
///
/// # Errors
///
/// [`HashError`] if a code was not hashed: display none of the codes and keep the old set.
pub async fn hash_set(
    set: &PlainCodeSet,
    hasher: &dyn PasswordHasher,
    now: Timestamp,
) -> Result<RecoveryState, HashError> {
    let mut codes = Vec::with_capacity(set.0.len());
    for (number, (code, tag)) in (1_u32..).zip(&set.0) {
        let digest = hasher.hash(code.canonical().clone()).await?;
        codes.push(RecoveryCode {
            id: number.to_string(),
            digest: digest.as_column().to_owned(),
            tag_key: Some(tag.key().to_owned()),
            tag: Some(tag.to_hex()),
            used_at: None,
            rest: serde_json::Map::new(),
        });
    }
    Ok(RecoveryState { codes, generated_at: Some(now), unreadable: None })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU32, Ordering};

    use mfa_core::testing::{SeededEntropy, TestDigests, TestHasher};
    use mfa_core::{DigestPurpose, KeyId, KeyedDigest};

    use super::*;

    const USER: UserId = UserId::new(7);

    /// Digests that are equal for the first `alike` calls.
    #[derive(Debug)]
    struct Colliding {
        alike: u32,
        calls: AtomicU32,
    }

    impl KeyedDigests for Colliding {
        fn digest(&self, _: DigestPurpose, _: &[u8]) -> KeyedDigest {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            let tag = u16::try_from(call.saturating_sub(self.alike)).unwrap().to_be_bytes();
            let mut bytes = [0; 32];
            bytes[..2].copy_from_slice(&tag);
            KeyedDigest { key: KeyId::parse("k").unwrap(), bytes }
        }

        fn digest_with_each_key(&self, purpose: DigestPurpose, message: &[u8]) -> Vec<KeyedDigest> {
            vec![self.digest(purpose, message)]
        }
    }

    #[derive(Debug)]
    struct Broken;

    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }

    #[derive(Debug)]
    struct Stuck;

    impl Entropy for Stuck {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
            buffer.fill(0x5a);
            Ok(())
        }
    }

    #[test]
    fn no_two_codes_of_a_set_have_the_same_tag() {
        let digests = Colliding { alike: 5, calls: AtomicU32::new(0) };
        let set = generate_set(USER, &SeededEntropy::default(), &digests).unwrap();
        let tags: HashSet<String> = set.0.iter().map(|(_, tag)| tag.to_hex()).collect();
        assert_eq!((set.codes().len(), tags.len()), (SET_SIZE, SET_SIZE));
        assert_eq!(digests.calls.into_inner(), 15, "five random draws found no free value");
    }

    #[test]
    fn without_randomness_there_is_no_set() {
        assert_eq!(generate_set(USER, &Broken, &TestDigests).unwrap_err(), EntropyError);
        assert_eq!(generate_set(USER, &Stuck, &TestDigests).unwrap_err(), EntropyError);
    }

    #[test]
    fn a_row_keeps_numbers_hashes_and_tags_of_codes_not_used() {
        let set = generate_set(USER, &SeededEntropy::default(), &TestDigests).unwrap();
        let now = Timestamp::from_seconds(1_700_000_000);
        let state = futures::executor::block_on(hash_set(&set, &TestHasher, now)).unwrap();
        assert_eq!((state.left(), state.generated_at), (SET_SIZE, Some(now)));
        let ids: Vec<&str> = state.codes.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
        for (stored, (code, tag)) in state.codes.iter().zip(&set.0) {
            assert_eq!(
                stored.digest,
                format!("test:{}", code.canonical().expose()),
                "the canonical spelling"
            );
            assert_eq!(stored.tag_key.as_deref(), Some("test"));
            assert_eq!(stored.tag, Some(tag.to_hex()));
        }
    }

    #[test]
    fn debug_shows_nothing_of_a_set() {
        let set = generate_set(USER, &SeededEntropy::default(), &TestDigests).unwrap();
        assert_eq!(format!("{set:?}"), "PlainCodeSet(10 codes)");
    }
}
