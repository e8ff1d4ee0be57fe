//! The user that is there for a trial, and is not let into anything else.

use std::sync::Arc;

use mfa_core::{Origin, SecretText};
use mfa_flows::{AdminCall, FlowError, NewUserRequest};

use super::{Mfa, OpenError};
use crate::crypto::OsEntropy;

const USERNAME: &str = "demo";
const EMAIL: &str = "demo@example.com";
/// The fact of an installation that names the user by its key, for a real user may be called like this.
const FACT: &str = "demo_user";

/// The user that exists in development on the embedded database.
#[derive(Clone, Debug)]
pub struct DemoUser {
    /// What to log in with.
    pub username: &'static str,
    /// And its password.
    pub password: SecretText,
}

impl Mfa {
    /// Makes the demo user at the first start of a trial.
    pub(super) fn make_demo_user(&self) -> Result<Option<DemoUser>, OpenError> {
        let Some(password) = self.settings.demo_password(&OsEntropy)? else { return Ok(None) };
        let (flows, secret) = (Arc::clone(&self.flows), password.clone());
        let made = self.block_on(async move {
            if flows.ports().users.find_credentials(USERNAME).await?.is_some() {
                return Ok(None);
            }
            let request = NewUserRequest {
                email: EMAIL.to_owned(),
                username: USERNAME.to_owned(),
                full_name: Some("Demo".to_owned()),
                password: secret,
                is_superuser: true,
                mfa_enforced: false,
            };
            let call = AdminCall {
                actor: "first start".to_owned(),
                reason: Some("demo user of the embedded database".to_owned()),
                origin: Origin::default(),
            };
            match flows.create_user(&call, request).await {
                Ok(user) => Ok(Some(user)),
                // Another start made it meanwhile.
                Err(FlowError::UserTaken) => Ok(None),
                Err(refusal) => Err(refusal),
            }
        });
        match made {
            Ok(Ok(made)) => {
                if let Some(user) = made {
                    self.database.fact(FACT, &user.to_string())?;
                }
                Ok(Some(DemoUser { username: USERNAME, password }))
            }
            Ok(Err(refusal)) => Err(OpenError::Machine(refusal.to_string())),
            Err(lost) => Err(OpenError::Machine(lost.to_string())),
        }
    }

    /// Outside of development the demo user of a trial on the same database may not log in any more: its password lies
    /// in a file, and it may administer others.
    pub(super) fn refuse_demo_user(&self) -> Result<(), OpenError> {
        if self.settings.environment.is_development() {
            return Ok(());
        }
        let flows = Arc::clone(&self.flows);
        let found = self.block_on(async move {
            let ports = flows.ports();
            let Some(credentials) = ports.users.find_credentials(USERNAME).await? else { return Ok(None) };
            ports.accounts.find(credentials.user).await
        });
        let found = found.map_err(|lost| OpenError::Machine(lost.to_string()))??;
        let Some(account) = found.filter(|it| it.is_active) else { return Ok(()) };
        if self.database.fact(FACT, "none")? != account.user.to_string() {
            return Ok(());
        }
        Err(OpenError::Unusable(format!(
            "the database holds the demo user of a trial, which {} refuses: run \
             `UPDATE users SET is_active = false WHERE id = {}`, or name another database in DATABASE_URL",
            self.settings.environment.name(),
            account.user
        )))
    }
}
