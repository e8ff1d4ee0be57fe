//! The heart of NOVA MFA: the account, the guarded ceremony, and the ports.
//!
//! This crate holds all multi-factor state of one user ([`Account`]), the one path by which an answer to a second
//! factor becomes a verdict ([`verify_factor`], [`confirm`]), and the traits behind which databases, clocks and ciphers
//! stand. It does no I/O, names no runtime and reads no clock.
//!
//! It refuses to let anything but the ceremony make a [`VerifiedFactor`], the proof from which an `mfa_ok` token is
//! signed: the type has no public constructor except one whose name says `danger`.
//!
//! To add a factor: a variant of [`FactorKind`], its state in [`Account`], and a crate whose rules answer with a
//! [`FactorResult`]. To add a port: a file in `ports/`, a small dyn-safe trait, and an adapter for tests in `testing/`.

mod account;
mod assurance;
mod circuit_breaker;
mod event;
mod ids;
mod lockout;
mod ports;
mod rfc3339;
mod sealed;
mod secret;
mod time;
mod token;
mod verification;

#[cfg(feature = "testing")]
pub mod testing;

pub use account::{
    Account, BackupMethod, ChainHead, DenylistReason, EarlyCode, ExemptToken, InternalState, PendingTotp,
    PhoneState, RecoveryCode, RecoveryState, SmsChallenge, SmsPurpose, SmsState, StepUpFailures, Strikes,
    TokenDenylist, TotpState,
};
pub use assurance::FactorKind;
pub use circuit_breaker::{
    CallPermit, CallResult, CircuitBreaker, CircuitBreakerConfig, CircuitTransition, FailureRate,
};
pub use event::{EventKind, LoggedEvent, Origin, Outcome, SecurityEvent};
pub use ids::{KeyId, KeyIdError, TokenId, UserId};
pub use lockout::{Lock, LockoutPolicy, LockoutPolicyError};
pub use ports::{
    Accounts, Activity, AuditLog, AuditPage, AuditQuery, BoxFuture, BucketSize, CipherError, Clock,
    Credentials, Decision, DigestPurpose, Entropy, EntropyError, EventSink, HashError, KeyedDigest,
    KeyedDigests, LockoutCount, NewUser, NewUserError, PasswordCheck, PasswordDigest, PasswordHasher, Period,
    PeriodError, Phase, RateLimiter, RateRule, RateVerdict, SecretCipher, SmsCount, Statistics, StoreError,
    StoreErrorKind, StoredEvent, Totals, UserEventsQuery, UserPage, UserQuery, UserRecord, Users,
    VerificationCount,
};
pub use rfc3339::Rfc3339Millis;
pub use sealed::{SealContext, Sealed, SealedColumn};
pub use secret::{SecretBytes, SecretText};
pub use time::Timestamp;
pub use token::{AuthenticatedToken, Stage, TokenSubject};
pub use verification::{
    DenyReason, FactorAttempt, FactorResult, Requirement, UnsettledAttempt, VerificationOutcome,
    VerifiedFactor, authorize, begin_attempt, confirm, settle_attempt, verify_factor,
};
