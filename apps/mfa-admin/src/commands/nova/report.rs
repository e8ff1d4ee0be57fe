//! Report of `import nova-python`: a line per user, the phone numbers by country and type, and the totals.

use std::collections::BTreeMap;

use mfa_core::UserId;
use mfa_flows::{ImportedNumber, LegacyImportOutcome, NoSms};
use serde_json::json;

use crate::command_output::{CommandOutput, columns, counted, visible};
use crate::error::CliError;

/// Result of one row.
pub(super) struct NovaRowReport {
    pub(super) user: UserId,
    pub(super) email: String,
    pub(super) totp: LegacyImportOutcome,
    pub(super) phone: LegacyImportOutcome,
    pub(super) recovery: LegacyImportOutcome,
    /// Reason why the recovery codes were rejected, with names.
    pub(super) recovery_error: Option<String>,
    pub(super) number: Option<ImportedNumber>,
    /// Whether the MFA requirement, the failures or the lock were imported.
    pub(super) state_imported: bool,
    /// Whether the account was locked, because otherwise a password alone would be enough to log in.
    pub(super) is_locked: bool,
    /// Reason why the row as a whole could not be read.
    pub(super) unreadable: Option<String>,
}

/// Everything that the report contains.
pub(super) struct NovaReport<'a> {
    pub(super) rows: &'a [NovaRowReport],
    /// Columns and tables with values that may belong to MFA and were not read.
    pub(super) overlooked: &'a Overlooked,
    pub(super) dry_run: bool,
    /// Reason why the import stopped before its end.
    pub(super) stopped: Option<String>,
}

/// Parts of the database that may contain MFA data, have values, and were not read.
pub(super) struct Overlooked {
    pub(super) columns: Vec<String>,
    pub(super) tables: Vec<String>,
}

impl NovaRowReport {
    /// Returns whether nothing of this field is left to import.
    pub(super) fn has_imported(&self, field: &str) -> bool {
        let outcome = match field {
            "totp_secret" => self.totp,
            "phone_number" => self.phone,
            _ => self.recovery,
        };
        self.unreadable.is_none()
            && !matches!(outcome, LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Unreadable(_))
    }

    const fn parts(&self) -> [(&'static str, LegacyImportOutcome); 3] {
        [("totp", self.totp), ("phone", self.phone), ("recovery_codes", self.recovery)]
    }

    /// Returns why the number gets no SMS, in words.
    fn no_sms(&self) -> Option<String> {
        let number = self.number.as_ref()?;
        Some(match number.no_sms? {
            NoSms::CountryGuessed => format!(
                "phone: no SMS, because the number has a national form and its country {} is a guess: set \
                 phone.country in the file of --map and import again",
                number.country
            ),
            NoSms::Country => {
                format!("phone: no SMS, because {} is not in MFA_SMS_COUNTRIES", number.country)
            }
            _ => format!("phone: no SMS to a number of the type {}", number.line_type),
        })
    }

    fn reasons(&self) -> Vec<String> {
        let refused = [("TOTP", self.totp), ("phone", self.phone), ("recovery codes", self.recovery)];
        let refused = refused.into_iter().filter_map(|(name, outcome)| match outcome {
            LegacyImportOutcome::Rejected(why)
            | LegacyImportOutcome::Unreadable(why)
            | LegacyImportOutcome::Removed(why) => {
                let named = self.recovery_error.as_deref().filter(|_| name == "recovery codes");
                Some(format!("{name}: {}", named.unwrap_or(why)))
            }
            _ => None,
        });
        let locked = self.is_locked.then(|| {
            "the account is locked: otherwise a password alone would be enough to log in".to_owned()
        });
        refused.chain(locked).chain(self.no_sms()).chain(self.unreadable.clone()).collect()
    }
}

/// Returns the outcome as the JSON report contains it.
const fn outcome_name(outcome: LegacyImportOutcome) -> &'static str {
    match outcome {
        LegacyImportOutcome::Absent => "none",
        LegacyImportOutcome::Imported => "taken",
        LegacyImportOutcome::AlreadyImported => "already",
        LegacyImportOutcome::KeptExisting => "ours kept",
        LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Unreadable(_) => "refused",
        LegacyImportOutcome::Removed(_) => "taken off",
    }
}

/// Returns the outcome as the table shows it.
const fn outcome_label(outcome: LegacyImportOutcome) -> &'static str {
    match outcome {
        LegacyImportOutcome::Absent => "-",
        LegacyImportOutcome::Imported => "imported",
        LegacyImportOutcome::AlreadyImported => "already imported",
        LegacyImportOutcome::KeptExisting => "kept",
        LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Unreadable(_) => "rejected",
        LegacyImportOutcome::Removed(_) => "removed",
    }
}

/// Builds the report.
///
/// # Errors
///
/// [`CliError::Unsuccessful`] with the report if the import stopped, if a value was rejected, or if factors may have been
/// overlooked.
pub(super) fn build(report: NovaReport<'_>) -> Result<CommandOutput, CliError> {
    let NovaReport { rows: reports, overlooked, dry_run, stopped } = report;
    let outcomes = reports.iter().flat_map(NovaRowReport::parts).map(|(_, outcome)| outcome_name(outcome));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes {
        let count = counts.entry(outcome).or_default();
        *count = count.saturating_add(1);
    }
    let count = |wanted| counts.get(wanted).copied().unwrap_or(0);
    let unreadable = reports.iter().filter(|it| it.unreadable.is_some()).count();
    let refused = count("refused").saturating_add(unreadable);
    let states = reports.iter().filter(|it| it.state_imported).count();
    let numbers = count_numbers(reports);
    let note = if dry_run { " (dry run: no row was changed)" } else { "" };
    let totals = format!(
        "{}: {} imported, {} already imported, {refused} rejected{note}",
        counted(reports.len(), "user"),
        counted(count("taken"), "value"),
        count("already")
    );
    let mut lines = vec![table(reports)];
    lines.extend(overlooked.lines());
    lines.extend(number_lines(&numbers));
    if states > 0 {
        lines.push(format!("MFA requirement, failures or lock imported for {}", counted(states, "user")));
    }
    if count("taken off") > 0 {
        lines.push(format!("{} removed: their users must enrol again", counted(count("taken off"), "value")));
    }
    lines.push(totals);
    let rows = reports.iter().map(|it| {
        json!({
            "user_id": it.user, "email": it.email, "totp": outcome_name(it.totp), "phone": outcome_name(it.phone),
            "recovery_codes": outcome_name(it.recovery), "state": it.state_imported, "locked": it.is_locked,
            "sms": it.number.as_ref().map(|it| it.no_sms.is_none()), "why": it.reasons(),
        })
    });
    let phones = numbers.iter().map(|((country, line_type, gets_sms), count)| {
        json!({ "country": country, "type": line_type, "sms": gets_sms, "count": count })
    });
    let json = json!({
        "dry_run": dry_run, "rows": rows.collect::<Vec<_>>(), "taken": count("taken"), "already": count("already"),
        "kept": count("ours kept"), "taken_off": count("taken off"), "refused": refused, "states": states,
        "phones": phones.collect::<Vec<_>>(), "overlooked_columns": overlooked.columns,
        "overlooked_tables": overlooked.tables, "stopped": stopped,
    });
    let output = CommandOutput { text: lines.join("\n"), json };
    let message = match stopped {
        Some(message) => message,
        None if refused > 0 => format!(
            "{} rejected and unchanged (--enrol-anew removes rejected values; their users must enrol again)",
            counted(refused, "value")
        ),
        None if !overlooked.is_empty() => {
            "factors may have been overlooked: see the columns and tables in the report".to_owned()
        }
        None => return Ok(output),
    };
    Err(CliError::Unsuccessful { message, output: Box::new(output) })
}

fn table(reports: &[NovaRowReport]) -> String {
    let mut lines = vec![["USER", "EMAIL", "TOTP", "PHONE", "CODES", "REASON"].map(str::to_owned)];
    lines.extend(reports.iter().map(|it| {
        let [totp, phone, codes] = it.parts().map(|(_, outcome)| outcome_label(outcome).to_owned());
        [it.user.to_string(), visible(&it.email), totp, phone, codes, it.reasons().join("; ")]
    }));
    columns(&lines)
}

impl Overlooked {
    fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.tables.is_empty()
    }

    fn lines(&self) -> Vec<String> {
        let hint = "may contain MFA data and was not read: add it to the file of --map, to [columns] or to ignore in \
                    [source]";
        let columns = self.columns.iter().map(|it| format!("column {} {hint}", visible(it)));
        let tables = self.tables.iter().map(|it| format!("table {} {hint}", visible(it)));
        columns.chain(tables).collect()
    }
}

/// Country, type of line, and whether it gets SMS.
type NumberGroup = (String, &'static str, bool);

fn count_numbers(reports: &[NovaRowReport]) -> BTreeMap<NumberGroup, usize> {
    let mut groups = BTreeMap::new();
    for number in reports.iter().filter_map(|it| it.number.as_ref()) {
        let group = (number.country.clone(), number.line_type, number.no_sms.is_none());
        let count: &mut usize = groups.entry(group).or_default();
        *count = count.saturating_add(1);
    }
    groups
}

fn number_lines(groups: &BTreeMap<NumberGroup, usize>) -> Vec<String> {
    let line = |((country, line_type, gets_sms), count): (&NumberGroup, &usize)| {
        let note = if *gets_sms { "" } else { ", no SMS" };
        format!("{}: {country}, {line_type}{note}", counted(*count, "phone number"))
    };
    groups.iter().map(line).collect()
}
