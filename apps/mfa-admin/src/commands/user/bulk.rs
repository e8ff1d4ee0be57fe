//! Changes of all users in a state.

use mfa_core::{UserFilter, UserId, UserQuery, UserState};
use mfa_flows::{BulkAction, BulkOutcome, RequirementChange};
use serde_json::json;

use crate::command_output::{CommandOutput, columns, visible};
use crate::confirm::confirm_many;
use crate::error::CliError;
use crate::session::AdminSession;

/// Returns the action of `user enforce` on many users, which only adds a requirement.
pub(super) fn requirement(change: RequirementChange) -> Result<BulkAction, CliError> {
    match change {
        RequirementChange { enforced: None | Some(true), phishing_resistant: None } => {
            Ok(BulkAction::Enforce)
        }
        RequirementChange { enforced: None, phishing_resistant: Some(true) } => {
            Ok(BulkAction::RequirePhishingResistant)
        }
        _ => Err(CliError::BulkRequirement),
    }
}

/// Prints the users in a state, asks, and changes them.
pub(super) fn change(
    session: &AdminSession,
    action: BulkAction,
    state: UserState,
    yes: bool,
) -> Result<CommandOutput, CliError> {
    let flows = session.flows();
    let query = UserQuery { filter: UserFilter::new(None, Some(state)), ..UserQuery::default() };
    let mut export = flows.export_users(session.call(), query);
    let mut users: Vec<UserId> = Vec::new();
    let mut lines = vec![["ID", "USERNAME", "EMAIL"].map(str::to_owned)];
    while let Some(page) = session.run(flows.next_users(&mut export))? {
        users.extend(page.iter().map(|it| it.user));
        lines.extend(page.iter().map(|it| [it.user.to_string(), visible(&it.username), visible(&it.email)]));
    }
    if users.is_empty() {
        return Ok(CommandOutput { text: "no users found".to_owned(), json: json!({ "results": [] }) });
    }
    // Not on standard output, which has the results.
    eprintln!("{}", columns(&lines));
    confirm_many(yes, &format!("{} for these {} users?", question(action), users.len()))?;
    let results = session.run(flows.perform_bulk(session.call(), None, action, users))?;
    let count = |outcome| results.iter().filter(|it| it.outcome == outcome).count();
    let text = format!(
        "{} done, {} unchanged, {} not found, {} refused",
        count(BulkOutcome::Done),
        count(BulkOutcome::Unchanged),
        count(BulkOutcome::NotFound),
        count(BulkOutcome::Refused)
    );
    let results: Vec<_> =
        results.iter().map(|it| json!({ "user_id": it.user, "outcome": it.outcome.as_str() })).collect();
    Ok(CommandOutput { text, json: json!({ "results": results }) })
}

const fn question(action: BulkAction) -> &'static str {
    match action {
        BulkAction::Enforce => "Require MFA",
        BulkAction::RequirePhishingResistant => "Require a passkey",
        BulkAction::Unlock => "Unlock the account",
        BulkAction::Reset => "Remove all factors, which cannot be undone,",
    }
}
