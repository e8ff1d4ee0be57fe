//! Decision on an account for a TOTP code.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use mfa_core::{
    Account, AuthenticatedToken, FactorAttempt, FactorKind, FactorResult, Jti, LockoutPolicy, Origin,
    PhishingResistantPolicy, Requirement, SecretBytes, SecretCipher, Stage, TokenId, UserId,
    VerificationOutcome, verify_factor,
};
use mfa_infra::crypto::AesGcmCipher;
use mfa_totp::TotpCode;
use mfa_totp::{Parameters, TimeStep};

use crate::NOW;
use crate::part::MeasuredPart;
use crate::sealing::{cipher, code, secret};

/// Time between enrolment and verification.
const ENROLLED_BEFORE: Duration = Duration::from_hours(1);

/// Verification step of a login: authorization, unsealing, comparison, spending and the event.
#[derive(Debug)]
pub(crate) struct TotpDecision {
    cipher: AesGcmCipher,
    account: Account,
    attempt: FactorAttempt,
    code: TotpCode,
}

impl TotpDecision {
    /// Creates an account with an authenticator app.
    pub(crate) fn open() -> Self {
        let (cipher, secret) = (cipher(), secret());
        let mut account = Account::new(UserId::new(42), "ada@example.com", "ada");
        enrol(&mut account, &secret, &cipher);
        let attempt = attempt(&account);
        Self { cipher, account, attempt, code: code(&secret) }
    }
}

impl MeasuredPart for TotpDecision {
    type Input = Account;

    fn input(&self) -> Account {
        self.account.clone()
    }

    fn run(&self, account: &mut Account) {
        let outcome = verify_factor(account, black_box(&self.attempt), |account| {
            mfa_totp::verify(account, &self.code, NOW, &self.cipher)
        });
        let outcome = outcome.expect("the secret is unsealed");
        assert!(matches!(outcome, VerificationOutcome::Verified(_)), "{outcome:?}");
    }
}

/// Enrols an authenticator app an hour ago.
pub(crate) fn enrol(account: &mut Account, secret: &SecretBytes, cipher: &dyn SecretCipher) {
    let then = NOW.minus(ENROLLED_BEFORE);
    let code = TimeStep::at(then).code(secret, Parameters::default()).expect("a time after 1970");
    mfa_totp::begin_enrolment(account, secret, then, cipher).expect("a sealed secret");
    let confirmed = mfa_totp::confirm_enrolment(account, &code, then, cipher);
    assert_eq!(confirmed, Ok(FactorResult::Correct));
}

/// Returns the attempt of a new pending token.
fn attempt(account: &Account) -> FactorAttempt {
    let token = AuthenticatedToken {
        user: account.user,
        id: TokenId::from_jti("pending"),
        stage: Stage::Pending,
        session: Some(account.internal.session),
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_mins(5)),
        auth_time: None,
        is_superuser: false,
    };
    FactorAttempt {
        token,
        factor: FactorKind::Totp,
        requirement: Requirement::SecondFactor,
        at: NOW,
        origin: origin(),
        lockout: LockoutPolicy::default(),
        phishing_resistant: PhishingResistantPolicy::None,
        new_token: Some(Jti::from_random([7; 16])),
        replaces_token: false,
    }
}

/// Returns the origin of a request.
pub(crate) fn origin() -> Origin {
    Origin::new(Some(Ipv4Addr::new(192, 0, 2, 7).into()), Some("Firefox"), Some("request"))
}
