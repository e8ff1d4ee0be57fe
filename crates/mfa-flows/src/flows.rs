//! [`Flows`], the type that every use case is a method of, and its accessors.

use std::sync::Arc;

use mfa_core::{Account, Entropy, Timestamp, UserId};
use mfa_jwt::KeySet;
use mfa_sms::SmsSender;

use crate::code_queue::CodeQueue;
use crate::error::FlowError;
use crate::policy::Policy;
use crate::ports::Ports;

/// Use cases of NOVA MFA over one set of ports. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Flows {
    pub(crate) ports: Ports,
    pub(crate) policy: Policy,
    /// Queue of the recovery code sets to hash.
    pub(crate) code_queue: CodeQueue,
}

impl Flows {
    /// Creates the use cases over these ports, with this policy.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        Self { ports, policy, code_queue: CodeQueue::default() }
    }

    /// Returns the policy that the operator set.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the time by the clock of every decision. It may be untrusted: a flow that checks a code tests that itself.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Returns the time, or an error while the clock is not trusted.
    pub(crate) fn trusted_now(&self) -> Result<Timestamp, FlowError> {
        if self.ports.clock.is_trusted() { Ok(self.now()) } else { Err(FlowError::ClockSkew) }
    }

    /// Returns the source of randomness, for identifiers of requests and pages.
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.ports.entropy
    }

    /// Returns the public keys that verify access tokens (RFC 7517); empty where tokens are signed with a shared secret.
    pub fn public_keys(&self) -> KeySet {
        self.ports.tokens.public_keys()
    }

    /// Returns the SMS sender, for its gateways and the state of their circuit breakers.
    pub fn sms_sender(&self) -> &SmsSender {
        &self.ports.sms.sender
    }

    /// Returns the account as it is stored now, or `None` if the user does not exist. Checks no token and records no
    /// event.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`] if the database did not answer.
    pub async fn find_account(&self, user: UserId) -> Result<Option<Account>, FlowError> {
        Ok(self.ports.accounts.find(user).await?)
    }

    /// Returns the ports, for tests that prepare accounts without a use case.
    #[cfg(feature = "testing")]
    pub const fn test_ports(&self) -> &Ports {
        &self.ports
    }
}
