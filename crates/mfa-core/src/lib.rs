//! The heart of NOVA MFA: the account, the guarded ceremony, and the ports.
//!
//! This crate holds all multi-factor state of one user ([`Account`]), the one path by which an answer to a second
//! factor becomes a verdict ([`judge`], [`confirm`]), and the traits behind which databases, clocks and ciphers
//! stand. It does no I/O, names no runtime and reads no clock.
//!
//! It refuses to let anything but the ceremony make a [`Verified`], the proof from which an `mfa_ok` token is
//! signed: the type has no public constructor except one whose name says `danger`.
//!
//! To add a factor: a variant of [`FactorKind`], its state in [`Account`], and a crate whose rules answer with a
//! [`Check`]. To add a port: a file in `ports/`, a small dyn-safe trait, and an adapter for tests in `testing/`.

mod account;
mod assurance;
mod ceremony;
mod event;
mod ids;
mod lockout;
mod ports;
mod secret;
mod time;
mod token;

#[cfg(feature = "testing")]
pub mod testing;

pub use account::{
    Account, BackupMethod, ChainHead, CodeAhead, Internal, PendingTotp, PhoneState, RecoveryCode,
    RecoveryState, SmsChallenge, SmsPurpose, SmsState, Strikes, Survivor, TokenMark, TokenMarks, TotpState,
    WrongStepUps,
};
pub use assurance::FactorKind;
pub use ceremony::{
    Attempt, Check, DenyReason, Need, SlowTry, Subject, Verdict, Verified, admit, confirm, count_slow, judge,
    settle_slow,
};
pub use event::{EventKind, EventLine, Origin, Outcome, SecurityEvent};
pub use ids::{KeyId, KeyIdError, TokenId, UserId};
pub use lockout::{Lock, LockoutPolicy, LockoutPolicyError};
pub use ports::{
    Accounts, Activity, BoxFuture, Bucket, CipherError, Clock, Credentials, Decision, DigestPurpose, Entropy,
    EntropyError, EventLog, HashError, KeyedDigest, KeyedDigests, LockoutCount, NewUser, NewUserError,
    OwnPage, PasswordCheck, PasswordDigest, PasswordHasher, Period, PeriodError, RateLimiter, RateRule,
    RateVerdict, SealContext, Sealed, SealedColumn, SecretCipher, SmsCount, Statistics, StoreError,
    StoreErrorKind, StoredEvent, Totals, Trail, TrailPage, TrailQuery, Turn, UserPage, UserQuery, UserRecord,
    Users, VerificationCount,
};
pub use secret::{SecretBytes, SecretText};
pub use time::Timestamp;
pub use token::{Presented, Stage};
