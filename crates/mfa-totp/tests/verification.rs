//! Tests of this crate inside the verification of `mfa-core`, which counts, locks and records.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::time::Duration;

use mfa_core::testing::{SeededEntropy, TestCipher};
use mfa_core::{
    Account, AuthenticatedToken, CipherError, DenyReason, EventKind, FactorAttempt, FactorKind,
    LockoutPolicy, Origin, PhishingResistantPolicy, Requirement, SealContext, Sealed, SealedColumn,
    SecretBytes, SecretCipher, Stage, Timestamp, TokenId, UserId, VerificationOutcome, confirm,
    verify_factor,
};
use mfa_totp::{
    EnrolmentError, Parameters, TimeStep, TotpCode, VerifyError, begin_addition, begin_enrolment,
    confirm_enrolment, generate_secret, verify,
};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_010);
const PERIOD: Duration = Duration::from_secs(30);
const STEP_UP: Duration = Duration::from_mins(10);

/// A user with a phone in hand, and time that moves by hand.
struct Scene {
    account: Account,
    entropy: SeededEntropy,
    tokens: u32,
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let account = Account::new(UserId::new(7), "alice@example.com", "alice");
        Self { account, entropy: SeededEntropy::default(), tokens: 0, now: NOW }
    }

    fn enrolled() -> (Self, SecretBytes) {
        let mut scene = Self::new();
        let secret = scene.begin();
        assert!(matches!(scene.confirm(&scene.code(&secret)), Ok(VerificationOutcome::Verified(_))));
        scene.now = scene.now.plus(PERIOD.saturating_mul(2));
        (scene, secret)
    }

    fn code(&self, secret: &SecretBytes) -> TotpCode {
        TimeStep::at(self.now).code(secret, Parameters::default()).unwrap()
    }

    fn begin(&mut self) -> SecretBytes {
        let secret = generate_secret(&self.entropy).unwrap();
        let ends = begin_enrolment(&mut self.account, &secret, self.now, &TestCipher).unwrap();
        assert_eq!(ends.since(self.now), Duration::from_mins(10));
        secret
    }

    /// Enrols an app besides the first one.
    fn add(&mut self, id: &str) -> SecretBytes {
        let secret = generate_secret(&self.entropy).unwrap();
        let _ = begin_addition(&mut self.account, &secret, id.into(), self.now, &TestCipher).unwrap();
        assert!(matches!(self.confirm(&self.code(&secret)), Ok(VerificationOutcome::Verified(_))));
        self.now = self.now.plus(PERIOD.saturating_mul(2));
        secret
    }

    /// A fresh token for each try, so that only what this crate decides can refuse.
    fn attempt(&mut self, stage: Stage, requirement: Requirement) -> FactorAttempt {
        self.tokens = self.tokens.saturating_add(1);
        let token = AuthenticatedToken {
            user: self.account.user,
            id: TokenId::from_jti(&self.tokens.to_string()),
            stage,
            session: Some(self.account.internal.session),
            issued_at: self.now,
            expires_at: self.now.plus(Duration::from_mins(5)),
            auth_time: Some(self.now),
            is_superuser: false,
        };
        let (at, origin, lockout) = (self.now, Origin::default(), LockoutPolicy::default());
        FactorAttempt {
            token,
            factor: FactorKind::Totp,
            requirement,
            at,
            origin,
            lockout,
            phishing_resistant: PhishingResistantPolicy::None,
            new_token: None,
            replaces_token: false,
        }
    }

    fn confirm(&mut self, code: &TotpCode) -> Result<VerificationOutcome, EnrolmentError> {
        let stage = if self.account.has_factor() {
            Stage::TwoFactors(Some(FactorKind::Totp))
        } else {
            Stage::OneFactor
        };
        let attempt = self.attempt(stage, Requirement::Enrol { max_age: STEP_UP });
        confirm(&mut self.account, &attempt, |it| confirm_enrolment(it, code, attempt.at, &TestCipher))
    }

    fn log_in(&mut self, code: &TotpCode) -> Result<VerificationOutcome, VerifyError> {
        let attempt = self.attempt(Stage::Pending, Requirement::SecondFactor);
        verify_factor(&mut self.account, &attempt, |it| verify(it, code, attempt.at, &TestCipher))
    }

    fn last_event(&self) -> EventKind {
        self.account.events.last().unwrap().kind
    }
}

fn wrong_code(secret: &SecretBytes) -> TotpCode {
    // A step far outside the window; its code differs from those inside for the secrets of these tests.
    TimeStep::at(Timestamp::from_seconds(3000)).code(secret, Parameters::default()).unwrap()
}

#[test]
fn a_confirmed_secret_opens_a_login_with_the_next_code() {
    let (mut scene, secret) = Scene::enrolled();
    assert!(matches!(scene.log_in(&scene.code(&secret)), Ok(VerificationOutcome::Verified(_))));
    assert_eq!(scene.last_event(), EventKind::TotpVerify);
    assert_eq!(scene.account.totp.enrolled_at, Some(NOW));
}

#[test]
fn the_tenth_wrong_code_locks_and_the_right_one_is_then_not_even_looked_at() {
    let (mut scene, secret) = Scene::enrolled();
    for _ in 0..10 {
        assert!(matches!(scene.log_in(&wrong_code(&secret)), Ok(VerificationOutcome::InvalidCode)));
    }
    assert_eq!(scene.last_event(), EventKind::AccountLocked);
    let before = scene.account.clone();
    assert!(matches!(
        scene.log_in(&scene.code(&secret)),
        Ok(VerificationOutcome::Denied(DenyReason::Locked(_)))
    ));
    assert_eq!(scene.account, before, "nothing is spent while locked");
    scene.now = scene.now.plus(Duration::from_mins(15));
    assert!(matches!(scene.log_in(&scene.code(&secret)), Ok(VerificationOutcome::Verified(_))));
}

#[test]
fn a_replay_is_answered_as_a_wrong_code_and_recorded_as_a_replay() {
    let (mut scene, secret) = Scene::enrolled();
    let code = scene.code(&secret);
    assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::Verified(_))));
    assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(scene.last_event(), EventKind::OtpReplay);
    assert_eq!(scene.account.failures, 1);
}

#[test]
fn the_code_that_confirmed_an_enrolment_opens_no_login() {
    let mut scene = Scene::new();
    let secret = scene.begin();
    let code = scene.code(&secret);
    assert!(matches!(scene.confirm(&code), Ok(VerificationOutcome::Verified(_))));
    assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(scene.last_event(), EventKind::OtpReplay);
}

#[test]
fn an_older_code_of_the_window_is_refused_once_a_newer_one_was_used() {
    let (mut scene, secret) = Scene::enrolled();
    let older = scene.code(&secret);
    scene.now = scene.now.plus(PERIOD);
    assert!(matches!(scene.log_in(&scene.code(&secret)), Ok(VerificationOutcome::Verified(_))));
    assert!(matches!(scene.log_in(&older), Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(scene.last_event(), EventKind::OtpReplay);
}

#[test]
fn the_secret_in_force_stays_so_until_the_new_one_is_confirmed() {
    let (mut scene, old) = Scene::enrolled();
    let forgotten = scene.begin();
    let new = scene.begin();
    assert!(matches!(scene.log_in(&scene.code(&new)), Ok(VerificationOutcome::InvalidCode)));
    assert!(matches!(scene.log_in(&scene.code(&old)), Ok(VerificationOutcome::Verified(_))));
    assert!(
        matches!(scene.confirm(&scene.code(&forgotten)), Ok(VerificationOutcome::InvalidCode)),
        "it was replaced"
    );
    assert!(matches!(scene.confirm(&scene.code(&new)), Ok(VerificationOutcome::Verified(_))));
    scene.now = scene.now.plus(PERIOD);
    assert!(matches!(scene.log_in(&scene.code(&old)), Ok(VerificationOutcome::InvalidCode)));
    assert!(matches!(scene.log_in(&scene.code(&new)), Ok(VerificationOutcome::Verified(_))));
}

#[test]
fn five_wrong_tries_end_an_enrolment_and_count_towards_no_lock() {
    let mut scene = Scene::new();
    let secret = scene.begin();
    for _ in 0..5 {
        assert!(matches!(scene.confirm(&wrong_code(&secret)), Ok(VerificationOutcome::InvalidCode)));
    }
    let sixth = scene.confirm(&scene.code(&secret));
    assert!(matches!(sixth, Err(EnrolmentError::NoneInProgress)));
    assert_eq!((scene.account.failures, scene.account.has_totp()), (0, false));
}

#[test]
fn a_new_enrolment_has_five_tries_of_its_own() {
    let mut scene = Scene::new();
    let first = scene.begin();
    for _ in 0..4 {
        assert!(matches!(scene.confirm(&wrong_code(&first)), Ok(VerificationOutcome::InvalidCode)));
    }
    let second = scene.begin();
    for _ in 0..4 {
        assert!(matches!(scene.confirm(&wrong_code(&second)), Ok(VerificationOutcome::InvalidCode)));
    }
    assert!(matches!(scene.confirm(&scene.code(&second)), Ok(VerificationOutcome::Verified(_))));
}

#[test]
fn an_enrolment_is_over_after_ten_minutes_to_the_millisecond() {
    for (millis, in_time) in [(599_999, true), (600_000, false)] {
        let mut scene = Scene::new();
        let secret = scene.begin();
        scene.now = scene.now.plus(Duration::from_millis(millis));
        let verdict = scene.confirm(&scene.code(&secret));
        assert_eq!(matches!(verdict, Ok(VerificationOutcome::Verified(_))), in_time, "{millis}");
        assert_eq!(matches!(verdict, Err(EnrolmentError::NoneInProgress)), !in_time, "{millis}");
    }
}

#[test]
fn the_last_step_of_the_old_secret_says_nothing_of_the_new_one() {
    let (mut scene, _) = Scene::enrolled();
    scene.account.totp.last_step = Some(i64::MAX);
    let new = scene.begin();
    assert!(matches!(scene.confirm(&scene.code(&new)), Ok(VerificationOutcome::Verified(_))));
    assert_eq!(scene.account.totp.last_step, Some(TimeStep::at(scene.now).number()));
}

#[test]
fn without_a_secret_in_force_there_is_nothing_to_verify() {
    let mut scene = Scene::new();
    let secret = scene.begin();
    assert!(matches!(scene.log_in(&scene.code(&secret)), Err(VerifyError::NotEnrolled)));
    assert_eq!(scene.account.failures, 0);
}

/// A cipher whose key is lost, or lost for one direction only.
#[derive(Debug)]
struct LostKey {
    unseals: bool,
}

impl SecretCipher for LostKey {
    fn seal(&self, _: &SecretBytes, _: SealContext) -> Result<Sealed, CipherError> {
        Err(CipherError::UnknownKey)
    }

    fn unseal(&self, sealed: &Sealed, place: SealContext) -> Result<SecretBytes, CipherError> {
        if self.unseals { TestCipher.unseal(sealed, place) } else { Err(CipherError::UnknownKey) }
    }

    fn is_current(&self, _: &Sealed) -> bool {
        false
    }
}

#[test]
fn a_secret_that_cannot_be_unsealed_is_an_error_and_never_an_absent_factor() {
    let (mut scene, secret) = Scene::enrolled();
    let _ = scene.begin();
    let before = scene.account.clone();
    let code = scene.code(&secret);
    let cipher = LostKey { unseals: false };
    let verified = verify(&mut scene.account, &code, scene.now, &cipher);
    assert_eq!(verified, Err(VerifyError::Cipher(CipherError::UnknownKey)));
    let confirmed = confirm_enrolment(&mut scene.account, &code, scene.now, &cipher);
    assert_eq!(confirmed, Err(EnrolmentError::Cipher(CipherError::UnknownKey)));
    let begun = begin_enrolment(&mut scene.account, &secret, scene.now, &cipher);
    assert_eq!(begun, Err(CipherError::UnknownKey));
    assert_eq!(scene.account, before, "nothing is counted, spent or replaced");
}

#[test]
fn a_confirmation_that_cannot_seal_leaves_the_account_as_it_was() {
    let (mut scene, _) = Scene::enrolled();
    let new = scene.begin();
    let before = scene.account.clone();
    let code = scene.code(&new);
    let confirmed = confirm_enrolment(&mut scene.account, &code, scene.now, &LostKey { unseals: true });
    assert_eq!(confirmed, Err(EnrolmentError::Cipher(CipherError::UnknownKey)));
    assert_eq!(scene.account, before);
}

#[test]
fn a_pending_secret_moved_into_the_column_of_the_one_in_force_does_not_unseal() {
    let (mut scene, _) = Scene::enrolled();
    let new = scene.begin();
    let pending = scene.account.totp.pending.clone().unwrap().secret;
    assert!(TestCipher.unseal(&pending, scene.account.seal_context(SealedColumn::TotpPendingSecret)).is_ok());
    scene.account.totp.secret = Some(pending);
    assert!(matches!(scene.log_in(&scene.code(&new)), Err(VerifyError::Cipher(CipherError::Altered))));
}

#[test]
fn a_clock_before_the_epoch_refuses_without_panicking() {
    let (mut scene, secret) = Scene::enrolled();
    let _ = scene.begin();
    let code = scene.code(&secret);
    for millis in [i64::MIN, -1] {
        scene.now = Timestamp::from_millis(millis);
        assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::InvalidCode)), "{millis}");
        assert!(matches!(scene.confirm(&code), Ok(VerificationOutcome::InvalidCode)), "{millis}");
    }
}

#[test]
fn each_of_several_apps_opens_a_login_and_spends_its_own_step_only() {
    let (mut scene, phone) = Scene::enrolled();
    let session = scene.account.internal.session;
    let tablet = scene.add("tablet");
    assert_eq!(scene.account.internal.session, session, "an added app ends no session");
    for secret in [&phone, &tablet] {
        let code = scene.code(secret);
        assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::Verified(_))));
        assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::InvalidCode)));
        assert_eq!(scene.last_event(), EventKind::OtpReplay);
    }
    let step = Some(TimeStep::at(scene.now).number());
    assert!(scene.account.totp_apps().all(|app| app.last_step == step));
    assert_eq!(scene.account.internal.authenticators["tablet"].last_used_at, Some(scene.now));
}

#[test]
fn an_app_that_took_the_place_of_a_removed_one_keeps_its_spent_codes() {
    let (mut scene, phone) = Scene::enrolled();
    let tablet = scene.add("tablet");
    let code = scene.code(&tablet);
    assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::Verified(_))));
    assert!(scene.account.remove_totp_app("totp"));
    assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(scene.last_event(), EventKind::OtpReplay);
    assert!(matches!(scene.log_in(&scene.code(&phone)), Ok(VerificationOutcome::InvalidCode)));
    scene.now = scene.now.plus(PERIOD);
    assert!(matches!(scene.log_in(&scene.code(&tablet)), Ok(VerificationOutcome::Verified(_))));
}

#[test]
fn an_enrolment_that_adds_none_replaces_all_apps() {
    let (mut scene, phone) = Scene::enrolled();
    let tablet = scene.add("tablet");
    scene.account.names.insert("tablet".into(), "Tablet".into());
    let new = scene.begin();
    assert!(matches!(scene.confirm(&scene.code(&new)), Ok(VerificationOutcome::Verified(_))));
    scene.now = scene.now.plus(PERIOD);
    for old in [phone, tablet] {
        assert!(matches!(scene.log_in(&scene.code(&old)), Ok(VerificationOutcome::InvalidCode)));
    }
    assert!(matches!(scene.log_in(&scene.code(&new)), Ok(VerificationOutcome::Verified(_))));
    assert_eq!((scene.account.totp_apps().count(), scene.account.names.len()), (1, 0));
}

#[test]
fn an_app_keeps_its_own_digits_period_and_algorithm() {
    let (mut scene, _) = Scene::enrolled();
    let tablet = scene.add("tablet");
    let parameters = Parameters {
        algorithm: mfa_totp::Algorithm::Sha256,
        digits: mfa_totp::Digits::Eight,
        period: mfa_totp::Period::try_from(60).unwrap(),
    };
    scene.account.totp.further[0].parameters = parameters;
    scene.account.internal.authenticators.get_mut("tablet").unwrap().last_step = None;
    let code = TimeStep::with_period(scene.now, parameters.period).code(&tablet, parameters).unwrap();
    assert_eq!(code.to_text().expose().len(), 8);
    assert!(matches!(scene.log_in(&scene.code(&tablet)), Ok(VerificationOutcome::InvalidCode)));
    assert!(matches!(scene.log_in(&code), Ok(VerificationOutcome::Verified(_))));
}

#[test]
fn an_app_that_cannot_be_unsealed_matches_nothing_and_blocks_no_other_one() {
    let (mut scene, phone) = Scene::enrolled();
    let tablet = scene.add("tablet");
    scene.account.totp.secret = Some(Sealed::from_column("GEZDGNBVGY3TQOJQ".into()));
    assert!(matches!(scene.log_in(&scene.code(&phone)), Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(scene.account.failures, 1, "guesses at the other app are counted");
    assert!(matches!(scene.log_in(&scene.code(&tablet)), Ok(VerificationOutcome::Verified(_))));
}
