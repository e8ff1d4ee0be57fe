//! Challenges: binding, expiry and spelling.

use std::time::Duration;

use mfa_core::{Timestamp, TokenId, UserId};

use super::support::{NOW, binding, challenge, key};
use crate::{
    CHALLENGE_LIFETIME, Challenge, ChallengeBinding, ChallengeError, ChallengeId, ChallengeKey,
    ChallengePurpose,
};

fn verify(bytes: &[u8], binding: ChallengeBinding, now: Timestamp) -> Result<Challenge, ChallengeError> {
    Challenge::verify(&key(), bytes, binding, now)
}

#[test]
fn a_challenge_verifies_until_it_expires() {
    let issued = challenge(ChallengePurpose::Login, 1);
    assert_eq!((issued.bytes().len(), issued.expires_at()), (56, NOW.plus(CHALLENGE_LIFETIME)));
    let check = |now| verify(issued.bytes(), binding(ChallengePurpose::Login), now);
    assert_eq!(check(NOW), Ok(issued.clone()));
    let end = NOW.plus(CHALLENGE_LIFETIME);
    assert_eq!(check(end.minus(Duration::from_millis(1))), Ok(issued.clone()));
    assert_eq!(check(end), Err(ChallengeError::Expired));
}

#[test]
fn a_challenge_is_unknown_for_any_other_binding() {
    let issued = challenge(ChallengePurpose::Login, 1);
    let right = binding(ChallengePurpose::Login);
    for wrong in [
        ChallengeBinding { purpose: ChallengePurpose::Register, ..right },
        ChallengeBinding { purpose: ChallengePurpose::StepUp, ..right },
        ChallengeBinding { user: UserId::new(43), ..right },
        ChallengeBinding { token: TokenId::from_jti("other"), ..right },
    ] {
        assert_eq!(verify(issued.bytes(), wrong, NOW), Err(ChallengeError::Unknown), "{wrong:?}");
        // An expired challenge of others is unknown too.
        let late = NOW.plus(Duration::from_hours(1));
        assert_eq!(verify(issued.bytes(), wrong, late), Err(ChallengeError::Unknown), "{wrong:?}");
    }
    let other_key = ChallengeKey::from_bytes([4; 32]);
    assert_eq!(Challenge::verify(&other_key, issued.bytes(), right, NOW), Err(ChallengeError::Unknown));
}

#[test]
fn a_challenge_of_another_length_is_unknown() {
    let issued = challenge(ChallengePurpose::Login, 1);
    for length in 0..issued.bytes().len() {
        let short = &issued.bytes()[..length];
        assert_eq!(
            verify(short, binding(ChallengePurpose::Login), NOW),
            Err(ChallengeError::Unknown),
            "{length}"
        );
    }
    let long = [issued.bytes(), &[0]].concat();
    assert_eq!(verify(&long, binding(ChallengePurpose::Login), NOW), Err(ChallengeError::Unknown));
}

#[test]
fn challenges_and_their_ids_differ_by_nonce() {
    let (one, other) = (challenge(ChallengePurpose::Login, 1), challenge(ChallengePurpose::Login, 2));
    assert_ne!(one.id(), other.id());
    let verified = verify(one.bytes(), binding(ChallengePurpose::Login), NOW).unwrap();
    let id: ChallengeId = verified.id();
    assert_eq!(id, one.id(), "the same at both calls");
}

#[test]
fn debug_shows_neither_key_nor_challenge() {
    assert_eq!(format!("{:?}", key()), "[redacted]");
    let shown = format!("{:?}", challenge(ChallengePurpose::Login, 1));
    assert_eq!(shown, "Challenge { expires_at: Timestamp(1800000300000), .. }");
}
