//! Commands `user create`, `show`, `list`, `unlock`, `reset`, `erase`, `enforce`, `password` and `superuser`.

mod detail;
mod list;

use mfa_core::{SecretText, UserId, UserQuery, trim_login};
use mfa_flows::{FlowError, NewUserRequest, RequirementChange};
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::{ConfirmedUserArgs, CreateUserArgs, ListUsersArgs, OnOff, UserArgs, UserCommand};
use crate::command_output::CommandOutput;
use crate::confirm::confirm;
use crate::error::CliError;
use crate::password;
use crate::session::AdminSession;

/// Runs a `user` command.
///
/// # Errors
///
/// [`CliError::Password`]; [`CliError::Flow`].
pub(super) fn run(
    command: UserCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let open = || AdminSession::open(settings.clone(), reason.clone());
    match command {
        UserCommand::Create(user) => {
            // Reads the password before it opens the database: without one, nothing happens.
            let request = new_user_request(user)?;
            create(&AdminSession::open_or_create(settings, reason)?, request)
        }
        UserCommand::Show(user) => show(&open()?, user),
        UserCommand::List(args) => list(&open()?, args),
        UserCommand::Unlock(user) => unlock(&open()?, user),
        UserCommand::Reset(args) => reset(&open()?, args),
        UserCommand::Erase(args) => erase(&open()?, args),
        UserCommand::Password { user, password_stdin: _ } => {
            let password = password::from_standard_input()?;
            set_password(&open()?, user, password)
        }
        UserCommand::Superuser { state, user } => set_superuser(&open()?, user, state == OnOff::On),
        UserCommand::Enforce { state, phishing_resistant, user } => {
            let change = RequirementChange {
                enforced: Some(state == OnOff::On),
                phishing_resistant: phishing_resistant.map(|it| it == OnOff::On),
            };
            enforce(&open()?, user, change)
        }
    }
}

fn new_user_request(user: CreateUserArgs) -> Result<NewUserRequest, CliError> {
    Ok(NewUserRequest {
        email: user.email,
        username: user.username,
        full_name: user.full_name,
        password: password::from_standard_input()?,
        is_superuser: user.superuser,
        mfa_enforced: user.enforce,
    })
}

fn create(session: &AdminSession, request: NewUserRequest) -> Result<CommandOutput, CliError> {
    let flows = session.flows();
    let user = session.run(flows.create_user(session.call(), request))?;
    Ok(CommandOutput { text: format!("user {user} created"), json: json!({ "id": user }) })
}

fn show(session: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    let (account, status) = session.run(session.flows().show_user(session.call(), user))?;
    Ok(detail::format_user(&account, &status))
}

fn list(session: &AdminSession, args: ListUsersArgs) -> Result<CommandOutput, CliError> {
    let flows = session.flows();
    // Reads one user more than it shows, to detect another page.
    let query = UserQuery {
        text: args.query.map(|text| trim_login(&text).to_owned()),
        after: args.after.map(UserId::new),
        limit: args.limit.saturating_add(1),
    };
    let page = session.run(flows.list_users(session.call(), query))?;
    Ok(list::format_users(page.users, args.limit, flows.now()))
}

fn unlock(session: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    session.run(session.flows().unlock_user(session.call(), user))?;
    Ok(CommandOutput {
        text: format!("user {user} unlocked"),
        json: json!({ "user_id": user, "unlocked": true }),
    })
}

/// Selects a user and asks whether to do to them what cannot be undone.
fn confirmed(
    session: &AdminSession,
    args: ConfirmedUserArgs,
    question: impl FnOnce(&str) -> String,
) -> Result<UserId, CliError> {
    let user = session.find_user(&args.user.selector())?;
    let shown = match session.run(session.flows().find_account(user)) {
        Ok(account) => format!("{user} ({})", account.ok_or(FlowError::NoSuchUser)?.email),
        // A reset cures a row that cannot be read.
        Err(error) if error.is_corrupt_row() => user.to_string(),
        Err(error) => return Err(error),
    };
    confirm(args.yes, &question(&shown))?;
    Ok(user)
}

fn erase(session: &AdminSession, args: ConfirmedUserArgs) -> Result<CommandOutput, CliError> {
    let user = confirmed(session, args, |user| {
        format!("Erase the MFA data of user {user}? This cannot be undone.")
    })?;
    session.run(session.flows().erase_user(session.call(), user))?;
    Ok(CommandOutput {
        text: format!("MFA data of user {user} erased (the row in users is kept)"),
        json: json!({ "user_id": user, "erased": true }),
    })
}

fn reset(session: &AdminSession, args: ConfirmedUserArgs) -> Result<CommandOutput, CliError> {
    let user = confirmed(session, args, |user| {
        format!("Remove all factors of user {user}? This cannot be undone.")
    })?;
    session.run(session.flows().reset_user(session.call(), user))?;
    Ok(CommandOutput {
        text: format!("all factors of user {user} removed, all sessions ended, account unlocked"),
        json: json!({ "user_id": user, "reset": true }),
    })
}

fn enforce(
    session: &AdminSession,
    user: UserArgs,
    change: RequirementChange,
) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    let required = session.run(session.flows().enforce_user(session.call(), user, change))?;
    let state = |it| if it { "required" } else { "not required" };
    let mut text = format!("MFA is {} for user {user}", state(required.enforced));
    if change.phishing_resistant.is_some() || required.phishing_resistant {
        text = format!("{text}, a passkey is {}", state(required.phishing_resistant));
    }
    let json = json!({
        "user_id": user,
        "mfa_enforced": required.enforced,
        "phishing_resistant_required": required.phishing_resistant,
    });
    Ok(CommandOutput { text, json })
}

fn set_password(
    session: &AdminSession,
    user: UserArgs,
    password: SecretText,
) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    session.run(session.flows().set_password(session.call(), user, password))?;
    Ok(CommandOutput {
        text: format!("password of user {user} set and all sessions ended"),
        json: json!({ "user_id": user, "password_set": true }),
    })
}

fn set_superuser(
    session: &AdminSession,
    user: UserArgs,
    is_superuser: bool,
) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    session.run(session.flows().set_superuser(session.call(), user, is_superuser))?;
    let state = if is_superuser { "has" } else { "does not have" };
    Ok(CommandOutput {
        text: format!("user {user} {state} administrator rights"),
        json: json!({ "user_id": user, "is_superuser": is_superuser }),
    })
}
