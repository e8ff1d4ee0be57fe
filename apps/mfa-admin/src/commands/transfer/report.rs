//! What became of each row.

use mfa_core::UserId;
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, visible};
use crate::error::CliError;

/// What became of one row.
#[derive(Clone, Debug)]
pub(super) struct RowReport {
    pub(super) number: u64,
    pub(super) email: Option<String>,
    pub(super) username: Option<String>,
    pub(super) user: Option<UserId>,
    pub(super) outcome: RowOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowOutcome {
    /// The secret is in force.
    Imported,
    /// The same, for a user who was made for it.
    Created,
    /// It was in force before.
    Already,
    /// It is not, and nothing was changed.
    Refused { code: &'static str, why: String },
}

impl RowOutcome {
    pub(super) fn refused(code: &'static str, why: impl Into<String>) -> Self {
        Self::Refused { code, why: why.into() }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Created => "created",
            Self::Already => "already",
            Self::Refused { .. } => "refused",
        }
    }
}

/// The answer of an import: a line for each row, and how many went how. Refused rows make it one that was done in part.
///
/// # Errors
///
/// [`CliError::Partly`] with the same answer, where a row was refused or `stopped` says that rows were not tried.
pub(super) fn answer(
    rows: &[RowReport],
    is_trial: bool,
    stopped: Option<String>,
) -> Result<CommandOutput, CliError> {
    let count = |name| rows.iter().filter(|row| row.outcome.name() == name).count();
    let refused = count("refused");
    let trial = if is_trial { " (a trial: nothing was changed)" } else { "" };
    let summary = format!(
        "{} rows: {} imported, {} of them into new accounts, {} were there already, {refused} refused{trial}",
        rows.len(),
        count("imported").saturating_add(count("created")),
        count("created"),
        count("already"),
    );
    let mut lines = vec![["ROW", "E-MAIL", "USER NAME", "OUTCOME", ""].map(str::to_owned)];
    lines.extend(rows.iter().map(line));
    let answer = CommandOutput {
        text: format!("{}\n{summary}", columns(&lines)),
        json: json!({
            "dry_run": is_trial,
            "rows": rows.iter().map(document).collect::<Vec<_>>(),
            "imported": count("imported"),
            "created": count("created"),
            "already": count("already"),
            "refused": refused,
            "stopped": stopped,
        }),
    };
    match stopped {
        Some(sentence) => Err(CliError::Partly { sentence, answer: Box::new(answer) }),
        None if refused > 0 => {
            let others = if is_trial { "would be taken over" } else { "were taken over" };
            let sentence = format!("{refused} rows were refused; the others {others}");
            Err(CliError::Partly { sentence, answer: Box::new(answer) })
        }
        None => Ok(answer),
    }
}

fn line(row: &RowReport) -> [String; 5] {
    let shown = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), visible);
    let why = match &row.outcome {
        RowOutcome::Refused { why, .. } => why.clone(),
        _ => String::new(),
    };
    let outcome = row.outcome.name().to_owned();
    [row.number.to_string(), shown(&row.email), shown(&row.username), outcome, why]
}

fn document(row: &RowReport) -> Value {
    let mut document = json!({
        "row": row.number,
        "email": row.email,
        "username": row.username,
        "user_id": row.user,
        "outcome": row.outcome.name(),
    });
    if let (RowOutcome::Refused { code, why }, Some(members)) = (&row.outcome, document.as_object_mut()) {
        members.insert("code".to_owned(), json!(code));
        members.insert("why".to_owned(), json!(why));
    }
    document
}
