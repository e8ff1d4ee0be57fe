//! `import otpauth`: secrets of authenticator apps out of a file.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use mfa_core::{NewUser, PasswordDigest, SecretBytes, StoreErrorKind, UserId};
use mfa_flows::{FlowError, TotpImport, TotpImportOutcome};
use mfa_infra::settings::Settings;

use super::FileError;
use super::report::{RowOutcome, RowReport, answer};
use super::rows::{ImportRow, ImportRows};
use crate::cli::ImportOtpauthArgs;
use crate::command_output::CommandOutput;
use crate::error::CliError;
use crate::progress::CommandProgress;
use crate::session::AdminSession;
use crate::values;

/// Rows that are looked up at once.
const PAGE: usize = 4_096;
/// Users that are made with one commit.
const MADE_AT_ONCE: usize = 1_024;
/// How often a row is tried that the store gave no answer for.
const TRIES: u32 = 5;
/// In the place of a password's hash: nobody logs in by a password until one is set.
const NO_PASSWORD: &str = "!";

/// Puts the secrets of a file in force.
///
/// # Errors
///
/// [`CliError::File`]; [`CliError::Partly`] where a row was refused, with a report of all.
pub(in crate::commands) fn run(
    args: &ImportOtpauthArgs,
    settings: Settings,
    reason: Option<String>,
) -> Result<CommandOutput, CliError> {
    let mut rows = ImportRows::open(&args.file)?;
    let administration = AdminSession::open(settings, reason)?;
    let bar = CommandProgress::new("taking over");
    let mut import = OtpauthImport {
        administration: &administration,
        args,
        seen: HashSet::new(),
        done: Vec::new(),
        is_over: Cell::new(false),
    };
    loop {
        let page = rows.page(PAGE).map_err(|error| FileError::unusable(&args.file, error))?;
        if page.is_empty() {
            break;
        }
        if let Err(failure) = import.take(page) {
            drop(bar);
            let sentence =
                format!("{failure}; run it again: what is done stays, and is told as there already");
            return answer(&import.done, args.dry_run, Some(sentence));
        }
        let done = u64::try_from(import.done.len()).unwrap_or(u64::MAX);
        bar.show(done, rows.about().max(done));
    }
    drop(bar);
    answer(&import.done, args.dry_run, None)
}

struct OtpauthImport<'a> {
    administration: &'a AdminSession,
    args: &'a ImportOtpauthArgs,
    /// Users that a row of the file was for.
    seen: HashSet<String>,
    done: Vec<RowReport>,
    /// Whether a row failed for good: no further one is tried.
    is_over: Cell<bool>,
}

/// A row whose secret is good, and whose user is to be found.
struct ValidRow {
    row: ImportRow,
    secret: SecretBytes,
}

/// Rows with their users, and those that are refused.
type ClassifiedRows = (Vec<(ValidRow, UserReference)>, Vec<RowReport>);

/// Whose row it is.
enum UserReference {
    Known(UserId),
    New(UserId),
    /// Somebody whom this trial would have made.
    WouldBeNew,
}

impl OtpauthImport<'_> {
    fn take(&mut self, page: Vec<ImportRow>) -> Result<(), CliError> {
        let (mut good, mut reports) = (Vec::with_capacity(page.len()), Vec::with_capacity(page.len()));
        for row in page {
            match read(&row) {
                Ok(secret) => good.push(ValidRow { row, secret }),
                Err(outcome) => reports.push(report(row, None, outcome)),
            }
        }
        let (found, refused) = self.whose(good)?;
        reports.extend(refused);
        let outcome = self.put_in_force(found, &mut reports);
        reports.sort_by_key(|row| row.number);
        self.done.extend(reports);
        outcome
    }

    /// Finds the users of some rows, and makes those that are wanted.
    fn whose(&mut self, good: Vec<ValidRow>) -> Result<ClassifiedRows, CliError> {
        let administration = self.administration;
        let mut known = self.look_up(&good)?;
        let (mut found, mut refused, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for it in good {
            match known.match_row(&it.row) {
                UserMatch::One(user) if self.seen.insert(user.to_string()) => {
                    found.push((it, UserReference::Known(user)));
                }
                UserMatch::One(user) => refused.push(report(it.row, Some(user), twice())),
                UserMatch::Differ(why) => {
                    refused.push(report(it.row, None, RowOutcome::refused("ambiguous_user", why)));
                }
                UserMatch::None if !self.args.create_users => {
                    let why = "there is no such user (--create-users makes one)";
                    refused.push(report(it.row, None, RowOutcome::refused("not_found", why)));
                }
                UserMatch::None => match new_user(&it.row, administration) {
                    Ok(user) if self.seen.insert(format!("name {}", user.username)) => {
                        missing.push((it, user));
                    }
                    Ok(_) => refused.push(report(it.row, None, twice())),
                    Err(outcome) => refused.push(report(it.row, None, outcome)),
                },
            }
        }
        if self.args.dry_run {
            found.extend(missing.into_iter().map(|(it, _)| (it, UserReference::WouldBeNew)));
            return Ok((found, refused));
        }
        known.names.clear();
        for some in missing.chunks(MADE_AT_ONCE) {
            let users = some.iter().map(|(_, user)| user.clone()).collect();
            let made = administration
                .wait_for_much(administration.mfa().database().user_import().insert_all(users))??;
            known.names.extend(made.into_iter().map(|it| (it.username, it.user)));
        }
        for (it, user) in missing {
            match known.names.get(&user.username) {
                Some(id) => {
                    self.seen.insert(id.to_string());
                    found.push((it, UserReference::New(*id)));
                }
                None => refused.push(report(
                    it.row,
                    None,
                    RowOutcome::refused(
                        "user_taken",
                        "the user name or the e-mail address belongs to another user",
                    ),
                )),
            }
        }
        Ok((found, refused))
    }

    fn look_up(&self, good: &[ValidRow]) -> Result<KnownUsers, CliError> {
        let mut emails = Vec::new();
        for email in good.iter().filter_map(|it| it.row.email.as_ref()) {
            emails.push(email.clone());
            emails.push(email.to_lowercase());
        }
        let usernames = good.iter().filter_map(|it| it.row.username.clone()).collect();
        let mfa = self.administration.mfa();
        let entries = mfa.block_on(mfa.database().user_import().find_all(emails, usernames))??;
        let mut known = KnownUsers::default();
        for entry in entries {
            known.addresses.insert(entry.email, entry.user);
            known.names.insert(entry.username, entry.user);
        }
        Ok(known)
    }

    fn put_in_force(
        &self,
        found: Vec<(ValidRow, UserReference)>,
        reports: &mut Vec<RowReport>,
    ) -> Result<(), CliError> {
        let outcomes = found.iter().map(|(good, whose)| self.one(good, whose));
        let outcomes = self.administration.wait_for_many(outcomes)?;
        let mut failure = None;
        for ((good, whose), outcome) in found.into_iter().zip(outcomes) {
            let user = match whose {
                UserReference::Known(user) | UserReference::New(user) => Some(user),
                UserReference::WouldBeNew => None,
            };
            match outcome {
                Ok(Some(outcome)) => reports.push(report(good.row, user, outcome)),
                Ok(None) => {}
                Err(refusal) => failure = Some(refusal),
            }
        }
        failure.map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// What became of a row; none where it was not tried, because one before it failed for good.
    async fn one(&self, good: &ValidRow, whose: &UserReference) -> Result<Option<RowOutcome>, FlowError> {
        if self.is_over.get() {
            return Ok(None);
        }
        let outcome = self.put(good, whose).await;
        self.is_over.set(self.is_over.get() || outcome.is_err());
        outcome.map(Some)
    }

    async fn put(&self, good: &ValidRow, whose: &UserReference) -> Result<RowOutcome, FlowError> {
        let (user, user_is_new) = match whose {
            UserReference::Known(user) => (*user, false),
            UserReference::New(user) => (*user, true),
            UserReference::WouldBeNew => return Ok(RowOutcome::Created),
        };
        let import = TotpImport { user, secret: good.secret.clone(), user_is_new };
        let (flows, call) = (self.administration.flows(), self.administration.call());
        let mut tries = 0_u32;
        loop {
            tries = tries.saturating_add(1);
            let answer = if self.args.dry_run {
                flows.preview_totp_import(import.clone()).await
            } else {
                flows.import_totp(call, import.clone()).await
            };
            return match answer {
                Ok(TotpImportOutcome::Done) if user_is_new => Ok(RowOutcome::Created),
                Ok(TotpImportOutcome::Done) => Ok(RowOutcome::Imported),
                Ok(TotpImportOutcome::Already) => Ok(RowOutcome::Already),
                Ok(TotpImportOutcome::Occupied) => {
                    let why = "another authenticator app is in force (mfa-admin user reset takes it off)";
                    Ok(RowOutcome::refused("already_enrolled", why))
                }
                Err(FlowError::Cipher(error)) => {
                    Ok(RowOutcome::refused("unreadable_secret", error.to_string()))
                }
                Err(FlowError::NoSuchUser) => Ok(RowOutcome::refused("not_found", "the user is gone")),
                Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Corrupt => {
                    let why = "the row of the user is not understood (mfa-admin import nova-python)";
                    Ok(RowOutcome::refused("corrupt_row", why))
                }
                // The same a second time changes nothing, so an unknown outcome is tried again as well.
                Err(FlowError::Store(_)) if tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(200).saturating_mul(tries)).await;
                    continue;
                }
                Err(refusal) => Err(refusal),
            };
        }
    }
}

fn read(row: &ImportRow) -> Result<SecretBytes, RowOutcome> {
    let uri = row.uri.as_ref().map_err(|why| RowOutcome::refused("malformed_row", *why))?;
    if row.email.is_none() && row.username.is_none() {
        return Err(RowOutcome::refused("malformed_row", "it names neither email nor username"));
    }
    mfa_totp::read_otpauth(uri.expose())
        .map_err(|error| RowOutcome::refused("unfit_secret", error.to_string()))
}

fn twice() -> RowOutcome {
    RowOutcome::refused("duplicate_row", "an earlier row of the file is for the same user")
}

fn report(row: ImportRow, user: Option<UserId>, outcome: RowOutcome) -> RowReport {
    RowReport { number: row.number, email: row.email, username: row.username, user, outcome }
}

/// Who there is, of those whom rows name.
#[derive(Default)]
struct KnownUsers {
    addresses: HashMap<String, UserId>,
    names: HashMap<String, UserId>,
}

enum UserMatch {
    One(UserId),
    None,
    Differ(&'static str),
}

impl KnownUsers {
    /// All that a row names must be one and the same user's.
    fn match_row(&self, row: &ImportRow) -> UserMatch {
        let by_email = row.email.as_ref().map(|email| {
            self.addresses.get(email).or_else(|| self.addresses.get(&email.to_lowercase())).copied()
        });
        let by_name = row.username.as_ref().map(|name| self.names.get(name).copied());
        match (by_email, by_name) {
            (Some(Some(one)), Some(Some(other))) if one != other => {
                UserMatch::Differ("the e-mail address and the user name are two users'")
            }
            (Some(Some(_)), Some(None)) => UserMatch::Differ("the user of that address has another name"),
            (Some(None), Some(Some(_))) => UserMatch::Differ("the user of that name has another address"),
            (Some(Some(user)), _) | (_, Some(Some(user))) => UserMatch::One(user),
            (Some(None) | None, Some(None) | None) => UserMatch::None,
        }
    }
}

fn new_user(row: &ImportRow, administration: &AdminSession) -> Result<NewUser, RowOutcome> {
    let unfit = |why: String| RowOutcome::refused("invalid_user", why);
    let email = row.email.as_deref().ok_or_else(|| unfit("a new user needs an e-mail address".to_owned()))?;
    let email = values::email(email).map_err(|why| unfit(format!("email: {why}")))?;
    let name = row.username.as_deref().unwrap_or(&email);
    let username = values::username(name).map_err(|why| unfit(format!("username: {why}")))?;
    Ok(NewUser {
        email,
        username,
        full_name: None,
        digest: PasswordDigest::from_column(NO_PASSWORD.to_owned()),
        is_superuser: false,
        mfa_enforced: false,
        created_at: administration.flows().now(),
    })
}
