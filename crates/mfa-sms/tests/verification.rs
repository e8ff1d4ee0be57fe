//! Tests of this crate inside the verification of `mfa-core`, which counts, locks and records.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::time::Duration;

use mfa_core::testing::{SeededEntropy, TestCipher, TestDigests};
use mfa_core::{
    Account, AuthenticatedToken, CipherError, EventKind, FactorAttempt, FactorKind, FactorResult,
    LockoutPolicy, Origin, PhishingResistantPolicy, Requirement, SmsPurpose, Stage, Timestamp, TokenId,
    UserId, VerificationOutcome, confirm, verify_factor,
};
use mfa_sms::{
    CodeBinding, ConfirmNumberError, PhoneNumber, SendId, SmsCode, begin_number, check, confirm_number,
    issue, number, pending_number,
};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// A user with a phone in hand.
struct Scene {
    account: Account,
    entropy: SeededEntropy,
}

impl Scene {
    fn new() -> Self {
        let account = Account::new(UserId::new(7), "alice@example.com", "alice");
        Self { account, entropy: SeededEntropy::default() }
    }

    fn enrolled() -> Self {
        let mut scene = Self::new();
        let code = scene.begin("0612345612");
        assert!(matches!(scene.confirm(&code), Ok(VerificationOutcome::Verified(_))));
        scene
    }

    fn begin(&mut self, text: &str) -> SmsCode {
        let number = PhoneNumber::parse(text, "FR").unwrap();
        begin_number(&mut self.account, &number, &TestCipher).unwrap();
        self.send(SmsPurpose::Confirmation, &number, "enrolment")
    }

    fn send(&mut self, purpose: SmsPurpose, to: &PhoneNumber, login: &str) -> SmsCode {
        let code = SmsCode::draw(&self.entropy).unwrap();
        let token = TokenId::from_jti(login);
        let binding = CodeBinding { purpose, destination: to, token: &token };
        issue(&mut self.account, &code, binding, &SendId::restore("send".into()), &TestDigests, NOW);
        code
    }

    fn send_to_phone(&mut self, login: &str) -> SmsCode {
        let to = number(&self.account, &TestCipher).unwrap().unwrap();
        self.send(SmsPurpose::SecondFactor, &to, login)
    }

    fn attempt(&self, login: &str, stage: Stage, requirement: Requirement) -> FactorAttempt {
        let token = AuthenticatedToken {
            user: self.account.user,
            id: TokenId::from_jti(login),
            stage,
            session: Some(self.account.internal.session),
            issued_at: NOW,
            expires_at: NOW.plus(Duration::from_mins(5)),
            auth_time: Some(NOW),
            is_superuser: false,
        };
        let (origin, lockout) = (Origin::default(), LockoutPolicy::default());
        FactorAttempt {
            token,
            factor: FactorKind::Sms,
            requirement,
            at: NOW,
            origin,
            lockout,
            phishing_resistant: PhishingResistantPolicy::None,
            new_token: None,
            replaces_token: false,
        }
    }

    fn confirm(&mut self, code: &SmsCode) -> Result<VerificationOutcome, ConfirmNumberError> {
        let stage = if self.account.has_factor() {
            Stage::TwoFactors(Some(FactorKind::Sms))
        } else {
            Stage::OneFactor
        };
        let attempt =
            self.attempt("enrolment", stage, Requirement::Enrol { max_age: Duration::from_mins(10) });
        confirm(&mut self.account, &attempt, |account| {
            let to = pending_number(account, &TestCipher)?.ok_or(ConfirmNumberError::NonePending)?;
            let purpose = SmsPurpose::Confirmation;
            let binding = CodeBinding { purpose, destination: &to, token: &attempt.token.id };
            let checked = check(account, code, binding, &TestDigests, NOW);
            if checked == FactorResult::Correct {
                confirm_number(account, NOW, &TestCipher)?;
            }
            Ok(checked)
        })
    }

    fn log_in(&mut self, login: &str, code: &SmsCode) -> Result<VerificationOutcome, CipherError> {
        let attempt = self.attempt(login, Stage::Pending, Requirement::SecondFactor);
        verify_factor(&mut self.account, &attempt, |account| {
            let Some(to) = number(account, &TestCipher)? else { return Ok(FactorResult::Wrong) };
            let purpose = SmsPurpose::SecondFactor;
            let binding = CodeBinding { purpose, destination: &to, token: &attempt.token.id };
            Ok(check(account, code, binding, &TestDigests, NOW))
        })
    }
}

fn other_than(code: &SmsCode) -> SmsCode {
    let candidates = ["000000", "000001"].map(|text| SmsCode::parse(text).unwrap());
    candidates.into_iter().find(|it| it != code).unwrap()
}

#[test]
fn a_number_that_was_confirmed_opens_a_login() {
    let mut scene = Scene::enrolled();
    let code = scene.send_to_phone("login");
    assert!(matches!(scene.log_in("login", &code), Ok(VerificationOutcome::Verified(_))));
    assert_eq!(scene.account.last_method, Some(FactorKind::Sms));
}

#[test]
fn a_code_opens_the_login_that_asked_for_it_and_no_other() {
    let mut scene = Scene::enrolled();
    let code = scene.send_to_phone("login");
    assert!(matches!(scene.log_in("another login", &code), Ok(VerificationOutcome::InvalidCode)));
    assert!(matches!(scene.log_in("login", &code), Ok(VerificationOutcome::Verified(_))));
}

#[test]
fn until_a_new_number_is_confirmed_logins_go_to_the_old_one() {
    let mut scene = Scene::enrolled();
    let code = scene.begin("0612345613");
    assert!(matches!(scene.confirm(&other_than(&code)), Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(number(&scene.account, &TestCipher).unwrap().unwrap().e164(), "+33612345612");
    assert!(matches!(scene.confirm(&code), Ok(VerificationOutcome::Verified(_))));
    assert_eq!(number(&scene.account, &TestCipher).unwrap().unwrap().e164(), "+33612345613");
}

#[test]
fn wrong_codes_of_a_new_number_do_not_count_on_the_account() {
    let mut scene = Scene::new();
    let code = scene.begin("0612345612");
    for _ in 0..5 {
        assert!(matches!(scene.confirm(&other_than(&code)), Ok(VerificationOutcome::InvalidCode)));
    }
    assert!(
        matches!(scene.confirm(&code), Ok(VerificationOutcome::InvalidCode)),
        "the fifth wrong code ended it"
    );
    assert_eq!(scene.account.failures, 0);
    assert!(!scene.account.has_factor());
}

#[test]
fn five_wrong_codes_kill_the_right_one_which_counts_as_the_sixth() {
    let mut scene = Scene::enrolled();
    let code = scene.send_to_phone("login");
    for _ in 0..5 {
        assert!(matches!(scene.log_in("login", &other_than(&code)), Ok(VerificationOutcome::InvalidCode)));
    }
    assert!(matches!(scene.log_in("login", &code), Ok(VerificationOutcome::InvalidCode)));
    assert_eq!(scene.account.failures, 6);
}

#[test]
fn neither_a_new_code_nor_a_new_login_clears_the_count() {
    let mut scene = Scene::enrolled();
    for login in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"] {
        let code = scene.send_to_phone(login);
        assert!(matches!(scene.log_in(login, &other_than(&code)), Ok(VerificationOutcome::InvalidCode)));
    }
    assert_eq!(scene.account.events.last().unwrap().kind, EventKind::AccountLocked);
    let code = scene.send_to_phone("11");
    let before = scene.account.internal.sms.clone();
    assert!(matches!(scene.log_in("11", &code), Ok(VerificationOutcome::Denied(_))));
    assert_eq!(scene.account.internal.sms, before, "a lock consumes nothing");
}
