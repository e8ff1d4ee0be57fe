//! The ports: what the rules need from the world, as small dyn-safe traits.

mod accounts;
mod audit_log;
mod cipher;
mod clock;
mod digests;
mod entropy;
mod event_sink;
mod password;
mod rate_limiter;
mod statistics;
mod users;

use std::future::Future;
use std::pin::Pin;

pub use accounts::{Accounts, Decision, Phase, StoreError, StoreErrorKind};
pub use audit_log::{AuditLog, AuditPage, AuditQuery, StoredEvent, UserEventsQuery};
pub use cipher::{CipherError, SealContext, Sealed, SealedColumn, SecretCipher};
pub use clock::Clock;
pub use digests::{DigestPurpose, KeyedDigest, KeyedDigests};
pub use entropy::{Entropy, EntropyError};
pub use event_sink::EventSink;
pub use password::{HashError, PasswordCheck, PasswordDigest, PasswordHasher};
pub use rate_limiter::{RateLimiter, RateRule, RateVerdict};
pub use statistics::{
    Activity, BucketSize, LockoutCount, Period, PeriodError, SmsCount, Statistics, Totals, VerificationCount,
};
pub use users::{Credentials, NewUser, NewUserError, UserPage, UserQuery, UserRecord, Users};

/// What an I/O method of a port returns: a future that names no runtime.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
