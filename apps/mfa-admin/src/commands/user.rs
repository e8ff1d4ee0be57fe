//! Commands `user create`, `show`, `list`, `unlock`, `reset`, `erase`, `enforce`, `set-password`, `role` and
//! `superuser`.

mod bulk;
mod detail;
mod list;

use mfa_core::{PageStart, Role, SecretText, SortOrder, UserFilter, UserId, UserQuery};
use mfa_flows::{BulkAction, FlowError, NewUserRequest, RequirementChange};
use mfa_infra::settings::Settings;
use serde_json::json;

use crate::cli::{
    ConfirmedUserArgs, ConfirmedUsersArgs, CreateUserArgs, ListUsersArgs, OnOff, RoleArg, SelectedUsers,
    UserArgs, UserCommand,
};
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
        UserCommand::Unlock(ConfirmedUsersArgs { users, yes }) => match users.selected() {
            SelectedUsers::One(user) => unlock(&open()?, user),
            SelectedUsers::InState(state) => bulk::change(&open()?, BulkAction::Unlock, state, yes),
        },
        UserCommand::Reset(ConfirmedUsersArgs { users, yes }) => match users.selected() {
            SelectedUsers::One(user) => reset(&open()?, ConfirmedUserArgs { user, yes }),
            SelectedUsers::InState(state) => bulk::change(&open()?, BulkAction::Reset, state, yes),
        },
        UserCommand::Erase(args) => erase(&open()?, args),
        UserCommand::SetPassword { user, password_stdin: _ } => {
            let password = password::from_standard_input()?;
            set_password(&open()?, user, password)
        }
        UserCommand::Role { role, user } => set_role(&open()?, user, role),
        UserCommand::Superuser { state, user } => set_superuser(&open()?, user, state == OnOff::On),
        UserCommand::Enforce { state, phishing_resistant, users } => {
            let ConfirmedUsersArgs { users, yes } = users;
            let change = RequirementChange {
                enforced: state.map(|it| it == OnOff::On),
                phishing_resistant: phishing_resistant.map(|it| it == OnOff::On),
            };
            match users.selected() {
                SelectedUsers::One(user) => enforce(&open()?, user, change),
                SelectedUsers::InState(of) => bulk::change(&open()?, bulk::requirement(change)?, of, yes),
            }
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
    let (flows, call) = (session.flows(), session.call());
    let (account, status) = session.run(flows.show_user(call, user))?;
    let role = session.run(flows.role_of(call, &account))?;
    let full_name = session.run(flows.full_name(call, user))?;
    Ok(detail::format_user(&account, &status, full_name.as_deref(), role))
}

fn list(session: &AdminSession, args: ListUsersArgs) -> Result<CommandOutput, CliError> {
    let flows = session.flows();
    let query = UserQuery {
        filter: UserFilter::new(args.query, args.state),
        sort: args.sort,
        order: if args.descending { SortOrder::Descending } else { SortOrder::Ascending },
        start: PageStart::after(args.after.map(UserId::new)),
        limit: args.limit,
    };
    if args.csv {
        return list::csv(session, query);
    }
    let list = session.run(flows.list_users(session.call(), query))?;
    // The user after whom the page was to start does not exist.
    Ok(list::format_users(&list.ok_or(FlowError::NoSuchUser)?, flows.now()))
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

fn set_role(session: &AdminSession, user: UserArgs, role: RoleArg) -> Result<CommandOutput, CliError> {
    let user = session.find_user(&user.selector())?;
    let is_helpdesk = role == RoleArg::Helpdesk;
    session.run(session.flows().set_helpdesk(session.call(), user, is_helpdesk))?;
    let state = if is_helpdesk { "has" } else { "does not have" };
    Ok(CommandOutput {
        text: format!("user {user} {state} the role helpdesk"),
        json: json!({ "user_id": user, "role": Role::new(false, is_helpdesk).as_str() }),
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
