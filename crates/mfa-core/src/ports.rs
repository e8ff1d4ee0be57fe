//! Ports: small dyn-compatible traits that adapters implement for databases, ciphers, clocks and others.

mod accounts;
mod audit_log;
mod box_future;
mod cipher;
mod clock;
mod digests;
mod entropy;
mod event_sink;
mod password;
mod rate_limiter;
mod statistics;
mod store_error;
mod user_list;
mod users;

pub use accounts::{Accounts, Decision, Phase, RepairScope};
pub use audit_log::{AuditLog, AuditPage, AuditQuery, IssuedTokenEvent, StoredEvent, UserEventsQuery};
pub use box_future::BoxFuture;
pub use cipher::{CipherError, SecretCipher};
pub use clock::Clock;
pub use digests::{DigestPurpose, KeyedDigest, KeyedDigests};
pub use entropy::{Entropy, EntropyError};
pub use event_sink::EventSink;
pub use password::{HashError, PasswordCheck, PasswordDigest, PasswordHasher, PasswordKinds};
pub use rate_limiter::{RateLimitDecision, RateLimiter, RateRule};
pub use statistics::{
    Activity, Adoption, BucketSize, LockoutCount, Period, PeriodError, SmsCount, Statistics, Totals,
    VerificationCount,
};
pub use store_error::{StoreError, StoreErrorKind};
pub use user_list::{PageStart, SortOrder, UserFilter, UserPage, UserQuery, UserRecord, UserSort, UserState};
pub use users::{Credentials, NewUser, NewUserError, Users};
