//! Command-line arguments of `mfa-admin`. The doc comments of commands and arguments are their help texts.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::error::{ContextKind, ErrorKind};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use mfa_core::{EventKind, Outcome, Timestamp, TokenId, UserId, UserSort, UserState};
use mfa_flows::UserSelector;

use crate::values;

/// Administer NOVA MFA.
///
/// Reads its settings from .env, config/ and the environment, like mfa-server. Exit status: 0 success, 1 failure,
/// 2 usage error.
#[derive(Debug, Parser)]
#[command(name = "mfa-admin", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command accepts.
#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Change to DIR first: .env, config/, data/ and relative paths are found there.
    #[arg(short = 'C', global = true, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Print one JSON document to standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Record this reason in the audit log.
    #[arg(long, global = true, value_name = "TEXT", value_parser = values::reason)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Manage the database schema.
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Manage users and their authentication factors.
    #[command(subcommand)]
    User(UserCommand),
    /// Issue and revoke tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// List and end the sessions of a user.
    #[command(subcommand)]
    Session(SessionCommand),
    /// Manage the authenticators of a user.
    #[command(subcommand)]
    Authenticator(AuthenticatorCommand),
    /// Manage recovery codes.
    #[command(subcommand)]
    Recovery(RecoveryCommand),
    /// Issue temporary access passes.
    #[command(subcommand)]
    AccessPass(AccessPassCommand),
    /// Verify and export the audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Generate and rotate keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Import authenticators from another system.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Export authenticators to another system.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Show the settings in effect.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check the installation and suggest a fix for each problem.
    ///
    /// Checks settings, keys, database, clock, Redis and SMS providers. Changes nothing and sends no SMS. Exits with
    /// status 1 if there is a problem.
    Doctor,
    /// Print the completion script of a shell.
    ///
    /// Example: mfa-admin completions bash > /etc/bash_completion.d/mfa-admin
    Completions {
        /// Shell that runs the script.
        shell: Shell,
    },
    /// Create the manual pages in a directory.
    #[command(hide = true)]
    Man {
        /// Existing directory.
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Apply pending migrations.
    Up,
    /// Remove the schema and delete all MFA data.
    ///
    /// Fails if columns that this command keeps still contain encrypted values. Columns that existed before the first
    /// migration are kept.
    Down {
        /// Confirm that all MFA data is deleted.
        #[arg(long)]
        yes: bool,
        /// Keep encrypted values in columns that existed before the first migration.
        ///
        /// Nothing else can decrypt them. Another program would misread them.
        #[arg(long, conflicts_with = "delete_sealed")]
        leave_sealed: bool,
        /// Delete encrypted values and recovery codes from columns that existed before the first migration.
        ///
        /// Export them first with `mfa-admin export nova-python`.
        #[arg(long)]
        delete_sealed: bool,
    },
    /// List applied and pending migrations.
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user.
    Create(CreateUserArgs),
    /// Show the MFA status of a user.
    Show(UserArgs),
    /// List users, with filters, in any order, as a table or as CSV.
    List(ListUsersArgs),
    /// Unlock a user account.
    ///
    /// Also resets the number of failed attempts.
    ///
    /// With --state, unlocks every user in that state: prints who, and asks unless --yes is given.
    Unlock(ConfirmedUsersArgs),
    /// Remove all factors of a user and end all sessions.
    ///
    /// Asks before it does so if standard input is a terminal. With --state, of every user in that state: prints who, and
    /// asks unless --yes is given.
    Reset(ConfirmedUsersArgs),
    /// Erase the MFA data of a user.
    ///
    /// Deletes factors, recovery codes and phone number, and removes IP address, user agent, actor and reason from the
    /// user's events. The row in `users` itself is kept. Asks before it does so if standard input is a terminal.
    Erase(ConfirmedUserArgs),
    /// Require (or stop requiring) MFA for a user.
    ///
    /// With --state, requires it of every user in that state: prints who, and asks unless --yes is given.
    Enforce {
        /// Require MFA (on) or stop requiring it (off). With --state, always on.
        #[arg(required_unless_present = "in_state")]
        state: Option<OnOff>,
        /// Require a passkey too (on) or stop requiring it (off). Without this option, that requirement does not change.
        ///
        /// With a passkey, the user can then log in with it only. Without one, the user verifies another factor and must
        /// register a passkey to log in.
        #[arg(long, value_name = "STATE")]
        phishing_resistant: Option<OnOff>,
        #[command(flatten)]
        users: ConfirmedUsersArgs,
    },
    /// Set the password of a user and end all sessions.
    ///
    /// The hash is one of bcrypt if the table `users` belongs to NOVA.
    #[command(alias = "password")]
    SetPassword {
        #[command(flatten)]
        user: UserArgs,
        /// Read the password from standard input.
        ///
        /// The only way to set it: arguments are visible in the process list.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Grant (or revoke) the role of the helpdesk.
    ///
    /// The helpdesk lists users, and views, unlocks and issues access passes for users without a role.
    Role {
        /// Grant the role (helpdesk) or revoke it (none).
        role: RoleArg,
        #[command(flatten)]
        user: UserArgs,
    },
    /// Grant (or revoke) administrator rights.
    Superuser {
        /// Grant administrator rights (on) or revoke them (off).
        state: OnOff,
        #[command(flatten)]
        user: UserArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuthenticatorCommand {
    /// List the authenticators of a user.
    List(UserArgs),
    /// Rename an authenticator.
    Rename {
        /// ID of the authenticator, as `authenticator list` prints it.
        id: String,
        /// New name: 1 to 64 characters, unique for the user.
        name: String,
        #[command(flatten)]
        user: UserArgs,
    },
    /// Remove an authenticator and end all sessions of the user.
    ///
    /// The recovery codes are removed with the last factor. If MFA is required, the user enrols a new one at the next
    /// login. Asks for confirmation on a terminal.
    Remove {
        /// ID of the authenticator, as `authenticator list` prints it.
        id: String,
        #[command(flatten)]
        user: ConfirmedUserArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecoveryCommand {
    /// Replace the recovery codes of a user.
    ///
    /// Prints the new codes; they cannot be shown again. All earlier codes become invalid.
    Regenerate(UserArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccessPassCommand {
    /// Issue an access pass for a user who lost every factor.
    ///
    /// Requires --reason.
    ///
    /// Prints the pass; it cannot be shown again. The user logs in with the password, enters the pass once, and enrols a
    /// factor, which replaces all others. An earlier pass becomes invalid. A lock applies: unlock the account first.
    Create {
        #[command(flatten)]
        user: UserArgs,
        /// Lifetime of the pass in minutes, 5 to 480. Default: `MFA_ACCESS_PASS_MINUTES`.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(5..=480))]
        lifetime_minutes: Option<u32>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Issue a pending token, as after a password login.
    Pending(UserArgs),
    /// Issue an access token without verifying any factor.
    Access {
        #[command(flatten)]
        user: UserArgs,
        /// Issue a two-factor token (`mfa_ok: true`); development only.
        #[arg(long)]
        mfa_ok: bool,
    },
    /// Revoke all tokens of a user.
    RevokeAll(UserArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List the sessions of a user, newest first.
    ///
    /// A session is an access token with two factors that is accepted.
    List(UserArgs),
    /// Revoke all sessions of a user, or one.
    ///
    /// Without ID, every token of the user is revoked. A service that verifies tokens itself accepts them until they
    /// expire.
    Revoke {
        /// ID of the session, as `session list` prints it.
        #[arg(value_parser = values::session_id)]
        id: Option<TokenId>,
        #[command(flatten)]
        user: UserArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify the integrity of the audit log.
    ///
    /// Reports the first altered or missing event of each user. Exits with status 1 if there is one.
    Verify {
        #[command(flatten)]
        user: OptionalUserArgs,
        /// Compare the stored events with these log files, plain or compressed with gzip.
        ///
        /// Also detects events that are missing at the end of a chain, and missing users. Fails if no line of the files
        /// is about a stored event.
        #[arg(long, value_name = "FILE", num_args = 1..)]
        log: Vec<PathBuf>,
    },
    /// List events, newest first, with filters.
    ///
    /// As a table, or with --csv as CSV.
    List(ListEventsArgs),
    /// Export events as JSON lines, oldest first.
    ///
    /// Leaves out the events of the last ten seconds, which may not be complete yet.
    Export {
        /// Export events from this time (RFC 3339) or day (UTC) on.
        ///
        /// Examples: 2026-11-25T08:00:00Z, 2026-11-25.
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        since: Timestamp,
    },
    /// Partition the events by month, or add the next months.
    ///
    /// PostgreSQL only. Run it once a month with the database URL of the owner of the tables. The first run turns the existing
    /// table into the first partition, while servers keep running. The doctor command warns before the last month.
    Partition {
        /// Number of months after this one that get a partition.
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=120))]
        months: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Generate new keys and print them as lines for .env.
    Generate {
        /// Also generate a private key that signs access tokens.
        ///
        /// Pending tokens are still signed with the shared secret.
        #[arg(long, value_name = "NAME")]
        algorithm: Option<PrivateKeyKind>,
    },
    /// Show the use of each encryption key and which to remove.
    Status,
    /// Re-encrypt all rows with the primary key.
    ///
    /// Servers keep running. An interrupted rotation is resumed by running the command again.
    Rotate,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Import TOTP secrets from a CSV or JSON Lines file.
    ///
    /// Each row has `otpauth_uri`, and `email` or `username`. An imported secret is active at once, without recovery
    /// codes.
    Otpauth(ImportOtpauthArgs),
    /// Import accounts of the Python service from its database.
    ///
    /// Encrypts TOTP secrets and phone numbers in place. Existing recovery codes stay valid.
    NovaPython(ImportNovaArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Export TOTP secrets in clear text to a new file.
    ///
    /// Writes CSV if the file name ends in .csv, otherwise JSON Lines. Only the owner can read the file (mode 0600).
    Otpauth {
        /// File to create, or - for JSON Lines on standard output.
        file: PathBuf,
    },
    /// Export factors in clear text for the Python service.
    ///
    /// One JSON object per user: TOTP secret, phone number, and bcrypt hashes of unused recovery codes. Only the owner
    /// can read the file (mode 0600).
    NovaPython {
        /// File to create, or - for standard output.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportOtpauthArgs {
    /// File to import.
    pub(crate) file: PathBuf,
    /// Create missing users, without a password.
    #[arg(long)]
    pub(crate) create_users: bool,
    /// Report what would be imported, without changing anything.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportNovaArgs {
    /// Map other column names with this TOML file (docs/from-python.md).
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Report what would be imported, without changing any row.
    ///
    /// Pending migrations are applied.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Remove values that cannot be imported.
    ///
    /// Users who lose a factor this way must enrol again at their next login.
    #[arg(long)]
    pub(crate) enrol_anew: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting in effect and its source.
    ///
    /// Secrets are masked.
    Show,
}

#[derive(Debug, Args)]
pub(crate) struct CreateUserArgs {
    /// Email address.
    #[arg(long, value_name = "EMAIL", value_parser = values::email)]
    pub(crate) email: String,
    /// User name for the login.
    #[arg(long, value_name = "NAME", value_parser = values::username)]
    pub(crate) username: String,
    /// Display name.
    #[arg(long, value_name = "NAME", value_parser = values::full_name)]
    pub(crate) full_name: Option<String>,
    /// Grant administrator rights.
    #[arg(long)]
    pub(crate) superuser: bool,
    /// Require MFA for this user.
    #[arg(long)]
    pub(crate) enforce: bool,
    /// Read the password from standard input.
    ///
    /// The only way to set it: arguments are visible in the process list.
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListUsersArgs {
    /// List only users in whose full name, user name, email address or id each word of TEXT occurs, in any case and without
    /// accents.
    #[arg(long, value_name = "TEXT")]
    pub(crate) query: Option<String>,
    /// List only users in this state.
    #[arg(long, value_name = "STATE", value_parser = values::user_state())]
    pub(crate) state: Option<UserState>,
    /// Order of the users: by id, by full name or user name, by email address, or by the last verification of a second factor.
    #[arg(long, value_name = "ORDER", default_value = "id", value_parser = values::user_sort())]
    pub(crate) sort: UserSort,
    /// Reverse the order.
    #[arg(long)]
    pub(crate) descending: bool,
    /// Limit the number of users.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// List only users after this one in the order (`next` of the previous page).
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) after: Option<i64>,
    /// Write every user that matches as CSV to standard output. No cell is one that a spreadsheet runs as a formula.
    #[arg(long, conflicts_with_all = ["limit", "after"])]
    pub(crate) csv: bool,
}

/// Arguments that select one user.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct UserArgs {
    /// Id of the user.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    user_id: Option<i64>,
    /// Email address of the user.
    #[arg(long, value_name = "EMAIL", value_parser = values::email)]
    email: Option<String>,
    /// User name of the user.
    #[arg(long, value_name = "NAME", value_parser = values::username)]
    username: Option<String>,
}

/// Arguments that select one user, or all users in a state.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct UsersArgs {
    /// Id of the user.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    user_id: Option<i64>,
    /// Email address of the user.
    #[arg(long, value_name = "EMAIL", value_parser = values::email)]
    email: Option<String>,
    /// User name of the user.
    #[arg(long, value_name = "NAME", value_parser = values::username)]
    username: Option<String>,
    /// State of the users.
    #[arg(id = "in_state", long = "state", value_name = "STATE", value_parser = values::user_state())]
    in_state: Option<UserState>,
}

/// Users that a command selects.
#[derive(Debug)]
pub(crate) enum SelectedUsers {
    One(UserArgs),
    InState(UserState),
}

impl UsersArgs {
    /// Returns which users are selected.
    pub(crate) fn selected(self) -> SelectedUsers {
        let Self { user_id, email, username, in_state } = self;
        match in_state {
            Some(state) => SelectedUsers::InState(state),
            None => SelectedUsers::One(UserArgs { user_id, email, username }),
        }
    }
}

/// Arguments of a change of one user, or of all users in a state.
#[derive(Debug, Args)]
pub(crate) struct ConfirmedUsersArgs {
    #[command(flatten)]
    pub(crate) users: UsersArgs,
    /// Do not ask for confirmation.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `audit list`.
#[derive(Debug, Args)]
pub(crate) struct ListEventsArgs {
    #[command(flatten)]
    pub(crate) user: OptionalUserArgs,
    /// List only events of this kind.
    #[arg(long, value_name = "KIND", value_parser = values::event_kind())]
    pub(crate) event: Option<EventKind>,
    /// List only events with this outcome.
    #[arg(long, value_name = "OUTCOME", value_parser = values::outcome())]
    pub(crate) outcome: Option<Outcome>,
    /// List only events of requests from this IP address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Option<IpAddr>,
    /// List only events from this time (RFC 3339) or day (UTC) on.
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) from: Option<Timestamp>,
    /// List only events before this time (RFC 3339) or day (UTC).
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) to: Option<Timestamp>,
    /// Maximum number of events.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// List only events older than the one with this id.
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
    /// Write every event that matches as CSV, without --limit.
    #[arg(long, conflicts_with_all = ["limit", "before"])]
    pub(crate) csv: bool,
}

/// Arguments that select one user, or all without one.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct OptionalUserArgs {
    /// Only the events of the user with this id.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    user_id: Option<i64>,
    /// Only the events of the user with this email address.
    #[arg(long, value_name = "EMAIL", value_parser = values::email)]
    email: Option<String>,
    /// Only the events of the user with this user name.
    #[arg(long, value_name = "NAME", value_parser = values::username)]
    username: Option<String>,
}

/// Arguments of a command that cannot be undone.
#[derive(Debug, Args)]
pub(crate) struct ConfirmedUserArgs {
    #[command(flatten)]
    pub(crate) user: UserArgs,
    /// Do not ask for confirmation.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    On,
    Off,
}

/// Role besides administrator rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    Helpdesk,
    None,
}

/// Type of the private key that signs access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateKeyKind {
    /// Ed25519.
    Eddsa,
    /// ECDSA with P-256.
    Es256,
}

impl Cli {
    /// Parses the arguments of a process, the program name first.
    ///
    /// # Errors
    ///
    /// [`clap::Error`] for a usage error, and also for `--help` and `--version`.
    pub(crate) fn parse_args(args: &[OsString]) -> Result<Self, clap::Error> {
        let cli = Self::try_parse_from(args).map_err(|error| explained(args, error))?;
        if matches!(cli.command, Command::Migrate(MigrateCommand::Down { yes: false, .. })) {
            let message = "migrate down deletes all MFA data: add --yes to confirm";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        if matches!(cli.command, Command::AccessPass(_)) && cli.global.reason.is_none() {
            let message = "access-pass create needs a reason for the audit log: add --reason TEXT";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        Ok(cli)
    }
}

/// Replaces an error that would quote a password, or suggest a command that does something else than was meant.
fn explained(args: &[OsString], error: clap::Error) -> clap::Error {
    let words: Vec<_> = args.iter().skip(1).filter_map(|arg| arg.to_str()).collect();
    let calls = |names: &[&str]| {
        words
            .iter()
            .position(|it| *it == "user")
            .is_some_and(|at| words.iter().skip(at).find(|it| names.contains(it)).is_some())
    };
    match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::TooManyValues
            if calls(&["set-password", "password", "create"]) =>
        {
            let named = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
            // The misspelled name of an option is no password.
            if named.starts_with("--") && !named.starts_with("--password") {
                return error;
            }
            let message = "a password is read from standard input only: add --password-stdin and pipe the password to the \
                           command";
            Cli::command().error(ErrorKind::UnknownArgument, message)
        }
        ErrorKind::InvalidSubcommand if calls(&["delete", "remove", "rm", "del"]) => {
            let message = "a user is deleted in NOVA: mfa-admin user erase deletes the MFA data of one";
            Cli::command().error(ErrorKind::InvalidSubcommand, message)
        }
        _ => error,
    }
}

/// Returns whether the arguments contain `--json`, even if they cannot be parsed.
pub(crate) fn has_json_flag(args: &[OsString]) -> bool {
    args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

impl OptionalUserArgs {
    /// Returns the selected user, if one is selected.
    pub(crate) fn selector(self) -> Option<UserSelector> {
        let is_none = self.user_id.is_none() && self.email.is_none() && self.username.is_none();
        let Self { user_id, email, username } = self;
        (!is_none).then(|| UserArgs { user_id, email, username }.selector())
    }
}

impl UserArgs {
    /// Returns the selected user.
    pub(crate) fn selector(self) -> UserSelector {
        match (self.user_id, self.email, self.username) {
            (Some(id), _, _) => UserSelector::Id(UserId::new(id)),
            (None, Some(email), _) => UserSelector::Email(email),
            // clap requires one of the three: the argument group is `required`.
            (None, None, username) => UserSelector::Username(username.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests;
