//! Command `import nova-python`: accounts of the Python service, converted in their own table.

mod codes;

use std::time::Duration;

use mfa_core::{
    Account, BackupMethod, PendingTotp, RecoveryState, Sealed, SecretText, StoreError, Timestamp, UserId,
};
use mfa_flows::{FlowError, LegacyImport, LegacyImportOutcome, LegacyRow};
use mfa_infra::Mfa;
use mfa_infra::database::{KeyedTable, NovaRow, NovaTable};
use mfa_infra::settings::Settings;
use serde_json::{Value, json};

use self::codes::StoredCodes;
use crate::cli::ImportNovaArgs;
use crate::column_map::{ColumnMap, OWN};
use crate::command_output::{CommandOutput, columns, counted, visible};
use crate::error::CliError;
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Rows per read.
const PAGE: u32 = 500;
/// Attempts for a row if the store does not answer.
const MAX_ATTEMPTS: u32 = 5;

/// Imports all accounts, or with `--dry-run` reports what would be imported.
///
/// # Errors
///
/// [`CliError::ColumnMap`]; [`CliError::Unsuccessful`] with the report of all rows if a value was refused.
pub(super) fn run(
    args: &ImportNovaArgs,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let map = ColumnMap::open(args.map.as_deref())?;
    let location = Mfa::location(&settings);
    // Applies pending migrations as well, so that our columns exist from here on.
    let session = AdminSession::open_or_create(settings, reason)?;
    let mut table = NovaTable::open(&location).map_err(mfa_infra::OpenError::from)?;
    let fields = map.fields(table.columns())?;
    let overlooked: Vec<_> = map.overlooked(table.columns()).into_iter().map(str::to_owned).collect();
    let bar = CommandProgress::new("importing");
    let total = session.mfa().block_on(session.mfa().keys().approximate_rows(KeyedTable::Users))??;
    let mut import =
        NovaImport { session: &session, map: &map, dry_run: args.dry_run, enrol_anew: args.enrol_anew };
    let (mut reports, mut after) = (Vec::new(), i64::MIN);
    loop {
        let page = table.page(&fields, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.user.value();
        let imported = import.import_page(page, &mut table, &mut reports);
        if let Err(error) = imported {
            drop(bar);
            let message = format!("import stopped: {error}. Run the command again; imported values are kept");
            return build_report(&reports, &overlooked, args.dry_run, Some(message));
        }
        bar.update(u64::try_from(reports.len()).unwrap_or(0), total);
    }
    drop(bar);
    build_report(&reports, &overlooked, args.dry_run, None)
}

/// State of an import.
struct NovaImport<'a> {
    session: &'a AdminSession,
    map: &'a ColumnMap,
    dry_run: bool,
    enrol_anew: bool,
}

/// Result of one row.
struct NovaRowReport {
    user: UserId,
    email: String,
    totp: LegacyImportOutcome,
    phone: LegacyImportOutcome,
    recovery: LegacyImportOutcome,
    /// Whether the account was locked, because otherwise a password alone would be enough to log in.
    is_locked: bool,
    /// Reason why the row as a whole could not be read.
    unreadable: Option<String>,
}

impl NovaImport<'_> {
    fn import_page(
        &mut self,
        page: Vec<NovaRow>,
        table: &mut NovaTable,
        reports: &mut Vec<NovaRowReport>,
    ) -> Result<(), CliError> {
        let mut complete = Vec::new();
        for row in page {
            let report = self.import_row(&row, table)?;
            let is_complete = [report.totp, report.phone, report.recovery].iter().all(|it| {
                !matches!(it, LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Unreadable(_))
            }) && report.unreadable.is_none();
            if is_complete {
                complete.push(report.user);
            }
            reports.push(report);
        }
        if !self.dry_run {
            table.empty(&self.map.columns_to_clear(), &complete)?;
        }
        Ok(())
    }

    fn import_row(&self, row: &NovaRow, table: &mut NovaTable) -> Result<NovaRowReport, CliError> {
        let now = self.session.flows().now();
        let codes = codes::parse(field(row, "recovery_codes"), self.map.code_format(), now);
        let is_renamed = self.map.is_renamed("recovery_codes");
        let mut legacy = self.legacy_row(row);
        let mut recovery = match &codes {
            Ok(StoredCodes::None) => LegacyImportOutcome::Absent,
            Ok(StoredCodes::Current) => LegacyImportOutcome::AlreadyImported,
            Ok(StoredCodes::Legacy(_)) => LegacyImportOutcome::Imported,
            Err(why) if self.enrol_anew => LegacyImportOutcome::Removed(why),
            Err(why) => LegacyImportOutcome::Rejected(why),
        };
        if let (true, Ok(StoredCodes::Legacy(codes))) = (is_renamed, &codes) {
            let generated_at = legacy.recovery.take().and_then(|it| it.generated_at);
            legacy.recovery = Some(RecoveryState { codes: codes.clone(), generated_at });
        } else {
            legacy.recovery = None;
        }
        let account = row_account(row, self.map, codes.as_ref().ok());
        if !is_renamed && matches!(recovery, LegacyImportOutcome::Rejected(_)) {
            // The row cannot be read as an account, so it stays unchanged as a whole.
            let import = self.session.flows().preview_legacy_import(account, &legacy);
            let blocked = |part| match part {
                LegacyImportOutcome::Imported => LegacyImportOutcome::Rejected(
                    "not imported because the recovery codes of the row cannot be imported",
                ),
                other => other,
            };
            let (totp, phone) = (blocked(import.totp), blocked(import.phone));
            return Ok(row_report(
                row,
                LegacyImport { totp, phone, is_locked: false, ..import },
                recovery,
                is_renamed,
            ));
        }
        if self.dry_run {
            let import = self.session.flows().preview_legacy_import(account, &legacy);
            return Ok(row_report(row, import, recovery, is_renamed));
        }
        table.settle_backup_method(row.user)?;
        let rewritten = match &codes {
            Ok(StoredCodes::Legacy(codes)) => Some(json!(codes)),
            Err(_) => Some(json!([])),
            Ok(StoredCodes::None | StoredCodes::Current) => None,
        };
        if let (false, Some(rewritten)) = (is_renamed, rewritten) {
            // The row cannot be read as an account until this is done.
            let is_same = table.rewrite_codes(row.user, field(row, "recovery_codes"), &rewritten)?;
            if !is_same {
                recovery = LegacyImportOutcome::Rejected(
                    "the recovery codes changed during the import: run the command again",
                );
            }
        }
        match self.import_legacy(row.user, &legacy) {
            Ok(import) => Ok(row_report(row, import, recovery, is_renamed)),
            Err(CliError::Flow(FlowError::Store(error)))
                if error.kind() == mfa_core::StoreErrorKind::Corrupt =>
            {
                Ok(unreadable_row(row, recovery, &error))
            }
            Err(error) => Err(error),
        }
    }

    fn import_legacy(&self, user: UserId, legacy: &LegacyRow) -> Result<LegacyImport, CliError> {
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let (flows, call) = (self.session.flows(), self.session.call());
            match self.session.run(flows.import_legacy(call, user, legacy.clone())) {
                // The import is idempotent, so an unknown outcome is retried as well.
                Err(CliError::Flow(FlowError::Store(error)))
                    if error.kind() != mfa_core::StoreErrorKind::Corrupt && attempt < MAX_ATTEMPTS =>
                {
                    std::thread::sleep(Duration::from_millis(200).saturating_mul(attempt));
                }
                result => return result,
            }
        }
    }

    /// Returns the values of columns that the map names.
    fn legacy_row(&self, row: &NovaRow) -> LegacyRow {
        let mapped =
            |name: &str| Some(field(row, name)).filter(|it| self.map.is_renamed(name) && !it.is_null());
        let flag = |name| mapped(name).and_then(flag);
        let time = |name| mapped(name).and_then(Value::as_i64).map(Timestamp::from_millis);
        LegacyRow {
            totp_secret: mapped("totp_secret").and_then(text).map(SecretText::new),
            totp_enabled: flag("is_totp_enabled"),
            totp_enrolled_at: time("totp_enrolled_at"),
            phone_number: mapped("phone_number").and_then(text).map(SecretText::new),
            phone_verified: flag("is_phone_verified"),
            phone_verified_at: time("phone_verified_at"),
            backup_method: mapped("mfa_backup_method").and_then(text).map(|it| backup_method(&it)),
            recovery: Some(RecoveryState {
                codes: Vec::new(),
                generated_at: time("recovery_codes_generated_at"),
            }),
            enforced: flag("mfa_enforced"),
            failures: mapped("mfa_failed_attempts")
                .and_then(Value::as_u64)
                .and_then(|it| u32::try_from(it).ok()),
            lock_until: time("mfa_lock_until"),
            country: self.map.country().to_owned(),
            enrol_anew: self.enrol_anew,
        }
    }
}

fn field<'a>(row: &'a NovaRow, name: &str) -> &'a Value {
    row.fields.get(name).unwrap_or(&Value::Null)
}

/// Returns the value of our own column.
fn own<'a>(row: &'a NovaRow, map: &ColumnMap, name: &str) -> &'a Value {
    if map.is_renamed(name) { field(row, &format!("{OWN}{name}")) } else { field(row, name) }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // A phone number in a numeric column.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Parses a boolean, an integer or a text such as `yes` as a flag.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        Value::Number(number) => number.as_i64().map(|it| it != 0),
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn backup_method(text: &str) -> BackupMethod {
    if text.eq_ignore_ascii_case("sms") { BackupMethod::Sms } else { BackupMethod::None }
}

/// Returns the account that the row would become, for a dry run.
fn row_account(row: &NovaRow, map: &ColumnMap, codes: Option<&StoredCodes>) -> Account {
    let mut account = Account::new(row.user, row.email.clone(), String::new());
    let sealed = |name| text(own(row, map, name)).map(Sealed::from_column);
    account.totp.secret = sealed("totp_secret");
    account.totp.enabled = flag(own(row, map, "is_totp_enabled")).unwrap_or(false);
    account.totp.pending = None::<PendingTotp>;
    account.phone.number = sealed("phone_number");
    account.phone.is_verified = flag(own(row, map, "is_phone_verified")).unwrap_or(false);
    account.backup_method =
        text(own(row, map, "mfa_backup_method")).map_or(BackupMethod::None, |it| backup_method(&it));
    match codes {
        Some(StoredCodes::Legacy(codes)) if !map.is_renamed("recovery_codes") => {
            account.recovery.codes.clone_from(codes);
        }
        _ => {
            let codes = serde_json::from_value(own(row, map, "recovery_codes").clone());
            account.recovery.codes = codes.unwrap_or_default();
        }
    }
    account
}

fn row_report(
    row: &NovaRow,
    import: LegacyImport,
    recovery: LegacyImportOutcome,
    is_renamed: bool,
) -> NovaRowReport {
    let is_decided = matches!(recovery, LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Removed(_));
    let is_removed = matches!(import.recovery, LegacyImportOutcome::Removed(_));
    NovaRowReport {
        user: row.user,
        email: row.email.clone(),
        totp: import.totp,
        phone: import.phone,
        recovery: if is_removed || (is_renamed && !is_decided) { import.recovery } else { recovery },
        is_locked: import.is_locked,
        unreadable: None,
    }
}

fn unreadable_row(row: &NovaRow, recovery: LegacyImportOutcome, error: &StoreError) -> NovaRowReport {
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    let unreadable = Some(cause);
    let (totp, phone) = (LegacyImportOutcome::Absent, LegacyImportOutcome::Absent);
    NovaRowReport {
        user: row.user,
        email: row.email.clone(),
        totp,
        phone,
        recovery,
        is_locked: false,
        unreadable,
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

/// Builds the report: a line per user, and the totals.
fn build_report(
    reports: &[NovaRowReport],
    overlooked: &[String],
    dry_run: bool,
    stopped: Option<String>,
) -> Result<CommandOutput, CliError> {
    let parts =
        |it: &NovaRowReport| [("totp", it.totp), ("phone", it.phone), ("recovery_codes", it.recovery)];
    let all: Vec<_> = reports.iter().flat_map(parts).map(|(_, outcome)| outcome_name(outcome)).collect();
    let count = |wanted| all.iter().filter(|it| **it == wanted).count();
    let unreadable = reports.iter().filter(|it| it.unreadable.is_some()).count();
    let refused = count("refused").saturating_add(unreadable);
    let mut lines = vec![["USER", "EMAIL", "TOTP", "PHONE", "CODES", "REASON"].map(str::to_owned)];
    lines.extend(reports.iter().map(|it| {
        let [totp, phone, codes] = parts(it).map(|(_, outcome)| outcome_label(outcome).to_owned());
        [it.user.to_string(), visible(&it.email), totp, phone, codes, reasons(it).join("; ")]
    }));
    let mut text = columns(&lines);
    for column in overlooked {
        let hint = "may contain MFA data and was not read: add it to the file of --map";
        text = format!("{text}\ncolumn {} {hint}", visible(column));
    }
    let removed = count("taken off");
    if removed > 0 {
        text = format!("{text}\n{} removed: their users must enrol again", counted(removed, "value"));
    }
    let note = if dry_run { " (dry run: no row was changed)" } else { "" };
    text = format!(
        "{text}\n{}: {} imported, {} already imported, {refused} rejected{note}",
        counted(reports.len(), "user"),
        counted(count("taken"), "value"),
        count("already")
    );
    let rows = reports.iter().map(|it| {
        json!({
            "user_id": it.user, "email": it.email, "totp": outcome_name(it.totp), "phone": outcome_name(it.phone),
            "recovery_codes": outcome_name(it.recovery), "locked": it.is_locked, "why": reasons(it),
        })
    });
    let json = json!({
        "dry_run": dry_run, "rows": rows.collect::<Vec<_>>(), "taken": count("taken"), "already": count("already"),
        "kept": count("ours kept"), "taken_off": removed, "refused": refused, "overlooked_columns": overlooked, "stopped": stopped,
    });
    let output = CommandOutput { text, json };
    let message = match stopped {
        Some(message) => message,
        None if refused > 0 => format!(
            "{} rejected and unchanged (--enrol-anew removes rejected values; their users must enrol again)",
            counted(refused, "value")
        ),
        None => return Ok(output),
    };
    Err(CliError::Unsuccessful { message, output: Box::new(output) })
}

fn reasons(report: &NovaRowReport) -> Vec<String> {
    let refused = [("TOTP", report.totp), ("phone", report.phone), ("recovery codes", report.recovery)];
    let refused = refused.into_iter().filter_map(|(name, outcome)| match outcome {
        LegacyImportOutcome::Rejected(why)
        | LegacyImportOutcome::Unreadable(why)
        | LegacyImportOutcome::Removed(why) => Some(format!("{name}: {why}")),
        _ => None,
    });
    let locked = report
        .is_locked
        .then(|| "the account is locked: otherwise a password alone would be enough to log in".to_owned());
    refused.chain(locked).chain(report.unreadable.clone()).collect()
}
