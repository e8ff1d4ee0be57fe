//! Command `import nova-python`: accounts of the Python service, converted in their own table.

mod codes;
mod export;
mod report;
mod row;

use std::collections::HashSet;
use std::time::Duration;

use mfa_core::{RecoveryState, UserId};
use mfa_flows::{FlowError, LegacyImport, LegacyImportOutcome, LegacyRow};
use mfa_infra::Mfa;
use mfa_infra::database::{CodesRewrite, DatabaseLocation, KeyedTable, NovaRow, NovaTable};
use mfa_infra::settings::Settings;
use serde_json::json;

use self::codes::{CodesError, StoredCodes};
pub(super) use self::export::run as export;
use self::report::{NovaReport, NovaRowReport, Overlooked};
use self::row::field;
use crate::cli::ImportNovaArgs;
use crate::column_map::ColumnMap;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Rows per read.
const PAGE: u32 = 2_000;
/// Attempts for a row if the store does not answer.
const MAX_ATTEMPTS: u32 = 5;

/// Imports all accounts, or with `--dry-run` reports what would be imported.
///
/// # Errors
///
/// [`CliError::ColumnMap`]; [`CliError::Unsuccessful`] with the report of all rows if a value was refused, or factors may
/// have been overlooked.
pub(super) fn run(
    args: &ImportNovaArgs,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let map = ColumnMap::open(args.map.as_deref())?;
    let location = Mfa::location(&settings);
    if matches!(location, DatabaseLocation::Sqlite(_)) {
        // Fails, before anything is created.
        NovaTable::open(&location).map_err(mfa_infra::OpenError::from)?;
    }
    // Applies pending migrations as well, so that our columns exist from here on.
    let session = AdminSession::open_or_create(settings, reason)?;
    let mut table = NovaTable::open(&location).map_err(mfa_infra::OpenError::from)?;
    let fields = map.fields(table.columns())?;
    let candidates: Vec<_> = map.overlooked(table.columns()).into_iter().map(str::to_owned).collect();
    let tables: Vec<_> = table.tables()?.into_iter().filter(|it| map.is_overlooked_table(it)).collect();
    let overlooked = Overlooked {
        columns: table.columns_with_values(&candidates)?,
        tables: table.tables_with_rows(&tables)?,
    };
    if !args.dry_run {
        table.remember_map(map.renamed_columns())?;
    }
    let bar = CommandProgress::new("importing");
    let total = session.mfa().block_on(session.mfa().keys().approximate_rows(KeyedTable::Users))??;
    let import =
        NovaImport { session: &session, map: &map, dry_run: args.dry_run, enrol_anew: args.enrol_anew };
    let (mut reports, mut after) = (Vec::new(), i64::MIN);
    let mut stopped = None;
    loop {
        let page = table.page(&fields, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.user.value();
        if let Err(error) = import.import_page(page, &mut table, &mut reports) {
            stopped =
                Some(format!("import stopped: {error}. Run the command again; imported values are kept"));
            break;
        }
        bar.update(u64::try_from(reports.len()).unwrap_or(0), total);
    }
    drop(bar);
    report::build(NovaReport { rows: &reports, overlooked: &overlooked, dry_run: args.dry_run, stopped })
}

/// State of an import.
struct NovaImport<'a> {
    session: &'a AdminSession,
    map: &'a ColumnMap,
    dry_run: bool,
    enrol_anew: bool,
}

/// Row whose values were parsed.
struct ParsedRow {
    row: NovaRow,
    codes: Result<StoredCodes, CodesError>,
    legacy: LegacyRow,
    recovery: LegacyImportOutcome,
}

impl NovaImport<'_> {
    fn import_page(
        &self,
        page: Vec<NovaRow>,
        table: &mut NovaTable,
        reports: &mut Vec<NovaRowReport>,
    ) -> Result<(), CliError> {
        let mut page: Vec<_> = page.into_iter().map(|row| self.parse(row)).collect();
        let first = reports.len();
        if self.dry_run {
            reports.extend(page.into_iter().map(|row| self.preview(row)));
            return Ok(());
        }
        self.rewrite(table, &mut page)?;
        let imports = page.iter().map(|it| self.import_legacy(it.row.user, &it.legacy));
        let imports = self.session.run_all(imports)?;
        let mut failure = None;
        for (parsed, import) in page.into_iter().zip(imports) {
            match import {
                Ok(import) => reports.push(self.row_report(parsed, import)),
                Err(FlowError::Store(error)) if error.kind().is_of_row() => {
                    let cause = std::error::Error::source(&error);
                    let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
                    reports.push(self.unreadable(parsed, cause));
                }
                Err(error) => failure = Some(error),
            }
        }
        let page = reports.get(first..).unwrap_or_default();
        // A value that was not imported stays where it was.
        for (field, column) in self.map.columns_to_clear() {
            let users: Vec<UserId> =
                page.iter().filter(|it| it.has_imported(field)).map(|it| it.user).collect();
            table.empty(&column, &users)?;
        }
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    fn parse(&self, row: NovaRow) -> ParsedRow {
        let now = self.session.flows().now();
        let codes = codes::parse(field(&row, "recovery_codes"), self.map.code_format(), now);
        let mut legacy = row::legacy_row(&row, self.map, self.enrol_anew);
        let recovery = match &codes {
            Ok(StoredCodes::None) => LegacyImportOutcome::Absent,
            Ok(StoredCodes::Current) => LegacyImportOutcome::AlreadyImported,
            Ok(StoredCodes::Legacy(_)) => LegacyImportOutcome::Imported,
            Err(why) if self.enrol_anew => LegacyImportOutcome::Removed(why.reason()),
            Err(why) => LegacyImportOutcome::Rejected(why.reason()),
        };
        legacy.recovery = match (self.has_own_codes(), &codes) {
            (false, Ok(StoredCodes::Legacy(codes))) => {
                let generated_at = legacy.recovery.take().and_then(|it| it.generated_at);
                Some(RecoveryState { codes: codes.clone(), generated_at, unreadable: None })
            }
            _ => None,
        };
        ParsedRow { row, codes, legacy, recovery }
    }

    /// Returns whether the codes are in the column of our name.
    fn has_own_codes(&self) -> bool {
        !self.map.is_renamed("recovery_codes")
    }

    /// Reports what would be imported.
    fn preview(&self, parsed: ParsedRow) -> NovaRowReport {
        match row::row_account(&parsed.row, self.map, parsed.codes.as_ref().ok()) {
            Ok(account) => {
                let import = self.session.flows().preview_legacy_import(account, &parsed.legacy);
                self.row_report(parsed, import)
            }
            Err(why) => self.unreadable(parsed, why),
        }
    }

    /// Rewrites what no account can be read from: backup methods in other spellings, and codes in another form. Codes that
    /// are rejected stay as they are, and match nothing.
    fn rewrite(&self, table: &mut NovaTable, page: &mut [ParsedRow]) -> Result<(), CliError> {
        let users: Vec<UserId> = page.iter().map(|it| it.row.user).collect();
        table.settle_backup_methods(&users)?;
        if !self.has_own_codes() {
            return Ok(());
        }
        let rewrites: Vec<_> = page
            .iter()
            .filter_map(|it| {
                let new = match &it.codes {
                    Ok(StoredCodes::Legacy(codes)) => json!(codes),
                    Err(_) if self.enrol_anew => json!([]),
                    Err(_) | Ok(StoredCodes::None | StoredCodes::Current) => return None,
                };
                Some(CodesRewrite { user: it.row.user, old: field(&it.row, "recovery_codes").clone(), new })
            })
            .collect();
        let rewritten = table.rewrite_codes(&rewrites)?;
        let missed: HashSet<_> =
            rewrites.iter().map(|it| it.user).filter(|user| !rewritten.contains(user)).collect();
        for parsed in page.iter_mut().filter(|it| missed.contains(&it.row.user)) {
            parsed.recovery = LegacyImportOutcome::Rejected(
                "the recovery codes changed during the import: run the command again",
            );
        }
        Ok(())
    }

    async fn import_legacy(&self, user: UserId, legacy: &LegacyRow) -> Result<LegacyImport, FlowError> {
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let (flows, call) = (self.session.flows(), self.session.call());
            match flows.import_legacy(call, user, legacy.clone()).await {
                // The import is idempotent, so an unknown outcome is retried as well.
                Err(FlowError::Store(error)) if !error.kind().is_of_row() && attempt < MAX_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(200).saturating_mul(attempt)).await;
                }
                result => return result,
            }
        }
    }

    /// Reports a row from which no account can be read.
    fn unreadable(&self, parsed: ParsedRow, why: String) -> NovaRowReport {
        let report = self.row_report(parsed, LegacyImport::default());
        NovaRowReport { unreadable: Some(why), ..report }
    }

    fn row_report(&self, parsed: ParsedRow, import: LegacyImport) -> NovaRowReport {
        let ParsedRow { row, recovery, codes, .. } = parsed;
        let is_decided =
            matches!(recovery, LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Removed(_));
        let is_removed = matches!(import.recovery, LegacyImportOutcome::Removed(_));
        let recovery =
            if is_removed || (!self.has_own_codes() && !is_decided) { import.recovery } else { recovery };
        NovaRowReport {
            user: row.user,
            email: row.email,
            totp: import.totp,
            phone: import.phone,
            recovery,
            recovery_error: codes.err().map(|it| it.to_string()),
            number: import.number,
            state_imported: import.state_imported,
            is_locked: import.is_locked,
            unreadable: None,
        }
    }
}
