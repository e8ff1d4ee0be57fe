//! Temporary access passes: drawn for a helper, stored as a keyed digest, compared in constant time.
//!
//! A pass has the form of a recovery code: 80 random bits. They cannot be guessed, so a fast digest is enough, and a
//! decision can compare it. The key keeps the digest in the row from being used without the server.

use data_encoding::HEXLOWER;
use mfa_core::{
    AccessPass, DigestPurpose, Entropy, EntropyError, KeyedDigest, KeyedDigests, Role, Timestamp, UserId,
};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{PlainCode, RecoveryCodeInput};

/// Draws a new pass, to be displayed once.
///
/// # Errors
///
/// [`EntropyError`] if there is no randomness: issue no pass.
pub fn generate_access_pass(entropy: &dyn Entropy) -> Result<PlainCode, EntropyError> {
    PlainCode::draw(entropy)
}

/// Returns the stored form of a pass for this user.
pub fn stored_access_pass(
    user: UserId,
    pass: &PlainCode,
    issuer: Role,
    expires_at: Timestamp,
    digests: &dyn KeyedDigests,
) -> AccessPass {
    let KeyedDigest { key, bytes } = digests.digest(DigestPurpose::AccessPass, &message(user, pass));
    AccessPass { digest: HEXLOWER.encode(&bytes), key: key.as_str().to_owned(), expires_at, issuer }
}

/// Submitted text with its digests, computed before the decision that compares them.
#[derive(Debug)]
pub struct SubmittedPass(Vec<KeyedDigest>);

impl SubmittedPass {
    /// Computes the digests of a submitted text with each key. A text that has not the form of a pass matches none.
    pub fn new(user: UserId, input: &RecoveryCodeInput, digests: &dyn KeyedDigests) -> Self {
        let computed = |pass| digests.digest_with_each_key(DigestPurpose::AccessPass, &message(user, pass));
        Self(input.code().map(computed).unwrap_or_default())
    }

    /// Returns whether this is the stored pass, in constant time. A pass whose key was removed matches nothing.
    pub fn is(&self, stored: &AccessPass) -> bool {
        let found = self.0.iter().fold(Choice::from(0), |found, digest| {
            let bytes = HEXLOWER.encode(&digest.bytes);
            let is_key = stored.key.as_bytes().ct_eq(digest.key.as_str().as_bytes());
            found | (is_key & stored.digest.as_bytes().ct_eq(bytes.as_bytes()))
        });
        found.into()
    }
}

/// Builds the digest's message: eight bytes of user ID, then sixteen of pass. Fixed lengths make it unambiguous.
fn message(user: UserId, pass: &PlainCode) -> Zeroizing<Vec<u8>> {
    let pass = pass.canonical().expose().as_bytes();
    Zeroizing::new([user.value().to_be_bytes().as_slice(), pass].concat())
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::{SeededEntropy, TestDigests};

    use super::*;

    const END: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const ADA: UserId = UserId::new(7);

    fn submitted(user: UserId, text: &str) -> SubmittedPass {
        SubmittedPass::new(user, &RecoveryCodeInput::parse(text).unwrap(), &TestDigests)
    }

    #[test]
    fn a_pass_matches_in_every_spelling_and_for_its_user_only() {
        let pass = generate_access_pass(&SeededEntropy::default()).unwrap();
        let stored = stored_access_pass(ADA, &pass, Role::Helpdesk, END, &TestDigests);
        let shown = pass.to_display().expose().to_owned();
        assert_eq!(shown.len(), 19);
        for text in [shown.clone(), shown.to_uppercase(), shown.replace('-', " ")] {
            assert!(submitted(ADA, &text).is(&stored), "{text}");
        }
        assert!(!submitted(UserId::new(8), &shown).is(&stored));
        for wrong in ["0000-0000-0000-0000", "short", "é", &shown[1..]] {
            assert!(!submitted(ADA, wrong).is(&stored), "{wrong}");
        }
    }

    #[test]
    fn the_row_has_no_pass_and_another_key_matches_nothing() {
        let pass = generate_access_pass(&SeededEntropy::default()).unwrap();
        let stored = stored_access_pass(ADA, &pass, Role::Admin, END, &TestDigests);
        assert!(!serde_json::to_string(&stored).unwrap().contains(pass.canonical().expose()));
        let removed = AccessPass { key: "gone".into(), ..stored };
        assert!(!submitted(ADA, pass.to_display().expose()).is(&removed));
    }
}
