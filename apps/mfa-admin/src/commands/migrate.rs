//! Commands `migrate up`, `migrate down` and `migrate status`.

use mfa_core::{Clock, EventKind, LoggedEvent, Origin, Outcome, SecurityEvent};
use mfa_infra::crypto::SystemClock;
use mfa_infra::database::{DatabaseLocation, MigrationError, MigrationStatus, ZonelessTimes};
use mfa_infra::settings::Settings;
use mfa_infra::telemetry::Telemetry;
use mfa_infra::{Mfa, OpenError};
use serde_json::json;

use crate::actor;
use crate::cli::MigrateCommand;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::session;

/// Runs a `migrate` command, and returns the migrations of the database after it.
///
/// A change is logged; it belongs to no user, so no audit chain contains it.
///
/// # Errors
///
/// [`CliError::Migration`], [`CliError::EncryptedValuesRemain`]; [`CliError::Open`] for the log.
pub(super) fn run(
    command: &MigrateCommand,
    mut settings: Settings,
    reason: Option<&str>,
) -> Result<CommandOutput, CliError> {
    let location = Mfa::location(&settings);
    let migrations = match command {
        MigrateCommand::Up => {
            if matches!(&location, DatabaseLocation::Sqlite(path) if path.starts_with(&settings.data_dir)) {
                // The database would create the directory with access for all users.
                settings.create_data_dir()?;
            }
            location.migrations()
        }
        MigrateCommand::Down { .. } | MigrateCommand::Status => session::existing_migrations(&location)?,
    };
    match command {
        MigrateCommand::Up => {
            migrations.up()?;
            migrations.check_complete()?;
        }
        MigrateCommand::Down { leave_sealed, delete_sealed, .. } => {
            let rows = migrations.sealed_left()?;
            if rows > 0 && !leave_sealed && !delete_sealed {
                return Err(CliError::EncryptedValuesRemain(rows));
            }
            if *delete_sealed {
                migrations.delete_sealed()?;
            }
            migrations.down()?;
        }
        MigrateCommand::Status => {
            let status = migrations.status()?;
            let times = migrations.zoneless_times()?;
            let output = format_status(&location, &status, times.as_ref());
            if status.missing.is_empty() {
                return Ok(output);
            }
            let message = MigrationError::Incomplete(status.missing).to_string();
            return Err(CliError::Unsuccessful { message, output: Box::new(output) });
        }
    }
    session::keep_log_off_stdout(&mut settings);
    let telemetry = Telemetry::open(settings.log.level, settings.log.target).map_err(OpenError::from)?;
    let event =
        SecurityEvent::new(EventKind::AdminMigrate, Outcome::Success, SystemClock.now(), Origin::default());
    let event = event.with_actor(&actor::current(), reason);
    telemetry.events().record(LoggedEvent { user: None, event: &event, chain: None });
    let times = match command {
        MigrateCommand::Up => migrations.zoneless_times()?,
        MigrateCommand::Down { .. } | MigrateCommand::Status => None,
    };
    Ok(format_status(&location, &migrations.status()?, times.as_ref()))
}

/// Builds the output, with a warning about time columns without a time zone.
fn format_status(
    location: &DatabaseLocation,
    status: &MigrationStatus,
    times: Option<&ZonelessTimes>,
) -> CommandOutput {
    let MigrationStatus { applied, pending, missing } = status;
    let missing: Vec<_> = missing.iter().map(ToString::to_string).collect();
    let state = match (applied.is_empty(), pending.is_empty()) {
        (_, true) if !missing.is_empty() => "incomplete: another program removed parts of it",
        (_, true) => "up to date",
        (true, false) => "not installed: run mfa-admin migrate up",
        (false, false) => "out of date: run mfa-admin migrate up",
    };
    let line = |state: &str, name: &String| format!("{state}  {name}");
    let mut lines = vec![format!("{location}: the schema is {state}")];
    lines.extend(applied.iter().map(|name| line("applied", name)));
    lines.extend(pending.iter().map(|name| line("pending", name)));
    lines.extend(missing.iter().map(|name| line("missing", name)));
    let warnings: Vec<_> =
        times.iter().map(|it| format!("{}. Run as the owner: {}", it.detail(), it.statement())).collect();
    lines.extend(warnings.iter().map(|it| format!("warning  {it}")));
    let json = json!({ "applied": applied, "pending": pending, "missing": missing, "warnings": warnings });
    CommandOutput { text: lines.join("\n"), json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_state_of_the_schema() {
        let output = |applied: &[&str], pending: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            let status =
                MigrationStatus { applied: names(applied), pending: names(pending), missing: Vec::new() };
            format_status(&DatabaseLocation::Sqlite("a.db".into()), &status, None)
        };
        assert_eq!(output(&["1"], &[]).text, "SQLite in a.db: the schema is up to date\napplied  1");
        assert_eq!(
            output(&[], &["1", "2"]).text.lines().next(),
            Some("SQLite in a.db: the schema is not installed: run mfa-admin migrate up")
        );
        let document = json!({ "applied": ["1"], "pending": ["2"], "missing": [], "warnings": [] });
        assert_eq!(output(&["1"], &["2"]).json, document);
    }
}
