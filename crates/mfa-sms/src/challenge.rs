//! Pending SMS code of an account, bound to its user, purpose, destination and token.

use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::{
    Account, DigestPurpose, FactorResult, KeyedDigest, KeyedDigests, SmsChallenge, SmsPurpose, Timestamp,
    TokenId, UserId,
};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{PhoneNumber, SendId, SmsCode};

/// Lifetime of a code.
pub const CODE_LIFETIME: Duration = Duration::from_mins(5);
/// Time after which another code may be requested, as the response to a send reports it.
pub const RESEND_DELAY: Duration = Duration::from_mins(1);
/// Number of wrong attempts that invalidates a code.
pub const MAX_ATTEMPTS: u8 = 5;

/// Values that a code is bound to, besides its user.
#[derive(Clone, Copy, Debug)]
pub struct CodeBinding<'a> {
    /// Purpose of the code.
    pub purpose: SmsPurpose,
    /// Number that the code is sent to.
    pub destination: &'a PhoneNumber,
    /// Token that requested the code. It binds only a second factor: any token of the user can confirm a number.
    pub token: &'a TokenId,
}

/// Stores a new pending code and invalidates the previous one.
///
/// The row holds a digest of the code with all that it is bound to: the user, the purpose, the destination and, for a
/// second factor, the token. Failures counted on the account stay counted.
pub fn issue(
    account: &mut Account,
    code: &SmsCode,
    binding: CodeBinding<'_>,
    send: &SendId,
    digests: &dyn KeyedDigests,
    now: Timestamp,
) {
    let message = message(account.user, code, binding);
    let digest = digests.digest(DigestPurpose::SmsCode, &message);
    account.internal.sms.challenge = Some(SmsChallenge {
        digest: HEXLOWER.encode(&digest.bytes),
        key: digest.key.as_str().to_owned(),
        purpose: binding.purpose,
        tries: 0,
        expires_at: now.plus(CODE_LIFETIME),
        send: send.as_str().to_owned(),
    });
}

/// Checks a submitted code and invalidates the pending code if it is correct. The fifth wrong attempt also
/// invalidates it, without telling the caller.
///
/// A missing code, a code for another purpose and an expired code return the same result as a wrong one. A code whose
/// key was removed cannot match.
///
/// Call it in the closures of [`mfa_core::verify_factor`] and [`mfa_core::confirm`], which authorize, count and
/// record.
pub fn check(
    account: &mut Account,
    code: &SmsCode,
    binding: CodeBinding<'_>,
    digests: &dyn KeyedDigests,
    now: Timestamp,
) -> FactorResult {
    let awaited = &mut account.internal.sms.challenge;
    if awaited.as_ref().is_some_and(|it| it.expires_at <= now) {
        *awaited = None;
    }
    let Some(challenge) = awaited.as_mut().filter(|it| it.purpose == binding.purpose) else {
        return FactorResult::Wrong;
    };
    let message = message(account.user, code, binding);
    let under_each_key = digests.digest_with_each_key(DigestPurpose::SmsCode, &message);
    let fits = under_each_key.iter().fold(Choice::from(0), |fits, it| fits | is_of(challenge, it));
    if fits.into() {
        *awaited = None;
        return FactorResult::Correct;
    }
    challenge.tries = challenge.tries.saturating_add(1);
    if challenge.tries >= MAX_ATTEMPTS {
        *awaited = None;
    }
    FactorResult::Wrong
}

/// Returns whether a code for this purpose was sent and can still be entered. Without one, [`check`] rejects every code.
pub fn is_code_pending(account: &Account, purpose: SmsPurpose, now: Timestamp) -> bool {
    let challenge = account.internal.sms.challenge.as_ref();
    challenge.is_some_and(|it| it.purpose == purpose && it.expires_at > now)
}

/// Returns whether the challenge has this digest and key, in constant time.
fn is_of(challenge: &SmsChallenge, digest: &KeyedDigest) -> Choice {
    let bytes = HEXLOWER.encode(&digest.bytes);
    challenge.key.as_bytes().ct_eq(digest.key.as_str().as_bytes())
        & challenge.digest.as_bytes().ct_eq(bytes.as_bytes())
}

/// Builds the digest's message: user, purpose, destination with a terminator, token of a second factor, six digits.
/// Every part has a fixed length or a terminator, so the message is unambiguous.
fn message(user: UserId, code: &SmsCode, binding: CodeBinding<'_>) -> Zeroizing<Vec<u8>> {
    let (purpose, token): (&[u8], &[u8]) = match binding.purpose {
        SmsPurpose::SecondFactor => (b"l", binding.token.bytes()),
        SmsPurpose::Confirmation => (b"c", &[]),
    };
    let user = user.value().to_be_bytes();
    let text = code.to_text();
    let parts =
        [&user, purpose, binding.destination.e164().as_bytes(), &[0], token, text.expose().as_bytes()];
    Zeroizing::new(parts.concat())
}

#[cfg(test)]
mod tests {
    use mfa_core::KeyId;
    use mfa_core::testing::TestDigests;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const LOGIN: SmsPurpose = SmsPurpose::SecondFactor;
    const CONFIRMATION: SmsPurpose = SmsPurpose::Confirmation;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text, "FR").unwrap()
    }

    fn code(text: &str) -> SmsCode {
        SmsCode::parse(text).unwrap()
    }

    fn awaiting(text: &str, purpose: SmsPurpose) -> Account {
        let mut account = Account::new(UserId::new(7), "a@example.com", "a");
        send(&mut account, text, purpose, NOW);
        account
    }

    fn send(account: &mut Account, text: &str, purpose: SmsPurpose, now: Timestamp) {
        let to = number("0612345612");
        let token = TokenId::from_jti("login");
        let binding = CodeBinding { purpose, destination: &to, token: &token };
        issue(account, &code(text), binding, &SendId::restore("send".into()), &TestDigests, now);
    }

    fn answer_at(account: &mut Account, text: &str, purpose: SmsPurpose, now: Timestamp) -> FactorResult {
        let to = number("0612345612");
        let token = TokenId::from_jti("login");
        let binding = CodeBinding { purpose, destination: &to, token: &token };
        check(account, &code(text), binding, &TestDigests, now)
    }

    fn answer(account: &mut Account, text: &str) -> FactorResult {
        answer_at(account, text, LOGIN, NOW)
    }

    #[test]
    fn a_code_is_pending_until_it_is_used_expires_or_was_guessed_at() {
        let is_pending = |account: &Account, seconds| {
            is_code_pending(account, LOGIN, NOW.plus(Duration::from_secs(seconds)))
        };
        let mut account = awaiting("012345", LOGIN);
        assert!(is_pending(&account, 299) && !is_pending(&account, 300));
        assert!(!is_code_pending(&account, CONFIRMATION, NOW));
        for _ in 0..MAX_ATTEMPTS {
            assert!(is_pending(&account, 0));
            assert_eq!(answer(&mut account, "999999"), FactorResult::Wrong);
        }
        assert!(!is_pending(&account, 0));
        let mut account = awaiting("012345", LOGIN);
        assert_eq!(answer(&mut account, "012345"), FactorResult::Correct);
        assert!(!is_pending(&account, 0));
    }

    #[test]
    fn a_code_is_right_once() {
        let mut account = awaiting("012345", LOGIN);
        assert_eq!(answer(&mut account, "012345"), FactorResult::Correct);
        assert_eq!(account.internal.sms.challenge, None);
        assert_eq!(answer(&mut account, "012345"), FactorResult::Wrong);
    }

    #[test]
    fn the_row_holds_a_digest_and_not_the_code() {
        let account = awaiting("012345", LOGIN);
        let challenge = account.internal.sms.challenge.clone().unwrap();
        assert_eq!((challenge.digest.len(), challenge.key.as_str(), challenge.tries), (64, "test", 0));
        assert_eq!(challenge.expires_at, Timestamp::from_seconds(1_700_000_300));
        let message = b"\0\0\0\0\0\0\0\x07l+33612345612\0".to_vec();
        let message = [message, TokenId::from_jti("login").bytes().to_vec(), b"012345".to_vec()].concat();
        let digest = TestDigests.digest(DigestPurpose::SmsCode, &message);
        assert_eq!(challenge.digest, HEXLOWER.encode(&digest.bytes));
    }

    #[test]
    fn a_code_lives_for_five_minutes_and_not_a_millisecond_longer() {
        let end = NOW.plus(Duration::from_mins(5));
        let just_before = end.minus(Duration::from_millis(1));
        assert_eq!(
            answer_at(&mut awaiting("012345", LOGIN), "012345", LOGIN, just_before),
            FactorResult::Correct
        );
        let mut account = awaiting("012345", LOGIN);
        assert_eq!(answer_at(&mut account, "012345", LOGIN, end), FactorResult::Wrong);
        assert_eq!(account.internal.sms.challenge, None, "it is forgotten");
    }

    #[test]
    fn the_fifth_wrong_try_kills_the_code() {
        let mut account = awaiting("012345", LOGIN);
        for tries in 1..=4 {
            assert_eq!(answer(&mut account, "999999"), FactorResult::Wrong);
            assert_eq!(account.internal.sms.challenge.as_ref().unwrap().tries, tries);
        }
        assert_eq!(answer(&mut account.clone(), "012345"), FactorResult::Correct, "four wrong codes do not");
        assert_eq!(answer(&mut account, "999999"), FactorResult::Wrong);
        assert_eq!(answer(&mut account, "012345"), FactorResult::Wrong);
    }

    #[test]
    fn a_newer_code_kills_the_older_one_and_has_tries_of_its_own() {
        let mut account = awaiting("012345", LOGIN);
        let _ = answer(&mut account, "999999");
        send(&mut account, "543210", LOGIN, NOW);
        assert_eq!(account.internal.sms.challenge.as_ref().unwrap().tries, 0);
        assert_eq!(answer(&mut account, "012345"), FactorResult::Wrong);
        assert_eq!(answer(&mut account, "543210"), FactorResult::Correct);
    }

    #[test]
    fn a_code_for_something_else_is_wrong_and_stays_as_it_was() {
        for (sent, asked) in [(LOGIN, CONFIRMATION), (CONFIRMATION, LOGIN)] {
            let mut account = awaiting("012345", sent);
            let before = account.clone();
            assert_eq!(answer_at(&mut account, "012345", asked, NOW), FactorResult::Wrong);
            assert_eq!(account, before);
        }
    }

    #[test]
    fn a_code_is_bound_to_user_destination_and_the_token_that_asked() {
        let (to, other) = (number("0612345612"), number("0612345613"));
        let (login, later) = (TokenId::from_jti("login"), TokenId::from_jti("another login"));
        let check = |purpose, to: &PhoneNumber, token: &TokenId, user| {
            let mut account = awaiting("012345", purpose);
            account.user = UserId::new(user);
            let binding = CodeBinding { purpose, destination: to, token };
            check(&mut account, &code("012345"), binding, &TestDigests, NOW)
        };
        for purpose in [LOGIN, CONFIRMATION] {
            assert_eq!(check(purpose, &to, &login, 7), FactorResult::Correct);
            assert_eq!(check(purpose, &other, &login, 7), FactorResult::Wrong);
            assert_eq!(check(purpose, &to, &login, 8), FactorResult::Wrong);
        }
        assert_eq!(check(LOGIN, &to, &later, 7), FactorResult::Wrong);
        assert_eq!(
            check(CONFIRMATION, &to, &later, 7),
            FactorResult::Correct,
            "a number is confirmed by any token"
        );
    }

    /// Key ring; the first key is the newest.
    #[derive(Debug)]
    struct Ring(&'static [&'static str]);

    impl KeyedDigests for Ring {
        fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> KeyedDigest {
            self.digest_with_each_key(purpose, message).remove(0)
        }

        fn digest_with_each_key(&self, purpose: DigestPurpose, message: &[u8]) -> Vec<KeyedDigest> {
            let digest = |name: &&str| KeyedDigest {
                key: KeyId::parse(name).unwrap(),
                ..TestDigests.digest(purpose, &[name.as_bytes(), message].concat())
            };
            self.0.iter().map(digest).collect()
        }
    }

    #[test]
    fn a_code_from_before_a_new_key_is_right_as_long_as_the_old_key_is_there() {
        let to = number("0612345612");
        let token = TokenId::from_jti("login");
        let mut account = Account::new(UserId::new(7), "a@example.com", "a");
        let binding = CodeBinding { purpose: LOGIN, destination: &to, token: &token };
        let send = SendId::restore("send".into());
        issue(&mut account, &code("012345"), binding, &send, &Ring(&["old"]), NOW);
        let mut check = |ring| check(&mut account, &code("012345"), binding, &ring, NOW);
        assert_eq!(check(Ring(&["new"])), FactorResult::Wrong);
        assert_eq!(check(Ring(&["new", "old"])), FactorResult::Correct);
    }

    #[test]
    fn where_nothing_is_awaited_every_code_is_wrong() {
        let mut account = Account::new(UserId::new(7), "a@example.com", "a");
        assert_eq!(answer(&mut account, "000000"), FactorResult::Wrong);
        send(&mut account, "012345", LOGIN, NOW);
        if let Some(challenge) = &mut account.internal.sms.challenge {
            challenge.digest.clear();
        }
        assert_eq!(answer(&mut account, "012345"), FactorResult::Wrong, "an empty digest matches nothing");
    }

    proptest! {
        #[test]
        fn a_code_passes_at_most_once_and_never_after_five_wrong_ones(
            answers in prop::collection::vec(prop::sample::select(vec!["012345", "111111", "222222"]), 0..12),
        ) {
            let mut account = awaiting("012345", LOGIN);
            let first_right = answers.iter().position(|it| *it == "012345");
            let right: Vec<usize> = answers
                .iter()
                .enumerate()
                .filter(|(_, text)| answer(&mut account, text) == FactorResult::Correct)
                .map(|(place, _)| place)
                .collect();
            let expected: Vec<usize> = first_right.filter(|wrong| *wrong < 5).into_iter().collect();
            prop_assert_eq!(right, expected);
        }
    }
}
