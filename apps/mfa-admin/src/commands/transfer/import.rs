//! Command `import otpauth`: TOTP secrets from a file.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::error::Error as _;
use std::time::Duration;

use mfa_core::{
    AddressMatch, AddressOwner, NewUser, PasswordDigest, StoreErrorKind, UserId, compose_login, fold_login,
};
use mfa_flows::{FlowError, TotpImport, TotpImportOutcome};
use mfa_infra::settings::Settings;
use mfa_totp::ImportedSecret;

use super::report::{self, ImportRowReport, RowOutcome};
use crate::cli::ImportOtpauthArgs;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::otpauth_file::{FileError, ImportRow, ImportRows};
use crate::progress::CommandProgress;
use crate::session::AdminSession;
use crate::values;

/// Rows per lookup.
const PAGE: usize = 4_096;
/// Users created per commit.
const USERS_PER_COMMIT: usize = 1_024;
/// Attempts for a row if the store does not answer.
const MAX_ATTEMPTS: u32 = 5;
/// Value instead of a password hash: no password is valid until one is set.
const NO_PASSWORD: &str = "!";

/// Imports the secrets of a file, which are active at once.
///
/// # Errors
///
/// [`CliError::File`]; [`CliError::Unsuccessful`] with the report of all rows if one was refused.
pub(in crate::commands) fn run(
    args: &ImportOtpauthArgs,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let mut rows = ImportRows::open(&args.file)?;
    let open = if args.dry_run { AdminSession::open } else { AdminSession::open_or_create };
    let session = open(settings, reason)?;
    let bar = CommandProgress::new("importing");
    let mut import = OtpauthImport {
        session: &session,
        args,
        seen: HashSet::new(),
        done: Vec::new(),
        has_failed: Cell::new(false),
    };
    loop {
        let page = rows.page(PAGE).map_err(|error| FileError::io(&args.file, error))?;
        if page.is_empty() {
            break;
        }
        if let Err(error) = import.import_page(page) {
            drop(bar);
            let message = format!(
                "import stopped: {error}. Run the command again; imported rows are reported as already imported"
            );
            return report::build(&import.done, args.dry_run, Some(message));
        }
        let done = u64::try_from(import.done.len()).unwrap_or(u64::MAX);
        bar.update(done, rows.estimated_total().max(done));
    }
    drop(bar);
    report::build(&import.done, args.dry_run, None)
}

/// State of an import.
struct OtpauthImport<'a> {
    session: &'a AdminSession,
    args: &'a ImportOtpauthArgs,
    /// Users of earlier rows.
    seen: HashSet<String>,
    done: Vec<ImportRowReport>,
    /// Whether the store failed for a row: no further row is tried.
    has_failed: Cell<bool>,
}

/// Row with a valid secret.
struct ValidRow {
    row: ImportRow,
    app: ImportedSecret,
}

/// Rows with their users, and reports of the refused rows.
type ClassifiedRows = (Vec<(ValidRow, UserReference)>, Vec<ImportRowReport>);

/// User of a row.
enum UserReference {
    Existing(UserId),
    Created(UserId),
    /// A user that the import would create; dry run only.
    WouldBeCreated,
}

impl OtpauthImport<'_> {
    fn import_page(&mut self, page: Vec<ImportRow>) -> Result<(), CliError> {
        let (mut valid, mut reports) = (Vec::with_capacity(page.len()), Vec::with_capacity(page.len()));
        for row in page {
            match parse_secret(&row) {
                Ok(app) => valid.push(ValidRow { row, app }),
                Err(outcome) => reports.push(row_report(row, None, outcome)),
            }
        }
        let (found, refused) = self.find_users(valid)?;
        reports.extend(refused);
        let outcome = self.activate_all(found, &mut reports);
        reports.sort_by_key(|row| row.number);
        self.done.extend(reports);
        outcome
    }

    /// Finds the users of the rows, and creates missing ones if requested.
    fn find_users(&mut self, rows: Vec<ValidRow>) -> Result<ClassifiedRows, CliError> {
        let session = self.session;
        let mut known = self.look_up(&rows)?;
        let (mut found, mut refused, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for it in rows {
            match known.match_row(&it.row) {
                UserMatch::One(user) if self.seen.insert(user.to_string()) => {
                    found.push((it, UserReference::Existing(user)));
                }
                UserMatch::One(user) => refused.push(row_report(it.row, Some(user), duplicate_row())),
                UserMatch::Ambiguous(why) => {
                    refused.push(row_report(it.row, None, RowOutcome::refused("ambiguous_user", why)));
                }
                UserMatch::None if !self.args.create_users => {
                    let why = "user not found (--create-users creates it)";
                    refused.push(row_report(it.row, None, RowOutcome::refused("not_found", why)));
                }
                UserMatch::None => match new_user(&it.row, session) {
                    Ok(user)
                        if self.seen.insert(format!("name {}", user.username))
                            && self.seen.insert(format!("email {}", fold_login(&user.email))) =>
                    {
                        missing.push((it, user));
                    }
                    Ok(_) => refused.push(row_report(it.row, None, duplicate_row())),
                    Err(outcome) => refused.push(row_report(it.row, None, outcome)),
                },
            }
        }
        if self.args.dry_run {
            found.extend(missing.into_iter().map(|(it, _)| (it, UserReference::WouldBeCreated)));
            return Ok((found, refused));
        }
        known.usernames.clear();
        for chunk in missing.chunks(USERS_PER_COMMIT) {
            let users = chunk.iter().map(|(_, user)| user.clone()).collect();
            let created =
                session.run_large_write(session.mfa().database().user_import().insert_all(users))??;
            known.usernames.extend(created.into_iter().map(|it| (compose_login(&it.username), it.user)));
        }
        for (it, user) in missing {
            match known.usernames.get(&compose_login(&user.username)) {
                Some(id) => {
                    self.seen.insert(id.to_string());
                    found.push((it, UserReference::Created(*id)));
                }
                None => refused.push(row_report(
                    it.row,
                    None,
                    RowOutcome::refused(
                        "user_taken",
                        "the user name or email address belongs to another user",
                    ),
                )),
            }
        }
        Ok((found, refused))
    }

    fn look_up(&self, rows: &[ValidRow]) -> Result<KnownUsers, CliError> {
        let emails = rows.iter().filter_map(|it| it.row.email.clone()).collect();
        let usernames = rows.iter().filter_map(|it| it.row.username.clone()).collect();
        let mfa = self.session.mfa();
        let entries = mfa.block_on(mfa.database().user_import().find_all(emails, usernames))??;
        let mut known = KnownUsers::default();
        for entry in entries {
            let owner = AddressOwner { user: entry.user, email: entry.email };
            known.emails.entry(fold_login(&owner.email)).or_default().push(owner);
            known.usernames.insert(compose_login(&entry.username), entry.user);
        }
        Ok(known)
    }

    fn activate_all(
        &self,
        found: Vec<(ValidRow, UserReference)>,
        reports: &mut Vec<ImportRowReport>,
    ) -> Result<(), CliError> {
        let outcomes = found.iter().map(|(row, user)| self.activate_unless_failed(row, user));
        let outcomes = self.session.run_all(outcomes)?;
        let mut failure = None;
        for ((valid, user), outcome) in found.into_iter().zip(outcomes) {
            let user = match user {
                UserReference::Existing(user) | UserReference::Created(user) => Some(user),
                UserReference::WouldBeCreated => None,
            };
            match outcome {
                Ok(Some(outcome)) => reports.push(row_report(valid.row, user, outcome)),
                Ok(None) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Activates the secret of a row. `None` if an earlier row failed and this one was not tried.
    async fn activate_unless_failed(
        &self,
        row: &ValidRow,
        user: &UserReference,
    ) -> Result<Option<RowOutcome>, FlowError> {
        if self.has_failed.get() {
            return Ok(None);
        }
        let outcome = self.activate(row, user).await;
        self.has_failed.set(self.has_failed.get() || outcome.is_err());
        outcome.map(Some)
    }

    async fn activate(&self, row: &ValidRow, user: &UserReference) -> Result<RowOutcome, FlowError> {
        let (user, user_is_new) = match user {
            UserReference::Existing(user) => (*user, false),
            UserReference::Created(user) => (*user, true),
            UserReference::WouldBeCreated => return Ok(RowOutcome::Created),
        };
        let import = TotpImport { user, app: row.app.clone(), user_is_new };
        let (flows, call) = (self.session.flows(), self.session.call());
        let mut attempt = 0_u32;
        loop {
            attempt = attempt.saturating_add(1);
            let result = if self.args.dry_run {
                flows.preview_totp_import(import.clone()).await
            } else {
                flows.import_totp(call, import.clone()).await
            };
            return match result {
                Ok(TotpImportOutcome::Done) if user_is_new => Ok(RowOutcome::Created),
                Ok(TotpImportOutcome::Done) => Ok(RowOutcome::Imported),
                Ok(TotpImportOutcome::Already) => Ok(RowOutcome::Already),
                Ok(TotpImportOutcome::Occupied) => {
                    let why =
                        "the user already has another authenticator app (mfa-admin user reset removes it)";
                    Ok(RowOutcome::refused("already_enrolled", why))
                }
                Err(FlowError::Cipher(error)) => {
                    Ok(RowOutcome::refused("unreadable_secret", error.to_string()))
                }
                Err(FlowError::NoSuchUser) => {
                    Ok(RowOutcome::refused("not_found", "the user was deleted during the import"))
                }
                Err(FlowError::Store(error)) if error.kind().is_of_row() => {
                    let cause = error.source().map(|it| format!(" ({it})")).unwrap_or_default();
                    Ok(if error.kind() == StoreErrorKind::Corrupt {
                        let remedy = "run mfa-admin import nova-python";
                        RowOutcome::refused(
                            "corrupt_row",
                            format!("the user has invalid MFA data{cause}: {remedy}"),
                        )
                    } else {
                        RowOutcome::refused(
                            "rejected_row",
                            format!("the database rejected the change{cause}"),
                        )
                    })
                }
                // The import is idempotent, so an unknown outcome is retried as well.
                Err(FlowError::Store(_)) if attempt < MAX_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(200).saturating_mul(attempt)).await;
                    continue;
                }
                Err(error) => Err(error),
            };
        }
    }
}

fn parse_secret(row: &ImportRow) -> Result<ImportedSecret, RowOutcome> {
    let uri = row.uri.as_ref().map_err(|why| RowOutcome::refused("malformed_row", why.clone()))?;
    if row.email.is_none() && row.username.is_none() {
        return Err(RowOutcome::refused("malformed_row", "both email and username are missing"));
    }
    mfa_totp::read_otpauth(uri.expose())
        .map_err(|error| RowOutcome::refused("unfit_secret", error.to_string()))
}

fn duplicate_row() -> RowOutcome {
    RowOutcome::refused("duplicate_row", "an earlier row of the file has the same user")
}

fn row_report(row: ImportRow, user: Option<UserId>, outcome: RowOutcome) -> ImportRowReport {
    ImportRowReport { number: row.number, email: row.email, username: row.username, user, outcome }
}

/// Existing users of the rows, by email address and by user name.
#[derive(Default)]
struct KnownUsers {
    /// By address without regard to case.
    emails: HashMap<String, Vec<AddressOwner>>,
    /// By name with composed accents.
    usernames: HashMap<String, UserId>,
}

/// Result of looking up the user of a row.
enum UserMatch {
    One(UserId),
    None,
    Ambiguous(String),
}

impl UserMatch {
    fn ambiguous(why: &str) -> Self {
        Self::Ambiguous(why.to_owned())
    }
}

impl KnownUsers {
    fn match_email(&self, email: &str) -> AddressMatch<AddressOwner> {
        let owners = self.emails.get(&fold_login(email)).map(Vec::as_slice).unwrap_or_default();
        AddressMatch::choose(email, owners.iter().map(|it| (it.email.clone(), it.clone())))
    }

    /// Returns the one user to whom both the email address and the user name of the row belong.
    fn match_row(&self, row: &ImportRow) -> UserMatch {
        let by_email = match row.email.as_deref().map(|email| self.match_email(email)) {
            Some(AddressMatch::Several(owners)) => {
                let owners: Vec<_> = owners.iter().map(|it| format!("{} ({})", it.user, it.email)).collect();
                return UserMatch::Ambiguous(format!(
                    "several users have this address: {}",
                    owners.join(", ")
                ));
            }
            Some(found) => Some(found.one().map(|it| it.user)),
            None => None,
        };
        let by_name = row.username.as_ref().map(|name| self.usernames.get(&compose_login(name)).copied());
        match (by_email, by_name) {
            (Some(Some(one)), Some(Some(other))) if one != other => {
                UserMatch::ambiguous("the email address and the user name belong to different users")
            }
            (Some(Some(_)), Some(None)) => {
                UserMatch::ambiguous("the user with this email address has another user name")
            }
            (Some(None), Some(Some(_))) => {
                UserMatch::ambiguous("the user with this user name has another email address")
            }
            (Some(Some(user)), _) | (_, Some(Some(user))) => UserMatch::One(user),
            (Some(None) | None, Some(None) | None) => UserMatch::None,
        }
    }
}

fn new_user(row: &ImportRow, session: &AdminSession) -> Result<NewUser, RowOutcome> {
    let invalid = |why: String| RowOutcome::refused("invalid_user", why);
    let email =
        row.email.as_deref().ok_or_else(|| invalid("a new user needs an email address".to_owned()))?;
    let email = values::email(email).map_err(|why| invalid(format!("email: {why}")))?;
    let name = row.username.as_deref().unwrap_or(&email);
    let username = values::username(name).map_err(|why| invalid(format!("username: {why}")))?;
    Ok(NewUser {
        email,
        username,
        full_name: None,
        digest: PasswordDigest::from_column(NO_PASSWORD.to_owned()),
        is_superuser: false,
        mfa_enforced: false,
        created_at: session.flows().now(),
    })
}
