//! The use cases of NOVA MFA: each loads, decides, stores and tells, over the ports of `mfa-core`.
//!
//! [`Flows`] holds the ports; each flow is one method in a file of its own. The HTTP handlers and the command line
//! call these and nothing below them, so that no rule is written twice.
//!
//! It refuses to do I/O of its own, to know HTTP, and to hold a rule of a single factor. To add a flow: a file here,
//! a method on [`Flows`], and its refusals in [`FlowError`].

mod admin;
mod administrator;
mod backup;
mod call;
mod clock_drift;
mod disable_totp;
mod enrol_totp;
mod error;
mod events;
mod import_legacy;
mod introspect;
mod login;
mod phone;
mod profile;
mod recovery;
mod reseal;
mod revoke;
mod send_sms;
mod statistics;
mod status;
mod token_holder;
mod transfer;
mod verify;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mfa_core::{
    Accounts, AuditLog, Clock, Entropy, EventSink, KeyedDigests, LockoutPolicy, PasswordHasher, RateLimiter,
    SecretCipher, Statistics, UserId, Users,
};
use mfa_jwt::TokenService;
use mfa_sms::{
    BudgetLimits, ConversionRule, MessageTemplate, PhonePolicy, SmsBudgets, SmsObserver, SmsSendLog,
    SmsSender, UserBudget,
};

pub use admin::{MintedToken, NewUserRequest, TokenKind, UserSelector};
pub use administrator::AdminAct;
pub use call::{AcceptedStages, AdminCall, Call};
pub use enrol_totp::{EnrolmentComplete, TotpEnrolment};
pub use error::FlowError;
pub use import_legacy::{LegacyImport, LegacyImportOutcome, LegacyRow};
pub use introspect::ActiveToken;
pub use login::LoginOutcome;
pub use phone::PhoneConfirmed;
pub use profile::Profile;
pub use reseal::ResealOutcome;
pub use send_sms::SmsSent;
pub use status::{AccountStatus, MethodChoice, MethodState};
pub use token_holder::TokenHolder;
pub use transfer::{TotpExport, TotpImport, TotpImportOutcome};
pub use verify::AccessGrant;

/// What the flows stand on.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Where accounts live.
    pub accounts: Arc<dyn Accounts>,
    /// Who there is.
    pub users: Arc<dyn Users>,
    /// What happened.
    pub trail: Arc<dyn AuditLog>,
    /// Numbers over all users.
    pub statistics: Arc<dyn Statistics>,
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
    pub log: Arc<dyn EventSink>,
    /// What issues and reads tokens.
    pub tokens: Arc<TokenService>,
    /// What sends SMS.
    pub sms: SmsPorts,
}

/// What codes by SMS stand on.
#[derive(Clone, Debug)]
pub struct SmsPorts {
    /// The gateways, one after the other.
    pub sender: Arc<SmsSender>,
    /// Budgets that users share.
    pub budgets: Arc<dyn SmsBudgets>,
    /// The record of sends.
    pub sends: Arc<dyn SmsSendLog>,
    /// Where the operator is told of sends.
    pub journal: Arc<dyn SmsObserver>,
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
    /// Who gets SMS, and how many.
    pub sms: SmsPolicy,
}

/// What an operator may choose about SMS.
#[derive(Clone, Debug)]
pub struct SmsPolicy {
    /// Which numbers may be sent to.
    pub phones: PhonePolicy,
    /// How many one user may cause.
    pub per_user: UserBudget,
    /// How many all users may cause.
    pub shared: BudgetLimits,
    /// How many codes must come back.
    pub conversion: ConversionRule,
    /// What a message says.
    pub wording: MessageTemplate,
}

impl Default for SmsPolicy {
    /// No SMS: no country is allowed.
    fn default() -> Self {
        let per_user = UserBudget { per_minute: 1, per_hour: 3 };
        Self {
            phones: PhonePolicy::default(),
            per_user,
            shared: BudgetLimits {
                number: per_user,
                ip_per_hour: 20,
                prefix_per_hour: 50,
                country_per_day: 2_000,
                all_per_day: 10_000,
            },
            conversion: ConversionRule::new(0.2),
            wording: MessageTemplate::without_domain("NOVA"),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            issuer: "NOVA".to_owned(),
            lockout: LockoutPolicy::default(),
            step_up_max_age: Duration::from_mins(10),
            rehash_passwords: false,
            sms: SmsPolicy::default(),
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
