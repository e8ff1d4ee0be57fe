//! Domain core of NOVA MFA: account state, verification of second factors, and the ports.
//!
//! This crate holds all multi-factor state of a user ([`Account`]) and the functions that verify a second factor
//! ([`verify_factor`], [`confirm`], [`begin_attempt`] with [`settle_attempt`]). It also defines the traits (ports)
//! that databases, clocks, ciphers and other adapters implement.
//!
//! It performs no I/O, depends on no runtime and reads no clock: callers pass the time in. Only the verification
//! functions create a [`VerifiedFactor`], the proof from which an `mfa_ok` token is signed. The one public
//! constructor is marked `danger_`.
//!
//! To add a factor: add a variant to [`FactorKind`], its state to [`Account`], and a crate whose check returns a
//! [`FactorResult`]. To add a port: add a file in `ports/` with a small dyn-compatible trait, and an in-memory
//! adapter in `testing/`.

mod account;
mod assurance;
mod circuit_breaker;
mod event;
mod ids;
mod language;
mod lockout;
mod login_name;
mod phishing_resistance;
mod ports;
mod rfc3339;
mod role;
mod sealed;
mod search_text;
mod secret;
mod time;
mod token;
mod verification;

#[cfg(feature = "testing")]
pub mod testing;

pub use account::{
    AccessPass, Account, AddedApp, AuthenticatorColumn, AuthenticatorUse, BackupMethod, ChainHead,
    DenylistReason, EarlyCode, ExemptToken, ForeignChanges, ImportLock, InternalState, PassEnrolment,
    Passkey, PasskeyState, PendingApp, PendingTotp, PhoneState, RecoveryCode, RecoveryState, SmsChallenge,
    SmsPurpose, SmsState, StepUpFailures, Strikes, TokenDenylist, TotpAlgorithm, TotpApp, TotpAppRef,
    TotpDigits, TotpEntry, TotpParameters, TotpPeriod, TotpState,
};
pub use assurance::FactorKind;
pub use circuit_breaker::{
    CallPermit, CallResult, CircuitBreaker, CircuitBreakerConfig, CircuitTransition, FailureRate,
};
pub use event::{
    EventKind, EventToken, LoggedEvent, Origin, Outcome, SecurityEvent, user_actor, user_actor_prefix,
};
pub use ids::{Jti, KeyId, KeyIdError, TokenId, UserId};
pub use language::PreferredLanguage;
pub use lockout::{Lock, LockoutPolicy, LockoutPolicyError};
pub use login_name::{
    AddressMatch, AddressOwner, address_spellings, compose_login, fold_login, login_forms, trim_login,
};
pub use phishing_resistance::PhishingResistantPolicy;
pub use ports::{
    Accounts, Activity, Adoption, AuditLog, AuditPage, AuditQuery, BoxFuture, BucketSize, CipherError, Clock,
    Credentials, Decision, DigestPurpose, Entropy, EntropyError, EventSink, HashError, IssuedTokenEvent,
    KeyedDigest, KeyedDigests, LockoutCount, NewUser, NewUserError, PageStart, PasswordCheck, PasswordDigest,
    PasswordHasher, PasswordKinds, Period, PeriodError, Phase, RateLimitDecision, RateLimiter, RateRule,
    RepairScope, SecretCipher, SmsCount, SortOrder, Statistics, StoreError, StoreErrorKind, StoredEvent,
    Totals, UserEventsQuery, UserFilter, UserPage, UserQuery, UserRecord, UserSort, UserState, Users,
    VerificationCount,
};
pub use rfc3339::Rfc3339Millis;
pub use role::Role;
pub use sealed::{SealContext, Sealed, SealedColumn};
pub use search_text::{fold_search, search_words};
pub use secret::{SecretBytes, SecretText};
pub use time::Timestamp;
pub use token::{AuthenticatedToken, Stage, TokenSubject};
pub use verification::{
    AccessPassOutcome, DenyReason, FactorAttempt, FactorResult, PasskeyAttempt, Requirement,
    UnsettledAttempt, VerificationOutcome, VerifiedFactor, abandon_attempt, authorize, authorize_passkey,
    begin_attempt, confirm, settle_attempt, verify_access_pass, verify_factor, verify_passkey,
};
