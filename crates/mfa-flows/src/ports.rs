//! Ports that the use cases need: one field per trait of the domain crates.

use std::sync::Arc;

use mfa_core::{
    Accounts, AuditLog, Clock, Entropy, EventSink, KeyedDigests, PasswordHasher, RateLimiter, SecretCipher,
    Statistics, Users,
};
use mfa_jwt::TokenService;
use mfa_sms::{SmsBudgets, SmsDisabled, SmsObserver, SmsSendLog, SmsSender};

/// Adapters that [`Flows`](crate::Flows) calls.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Account rows: read and changed in atomic steps.
    pub accounts: Arc<dyn Accounts>,
    /// User records: credentials, lists, creation and erasure.
    pub users: Arc<dyn Users>,
    /// Stored security events.
    pub audit_log: Arc<dyn AuditLog>,
    /// Statistics over all users.
    pub statistics: Arc<dyn Statistics>,
    /// Clock of every decision.
    pub clock: Arc<dyn Clock>,
    /// Source of randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Cipher that seals secrets in the database.
    pub cipher: Arc<dyn SecretCipher>,
    /// Hasher of passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Hasher of recovery codes, with limits of its own.
    pub recovery_hasher: Arc<dyn PasswordHasher>,
    /// Keyed digests of short secrets and phone numbers.
    pub digests: Arc<dyn KeyedDigests>,
    /// Limits by client address and by user.
    pub limiter: Arc<dyn RateLimiter>,
    /// Sink of events that are not stored in an account, such as denied calls.
    pub log: Arc<dyn EventSink>,
    /// Service that signs and verifies tokens.
    pub tokens: Arc<TokenService>,
    /// Ports of codes by SMS.
    pub sms: SmsPorts,
}

/// Adapters that send SMS codes.
#[derive(Clone, Debug)]
pub struct SmsPorts {
    /// Sender with its gateways, in order of preference.
    pub sender: Arc<SmsSender>,
    /// Budgets that all users share.
    pub budgets: Arc<dyn SmsBudgets>,
    /// Record of every send.
    pub sends: Arc<dyn SmsSendLog>,
    /// Observer that reports sends to the operator.
    pub observer: Arc<dyn SmsObserver>,
}

impl SmsPorts {
    /// Returns ports without any SMS adapter: no phone number can be set, and no code is sent. For an embedder that offers
    /// authenticator apps and recovery codes only.
    pub fn disabled(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let nothing = Arc::new(SmsDisabled);
        Self {
            sender: Arc::new(SmsSender::new([], clock, nothing.clone(), entropy)),
            budgets: nothing.clone(),
            sends: nothing.clone(),
            observer: nothing,
        }
    }
}
