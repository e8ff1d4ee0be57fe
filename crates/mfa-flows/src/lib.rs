//! The use cases of NOVA MFA: each loads, decides, stores and tells, over the ports of `mfa-core`.
//!
//! [`Flows`] holds the ports; each flow is one method in a file of its own. The HTTP handlers and the command line
//! call these and nothing below them, so that no rule is written twice.
//!
//! It refuses to do I/O of its own, to know HTTP, and to hold a rule of a single factor. To add a flow: a file here,
//! a method on [`Flows`], and its refusals in [`Refusal`].

mod admin;
mod call;
mod disable_totp;
mod enrol_totp;
mod login;
mod recovery;
mod refusal;
mod revoke;
mod status;
mod verify;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mfa_core::{
    Accounts, Clock, Entropy, EventLog, KeyedDigests, LockoutPolicy, PasswordHasher, RateLimiter,
    SecretCipher, UserId, Users,
};
use mfa_jwt::TokenService;

pub use admin::{MintedToken, NewUserRequest, TokenKind, UserSelector};
pub use call::{Accepts, AdminCall, Call};
pub use enrol_totp::{Enrolled, TotpEnrolment};
pub use login::Login;
pub use refusal::Refusal;
pub use status::{AccountStatus, MethodChoice, MethodState};
pub use verify::Granted;

/// What the flows stand on.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Where accounts live.
    pub accounts: Arc<dyn Accounts>,
    /// Who there is.
    pub users: Arc<dyn Users>,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// What seals secrets.
    pub cipher: Arc<dyn SecretCipher>,
    /// What hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// What hashes recovery codes, within bounds of its own.
    pub recovery_hasher: Arc<dyn PasswordHasher>,
    /// What digests short secrets and numbers.
    pub digests: Arc<dyn KeyedDigests>,
    /// What limits tries.
    pub limiter: Arc<dyn RateLimiter>,
    /// Where refusals are told.
    pub log: Arc<dyn EventLog>,
    /// What issues and reads tokens.
    pub tokens: Arc<TokenService>,
}

/// What an operator may choose about the rules.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The name in the authenticator app.
    pub issuer: String,
    /// What wrong answers lead to.
    pub lockout: LockoutPolicy,
    /// How long after a second factor a change of factors may follow.
    pub step_up_max_age: Duration,
    /// Whether an outdated password hash is replaced at login.
    pub rehash_passwords: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            issuer: "NOVA".to_owned(),
            lockout: LockoutPolicy::default(),
            step_up_max_age: Duration::from_mins(10),
            rehash_passwords: false,
        }
    }
}

/// The use cases.
#[derive(Clone, Debug)]
pub struct Flows {
    ports: Ports,
    policy: Policy,
    /// Users whose new recovery codes are being hashed.
    hashing: Arc<Mutex<HashSet<UserId>>>,
}

impl Flows {
    /// Over these ports, by this policy.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        Self { ports, policy, hashing: Arc::default() }
    }

    /// What they stand on.
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// What the operator chose.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }
}
