//! Report of `import otpauth`: the result of each row.

use mfa_core::UserId;
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, counted, visible};
use crate::error::CliError;

/// Result of one imported row.
#[derive(Clone, Debug)]
pub(super) struct ImportRowReport {
    pub(super) number: u64,
    pub(super) email: Option<String>,
    pub(super) username: Option<String>,
    pub(super) user: Option<UserId>,
    pub(super) outcome: RowOutcome,
}

/// Outcome of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowOutcome {
    /// The secret is active.
    Imported,
    /// The user was created and the secret is active.
    Created,
    /// The secret was already active.
    Already,
    /// Nothing was changed.
    Refused { code: &'static str, why: String },
}

impl RowOutcome {
    /// Creates a refusal with a stable code and its reason in words.
    pub(super) fn refused(code: &'static str, why: impl Into<String>) -> Self {
        Self::Refused { code, why: why.into() }
    }

    const fn as_str(&self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Created => "created",
            Self::Already => "already",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Builds the report of an import: a line per row, and the totals. `stopped` is the reason why the remaining rows were
/// not tried.
///
/// # Errors
///
/// [`CliError::Unsuccessful`] with the same report if a row was refused or the import stopped.
pub(super) fn build(
    rows: &[ImportRowReport],
    dry_run: bool,
    stopped: Option<String>,
) -> Result<CommandOutput, CliError> {
    let count = |name| rows.iter().filter(|row| row.outcome.as_str() == name).count();
    let refused = count("refused");
    let note = if dry_run { " (dry run: nothing was changed)" } else { "" };
    let summary = format!(
        "{}: {} imported ({} with a new user), {} already imported, {refused} rejected{note}",
        counted(rows.len(), "row"),
        count("imported").saturating_add(count("created")),
        count("created"),
        count("already"),
    );
    let mut lines = vec![["ROW", "EMAIL", "USERNAME", "RESULT", "REASON"].map(str::to_owned)];
    lines.extend(rows.iter().map(table_row));
    let output = CommandOutput {
        text: format!("{}\n{summary}", columns(&lines)),
        json: json!({
            "dry_run": dry_run,
            "rows": rows.iter().map(row_document).collect::<Vec<_>>(),
            "imported": count("imported"),
            "created": count("created"),
            "already": count("already"),
            "refused": refused,
            "stopped": stopped,
        }),
    };
    match stopped {
        Some(message) => Err(CliError::Unsuccessful { message, output: Box::new(output) }),
        None if refused > 0 => {
            let others = if dry_run { "would be imported" } else { "imported" };
            let message = format!("{} rejected; all others {others}", counted(refused, "row"));
            Err(CliError::Unsuccessful { message, output: Box::new(output) })
        }
        None => Ok(output),
    }
}

fn table_row(row: &ImportRowReport) -> [String; 5] {
    let cell = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), visible);
    let (result, why) = match &row.outcome {
        RowOutcome::Refused { why, .. } => ("rejected", why.clone()),
        other => (other.as_str(), String::new()),
    };
    [row.number.to_string(), cell(&row.email), cell(&row.username), result.to_owned(), why]
}

fn row_document(row: &ImportRowReport) -> Value {
    let mut document = json!({
        "row": row.number,
        "email": row.email,
        "username": row.username,
        "user_id": row.user,
        "outcome": row.outcome.as_str(),
    });
    if let (RowOutcome::Refused { code, why }, Some(members)) = (&row.outcome, document.as_object_mut()) {
        members.insert("code".to_owned(), json!(code));
        members.insert("why".to_owned(), json!(why));
    }
    document
}
