//! Demo user of the embedded database in development.

use mfa_core::{Origin, SecretText, UserId};
use mfa_flows::{AdminCall, FlowError, Flows, NewUserRequest, UserSelector};
use tokio::runtime::Handle;

use super::error::OpenError;
use crate::crypto::OsEntropy;
use crate::database::Database;
use crate::settings::Settings;

const USERNAME: &str = "demo";
const EMAIL: &str = "demo@example.com";
/// Installation value with the id of the demo user, because a real user may have the same name.
const INSTALLATION_VALUE: &str = "demo_user";

/// User that exists in development on the embedded database.
#[derive(Clone, Debug)]
pub struct DemoUser {
    /// User name.
    pub username: &'static str,
    /// Password.
    pub password: SecretText,
}

/// Creates the demo user at the first start in development, and returns it. Returns `None` if the settings have no demo
/// user.
pub(super) fn create(
    settings: &Settings,
    flows: &Flows,
    database: &dyn Database,
    runtime: &Handle,
) -> Result<Option<DemoUser>, OpenError> {
    let Some(password) = settings.demo_password(&OsEntropy)? else { return Ok(None) };
    let created = runtime.block_on(insert(flows, password.clone())).map_err(OpenError::machine)?;
    if let Some(user) = created {
        database.fact(INSTALLATION_VALUE, &user.to_string())?;
    }
    Ok(Some(DemoUser { username: USERNAME, password }))
}

/// Inserts the user; returns `None` if one of that name exists.
async fn insert(flows: &Flows, password: SecretText) -> Result<Option<UserId>, FlowError> {
    match flows.select(&demo_login()).await {
        Ok(_) => return Ok(None),
        Err(FlowError::NoSuchUser) => {}
        Err(error) => return Err(error),
    }
    let request = NewUserRequest {
        email: EMAIL.to_owned(),
        username: USERNAME.to_owned(),
        full_name: Some("Demo".to_owned()),
        password,
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
        // Another process created it meanwhile.
        Err(FlowError::UserTaken) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Rejects a database with an active demo user outside of development: its password is in a file, and it is a superuser.
pub(super) fn reject_outside_development(
    settings: &Settings,
    flows: &Flows,
    database: &dyn Database,
    runtime: &Handle,
) -> Result<(), OpenError> {
    if settings.environment.is_development() {
        return Ok(());
    }
    let found = runtime.block_on(async {
        match flows.select(&demo_login()).await {
            Ok(user) => flows.find_account(user).await,
            Err(FlowError::NoSuchUser) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let found = found.map_err(|error| match error {
        FlowError::Store(error) => OpenError::Store(error),
        error => OpenError::machine(error),
    })?;
    let Some(account) = found.filter(|it| it.is_active) else { return Ok(()) };
    if database.fact(INSTALLATION_VALUE, "none")? != account.user.to_string() {
        return Ok(());
    }
    Err(OpenError::Unusable(format!(
        "the database holds the demo user of a trial, which {} refuses: run \
         `UPDATE users SET is_active = false WHERE id = {}`, or name another database in DATABASE_URL",
        settings.environment.name(),
        account.user
    )))
}

fn demo_login() -> UserSelector {
    UserSelector::Login(USERNAME.to_owned())
}
