//! `migrate up`, `migrate down`, `migrate status`

use mfa_core::{Clock, EventKind, LoggedEvent, Origin, Outcome, SecurityEvent};
use mfa_infra::crypto::SystemClock;
use mfa_infra::database::{DatabaseLocation, MigrationStatus};
use mfa_infra::settings::Settings;
use mfa_infra::telemetry::Telemetry;
use mfa_infra::{Mfa, OpenError};
use serde_json::json;

use crate::actor;
use crate::cli::MigrateCommand;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::session;

/// Changes the schema, or not; answers which migrations the database has then. A change is told in the log: no user's
/// chain holds it.
///
/// # Errors
///
/// [`CliError::Migration`] with what stands in the way; [`CliError::Open`] for the log.
pub(super) fn run(
    command: &MigrateCommand,
    mut settings: Settings,
    reason: Option<&str>,
) -> Result<CommandOutput, CliError> {
    let location = Mfa::location(&settings);
    if matches!(&location, DatabaseLocation::Sqlite(path) if path.starts_with(&settings.data_dir)) {
        // Before the database is, which would make it open to all.
        settings.create_data_dir()?;
    }
    let migrations = location.migrations();
    match command {
        MigrateCommand::Up => migrations.up()?,
        MigrateCommand::Down { leave_sealed, .. } => match migrations.sealed_left()? {
            rows if rows > 0 && !leave_sealed => return Err(CliError::SealedLeft(rows)),
            _ => migrations.down()?,
        },
        MigrateCommand::Status => return Ok(render(&location, &migrations.status()?)),
    }
    session::spare_standard_output(&mut settings);
    let telemetry = Telemetry::open(settings.log.level, settings.log.target).map_err(OpenError::from)?;
    let event =
        SecurityEvent::new(EventKind::AdminMigrate, Outcome::Success, SystemClock.now(), Origin::default());
    let event = event.with_actor(&actor::of_process(), reason);
    telemetry.events().record(LoggedEvent { user: None, event: &event, chain: None });
    Ok(render(&location, &migrations.status()?))
}

fn render(location: &DatabaseLocation, status: &MigrationStatus) -> CommandOutput {
    let MigrationStatus { applied, pending } = status;
    let state = match (applied.is_empty(), pending.is_empty()) {
        (_, true) => "up to date",
        (true, false) => "not set up (mfa-admin migrate up)",
        (false, false) => "behind (mfa-admin migrate up)",
    };
    let line = |what: &str, name: &String| format!("{what}  {name}");
    let mut lines = vec![format!("{location}: the schema is {state}")];
    lines.extend(applied.iter().map(|name| line("applied", name)));
    lines.extend(pending.iter().map(|name| line("pending", name)));
    CommandOutput { text: lines.join("\n"), json: json!({ "applied": applied, "pending": pending }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_the_schema_is_told_in_a_line() {
        let of = |applied: &[&str], pending: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            let status = MigrationStatus { applied: names(applied), pending: names(pending) };
            render(&DatabaseLocation::Sqlite("a.db".into()), &status)
        };
        assert_eq!(of(&["1"], &[]).text, "SQLite in a.db: the schema is up to date\napplied  1");
        assert_eq!(
            of(&[], &["1", "2"]).text.lines().next(),
            Some("SQLite in a.db: the schema is not set up (mfa-admin migrate up)")
        );
        assert_eq!(of(&["1"], &["2"]).json, json!({ "applied": ["1"], "pending": ["2"] }));
    }
}
