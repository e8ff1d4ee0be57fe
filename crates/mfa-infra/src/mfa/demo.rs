//! Demo user of the embedded database in development.

use mfa_core::{Origin, SecretText, UserId};
use mfa_flows::{AdminCall, FlowError, Flows, NewUserRequest, UserSelector};
use slog::Logger;
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

/// Demo user, or why its password is not known.
#[derive(Debug, Default)]
pub(super) struct Demo {
    pub(super) user: Option<DemoUser>,
    pub(super) problem: Option<String>,
}

/// Creates the demo user at the first start in development, and returns it. Returns no user if the settings have none.
///
/// If the file of the password was lost, the demo user gets the new password that replaces it. If the file has another
/// password than the user, the problem says so.
pub(super) fn create(
    settings: &Settings,
    flows: &Flows,
    database: &dyn Database,
    runtime: &Handle,
    log: &Logger,
) -> Result<Demo, OpenError> {
    let had_password = settings.demo_password_exists();
    let Some(password) = settings.demo_password(&OsEntropy)? else { return Ok(Demo::default()) };
    let (user, is_new) =
        runtime.block_on(find_or_insert(flows, password.clone())).map_err(OpenError::machine)?;
    if is_new {
        database.fact(INSTALLATION_VALUE, &user.to_string())?;
    } else if !had_password && database.fact(INSTALLATION_VALUE, "none")? == user.to_string() {
        let call = first_start("the file of the demo password was lost");
        let set = flows.set_password(&call, user, password.clone());
        runtime.block_on(set).map_err(OpenError::machine)?;
        slog::warn!(log, "the file of the demo password was missing: the demo user has a new password");
    } else if !runtime
        .block_on(flows.is_stored_password(USERNAME, password.clone()))
        .map_err(OpenError::machine)?
    {
        let problem = format!(
            "{} does not contain the password of the user {USERNAME}: use the password that was set last, or delete the file \
             and start again, which sets a new one",
            settings.demo_password_path().display()
        );
        slog::warn!(log, "{}", problem);
        return Ok(Demo { user: None, problem: Some(problem) });
    }
    Ok(Demo { user: Some(DemoUser { username: USERNAME, password }), problem: None })
}

/// Returns the user of that name, and whether it was inserted.
async fn find_or_insert(flows: &Flows, password: SecretText) -> Result<(UserId, bool), FlowError> {
    match flows.select(&demo_login()).await {
        Ok(user) => return Ok((user, false)),
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
    match flows.create_user(&first_start("demo user of the embedded database"), request).await {
        Ok(user) => Ok((user, true)),
        // Another process created it meanwhile.
        Err(FlowError::UserTaken) => Ok((flows.select(&demo_login()).await?, false)),
        Err(error) => Err(error),
    }
}

fn first_start(reason: &str) -> AdminCall {
    AdminCall { actor: "first start".to_owned(), reason: Some(reason.to_owned()), origin: Origin::default() }
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
