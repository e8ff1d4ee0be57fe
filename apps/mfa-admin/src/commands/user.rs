//! `user create`, `show`, `list`, `unlock`, `reset`, `erase`, `enforce`

mod detail;
mod list;

use mfa_core::{UserId, UserQuery};
use mfa_flows::NewUserRequest;
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::{ListArgs, NewUserArgs, OnOff, UserArgs, UserCommand};
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::password;
use crate::session::AdminSession;

/// Reads or changes users.
///
/// # Errors
///
/// [`CliError::Password`]; what the flows refuse.
pub(super) fn run(
    command: UserCommand,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let open = || AdminSession::open(settings, reason);
    match command {
        UserCommand::Create(user) => {
            // Before the database is opened: nothing happens at all without a password.
            let request = request(user)?;
            create(&open()?, request)
        }
        UserCommand::Show(user) => show(&open()?, user),
        UserCommand::List(args) => list(&open()?, args),
        UserCommand::Unlock(user) => unlock(&open()?, user),
        UserCommand::Reset(user) => reset(&open()?, user),
        UserCommand::Erase(user) => erase(&open()?, user),
        UserCommand::Enforce { state, user } => enforce(&open()?, user, state == OnOff::On),
    }
}

fn request(user: NewUserArgs) -> Result<NewUserRequest, CliError> {
    Ok(NewUserRequest {
        email: user.email,
        username: user.username,
        full_name: user.full_name,
        password: password::from_standard_input()?,
        is_superuser: user.superuser,
        mfa_enforced: user.enforce,
    })
}

fn create(administration: &AdminSession, request: NewUserRequest) -> Result<CommandOutput, CliError> {
    let flows = administration.flows();
    let user = administration.wait(flows.create_user(administration.call(), request))?;
    Ok(CommandOutput { text: format!("user {user} is made"), json: json!({ "id": user }) })
}

fn show(administration: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = administration.find(user)?;
    let (account, status) =
        administration.wait(administration.flows().show_user(administration.call(), user))?;
    Ok(detail::of(&account, &status))
}

fn list(administration: &AdminSession, args: ListArgs) -> Result<CommandOutput, CliError> {
    let flows = administration.flows();
    // One more than is shown tells whether there is another page.
    let query = UserQuery {
        text: args.query,
        after: args.after.map(UserId::new),
        limit: args.limit.saturating_add(1),
    };
    let page = administration.wait(flows.list_users(administration.call(), query))?;
    Ok(list::of(page.users, args.limit, flows.now()))
}

fn unlock(administration: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = administration.find(user)?;
    administration.wait(administration.flows().unlock_user(administration.call(), user))?;
    Ok(CommandOutput {
        text: format!("user {user} is unlocked"),
        json: json!({ "user_id": user, "unlocked": true }),
    })
}

fn erase(administration: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = administration.find(user)?;
    administration.wait(administration.flows().erase_user(administration.call(), user))?;
    Ok(CommandOutput {
        text: format!("what was kept of user {user} is erased; the row of users stays"),
        json: json!({ "user_id": user, "erased": true }),
    })
}

fn reset(administration: &AdminSession, user: UserArgs) -> Result<CommandOutput, CliError> {
    let user = administration.find(user)?;
    administration.wait(administration.flows().reset_user(administration.call(), user))?;
    Ok(CommandOutput {
        text: format!("user {user} has no factor any more, and every session is ended"),
        json: json!({ "user_id": user, "reset": true }),
    })
}

fn enforce(administration: &AdminSession, user: UserArgs, enforced: bool) -> Result<CommandOutput, CliError> {
    let user = administration.find(user)?;
    administration.wait(administration.flows().enforce_user(administration.call(), user, enforced))?;
    let must = if enforced { "must" } else { "need not" };
    Ok(CommandOutput {
        text: format!("user {user} {must} have a second factor"),
        json: json!({ "user_id": user, "mfa_enforced": enforced }),
    })
}
