//! `import nova-python`: the accounts of the Python service, taken over where they are.

mod codes;
mod map;

use std::time::Duration;

use mfa_core::{
    Account, BackupMethod, PendingTotp, RecoveryState, Sealed, SecretText, StoreError, Timestamp, UserId,
};
use mfa_flows::{FlowError, LegacyImport, LegacyImportOutcome, LegacyRow};
use mfa_infra::Mfa;
use mfa_infra::database::{KeyedTable, NovaRow, NovaTable};
use mfa_infra::settings::Settings;
use serde_json::{Value, json};

pub(crate) use map::ColumnMapError;

use self::codes::Findings;
use self::map::{ColumnMap, OWN};
use crate::cli::ImportNovaArgs;
use crate::command_output::{CommandOutput, columns, visible};
use crate::error::CliError;
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Rows of one read.
const PAGE: u32 = 500;
/// How often a row is tried that the store gave no answer for.
const TRIES: u32 = 5;

/// Takes everything over, or says what would be.
///
/// # Errors
///
/// [`CliError::Map`]; [`CliError::Partly`] where something was refused, with a report of all.
pub(super) fn run(
    args: &ImportNovaArgs,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let map = ColumnMap::open(args.map.as_deref())?;
    let location = Mfa::location(&settings);
    // Brings the schema up to date as well: from here on our columns are there.
    let administration = AdminSession::open(settings, reason)?;
    let mut table = NovaTable::open(&location).map_err(mfa_infra::OpenError::from)?;
    let fields = map.fields(table.columns())?;
    let overlooked: Vec<_> = map.overlooked(table.columns()).into_iter().map(str::to_owned).collect();
    let bar = CommandProgress::new("taking over");
    let mfa = administration.mfa();
    let total = mfa.block_on(mfa.keys().approximate_rows(KeyedTable::Users))??;
    let mut import = NovaImport {
        administration: &administration,
        map: &map,
        dry_run: args.dry_run,
        enrol_anew: args.enrol_anew,
    };
    let (mut reports, mut after) = (Vec::new(), i64::MIN);
    loop {
        let page = table.page(&fields, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.user.value();
        let done = import.take(page, &mut table, &mut reports);
        if let Err(failure) = done {
            drop(bar);
            let sentence = format!("{failure}; run it again: what is done stays");
            return answer(&reports, &overlooked, args.dry_run, Some(sentence));
        }
        bar.show(u64::try_from(reports.len()).unwrap_or(0), total);
    }
    drop(bar);
    answer(&reports, &overlooked, args.dry_run, None)
}

struct NovaImport<'a> {
    administration: &'a AdminSession,
    map: &'a ColumnMap,
    dry_run: bool,
    enrol_anew: bool,
}

/// What became of one row.
struct NovaRowReport {
    user: UserId,
    email: String,
    totp: LegacyImportOutcome,
    phone: LegacyImportOutcome,
    recovery: LegacyImportOutcome,
    /// Whether the account is shut, because a password alone would open it.
    is_shut: bool,
    /// Where the row as a whole was not understood.
    broken: Option<String>,
}

impl NovaImport<'_> {
    fn take(
        &mut self,
        page: Vec<NovaRow>,
        table: &mut NovaTable,
        reports: &mut Vec<NovaRowReport>,
    ) -> Result<(), CliError> {
        let mut taken = Vec::new();
        for row in page {
            let report = self.row(&row, table)?;
            let whole = [report.totp, report.phone, report.recovery]
                .iter()
                .all(|it| !matches!(it, LegacyImportOutcome::Refused(_) | LegacyImportOutcome::Stuck(_)))
                && report.broken.is_none();
            if whole {
                taken.push(report.user);
            }
            reports.push(report);
        }
        if !self.dry_run {
            table.empty(&self.map.emptied(), &taken)?;
        }
        Ok(())
    }

    fn row(&self, row: &NovaRow, table: &mut NovaTable) -> Result<NovaRowReport, CliError> {
        let now = self.administration.flows().now();
        let codes = codes::read(field(row, "recovery_codes"), self.map.codes(), now);
        let elsewhere = self.map.is_elsewhere("recovery_codes");
        let mut adoption = self.adoption(row);
        let mut recovery = match &codes {
            Ok(Findings::None) => LegacyImportOutcome::Absent,
            Ok(Findings::Ours) => LegacyImportOutcome::Already,
            Ok(Findings::Theirs(_)) => LegacyImportOutcome::Taken,
            Err(why) if self.enrol_anew => LegacyImportOutcome::TakenOff(why),
            Err(why) => LegacyImportOutcome::Refused(why),
        };
        if let (true, Ok(Findings::Theirs(codes))) = (elsewhere, &codes) {
            let generated_at = adoption.recovery.take().and_then(|it| it.generated_at);
            adoption.recovery = Some(RecoveryState { codes: codes.clone(), generated_at });
        } else {
            adoption.recovery = None;
        }
        let account = account(row, self.map, codes.as_ref().ok());
        if !elsewhere && matches!(recovery, LegacyImportOutcome::Refused(_)) {
            // Nothing of the row can be read as an account: all of it stays as it is.
            let adopted = self.administration.flows().preview_legacy_import(account, &adoption);
            let waits = |part| match part {
                LegacyImportOutcome::Taken => {
                    LegacyImportOutcome::Refused("it waits for the recovery codes of the row")
                }
                other => other,
            };
            let (totp, phone) = (waits(adopted.totp), waits(adopted.phone));
            return Ok(report(
                row,
                LegacyImport { totp, phone, is_shut: false, ..adopted },
                recovery,
                elsewhere,
            ));
        }
        if self.dry_run {
            let adopted = self.administration.flows().preview_legacy_import(account, &adoption);
            return Ok(report(row, adopted, recovery, elsewhere));
        }
        table.settle_backup_method(row.user)?;
        let rewritten = match &codes {
            Ok(Findings::Theirs(codes)) => Some(json!(codes)),
            Err(_) => Some(json!([])),
            Ok(Findings::None | Findings::Ours) => None,
        };
        if let (false, Some(rewritten)) = (elsewhere, rewritten) {
            // Nothing else can read the row until this is done.
            let is_same = table.rewrite_codes(row.user, field(row, "recovery_codes"), &rewritten)?;
            if !is_same {
                recovery = LegacyImportOutcome::Refused("the recovery codes changed meanwhile: run it again");
            }
        }
        match self.import_legacy(row.user, &adoption) {
            Ok(adopted) => Ok(report(row, adopted, recovery, elsewhere)),
            Err(CliError::Refused(FlowError::Store(error)))
                if error.kind() == mfa_core::StoreErrorKind::Corrupt =>
            {
                Ok(broken(row, recovery, &error))
            }
            Err(failure) => Err(failure),
        }
    }

    fn import_legacy(&self, user: UserId, adoption: &LegacyRow) -> Result<LegacyImport, CliError> {
        let mut tries = 0_u32;
        loop {
            tries = tries.saturating_add(1);
            let (flows, call) = (self.administration.flows(), self.administration.call());
            match self.administration.wait(flows.import_legacy(call, user, adoption.clone())) {
                // The same a second time changes nothing, so an unknown outcome is tried again as well.
                Err(CliError::Refused(FlowError::Store(error)))
                    if error.kind() != mfa_core::StoreErrorKind::Corrupt && tries < TRIES =>
                {
                    std::thread::sleep(Duration::from_millis(200).saturating_mul(tries));
                }
                answer => return answer,
            }
        }
    }

    /// What stands in columns of other names.
    fn adoption(&self, row: &NovaRow) -> LegacyRow {
        let other =
            |name: &str| Some(field(row, name)).filter(|it| self.map.is_elsewhere(name) && !it.is_null());
        let flag = |name| other(name).and_then(flag);
        let time = |name| other(name).and_then(Value::as_i64).map(Timestamp::from_millis);
        LegacyRow {
            totp_secret: other("totp_secret").and_then(text).map(SecretText::new),
            totp_enabled: flag("is_totp_enabled"),
            totp_enrolled_at: time("totp_enrolled_at"),
            phone_number: other("phone_number").and_then(text).map(SecretText::new),
            phone_verified: flag("is_phone_verified"),
            phone_verified_at: time("phone_verified_at"),
            backup_method: other("mfa_backup_method").and_then(text).map(|it| backup_method(&it)),
            recovery: Some(RecoveryState {
                codes: Vec::new(),
                generated_at: time("recovery_codes_generated_at"),
            }),
            enforced: flag("mfa_enforced"),
            failures: other("mfa_failed_attempts")
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

/// What our own column holds.
fn own<'a>(row: &'a NovaRow, map: &ColumnMap, name: &str) -> &'a Value {
    if map.is_elsewhere(name) { field(row, &format!("{OWN}{name}")) } else { field(row, name) }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // A number kept as one.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// As booleans, whole numbers and texts say it.
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

/// The account that a row would be, for a trial.
fn account(row: &NovaRow, map: &ColumnMap, codes: Option<&Findings>) -> Account {
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
        Some(Findings::Theirs(codes)) if !map.is_elsewhere("recovery_codes") => {
            account.recovery.codes.clone_from(codes);
        }
        _ => {
            let codes = serde_json::from_value(own(row, map, "recovery_codes").clone());
            account.recovery.codes = codes.unwrap_or_default();
        }
    }
    account
}

fn report(
    row: &NovaRow,
    adopted: LegacyImport,
    recovery: LegacyImportOutcome,
    elsewhere: bool,
) -> NovaRowReport {
    let is_decided = matches!(recovery, LegacyImportOutcome::Refused(_) | LegacyImportOutcome::TakenOff(_));
    let is_gone = matches!(adopted.recovery, LegacyImportOutcome::TakenOff(_));
    NovaRowReport {
        user: row.user,
        email: row.email.clone(),
        totp: adopted.totp,
        phone: adopted.phone,
        recovery: if is_gone || (elsewhere && !is_decided) { adopted.recovery } else { recovery },
        is_shut: adopted.is_shut,
        broken: None,
    }
}

fn broken(row: &NovaRow, recovery: LegacyImportOutcome, error: &StoreError) -> NovaRowReport {
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    let broken = Some(cause);
    let (totp, phone) = (LegacyImportOutcome::Absent, LegacyImportOutcome::Absent);
    NovaRowReport { user: row.user, email: row.email.clone(), totp, phone, recovery, is_shut: false, broken }
}

const fn name(adopted: LegacyImportOutcome) -> &'static str {
    match adopted {
        LegacyImportOutcome::Absent => "none",
        LegacyImportOutcome::Taken => "taken",
        LegacyImportOutcome::Already => "already",
        LegacyImportOutcome::Kept => "ours kept",
        LegacyImportOutcome::Refused(_) | LegacyImportOutcome::Stuck(_) => "refused",
        LegacyImportOutcome::TakenOff(_) => "taken off",
    }
}

/// A line for each user, and how many values went how.
fn answer(
    reports: &[NovaRowReport],
    overlooked: &[String],
    dry_run: bool,
    stopped: Option<String>,
) -> Result<CommandOutput, CliError> {
    let parts =
        |it: &NovaRowReport| [("totp", it.totp), ("phone", it.phone), ("recovery_codes", it.recovery)];
    let all: Vec<_> = reports.iter().flat_map(parts).map(|(_, adopted)| name(adopted)).collect();
    let count = |wanted| all.iter().filter(|it| **it == wanted).count();
    let broken = reports.iter().filter(|it| it.broken.is_some()).count();
    let refused = count("refused").saturating_add(broken);
    let mut lines = vec![["USER", "E-MAIL", "APP", "PHONE", "CODES", ""].map(str::to_owned)];
    lines.extend(reports.iter().map(|it| {
        let [totp, phone, codes] = parts(it).map(|(_, adopted)| name(adopted).to_owned());
        [it.user.to_string(), visible(&it.email), totp, phone, codes, why(it).join("; ")]
    }));
    let mut text = columns(&lines);
    for column in overlooked {
        let hint = "may hold factors and was not looked at: name it by --map";
        text = format!("{text}\nthe column {} {hint}", visible(column));
    }
    let taken_off = count("taken off");
    if taken_off > 0 {
        text = format!("{text}\n{taken_off} values were taken off: their users set them anew");
    }
    let trial = if dry_run { " (a trial: no row was changed)" } else { "" };
    text = format!(
        "{text}\n{} users: {} values taken over, {} ours already, {refused} refused{trial}",
        reports.len(),
        count("taken"),
        count("already")
    );
    let rows = reports.iter().map(|it| {
        json!({
            "user_id": it.user, "email": it.email, "totp": name(it.totp), "phone": name(it.phone),
            "recovery_codes": name(it.recovery), "locked": it.is_shut, "why": why(it),
        })
    });
    let json = json!({
        "dry_run": dry_run, "rows": rows.collect::<Vec<_>>(), "taken": count("taken"), "already": count("already"),
        "kept": count("ours kept"), "taken_off": taken_off, "refused": refused, "overlooked_columns": overlooked, "stopped": stopped,
    });
    let answer = CommandOutput { text, json };
    let sentence = match stopped {
        Some(sentence) => sentence,
        None if refused > 0 => format!(
            "{refused} values were refused and stay as they are (--enrol-anew takes them off, for their users to set anew)"
        ),
        None => return Ok(answer),
    };
    Err(CliError::Partly { sentence, answer: Box::new(answer) })
}

fn why(report: &NovaRowReport) -> Vec<String> {
    let refused = [("app", report.totp), ("phone", report.phone), ("codes", report.recovery)];
    let refused = refused.into_iter().filter_map(|(name, adopted)| match adopted {
        LegacyImportOutcome::Refused(why)
        | LegacyImportOutcome::Stuck(why)
        | LegacyImportOutcome::TakenOff(why) => Some(format!("{name}: {why}")),
        _ => None,
    });
    let shut = report.is_shut.then(|| "the account is locked: a password alone would open it".to_owned());
    refused.chain(shut).chain(report.broken.clone()).collect()
}
