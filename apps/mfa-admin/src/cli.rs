//! What may be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use mfa_core::{Timestamp, UserId};
use mfa_flows::UserSelector;

use crate::values;

/// The admin command line of NOVA MFA.
#[derive(Debug, Parser)]
#[command(name = "mfa-admin", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) manner: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How a command is run, whichever it is.
#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Answer with one JSON document on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Why, for the audit trail.
    #[arg(long, global = true, value_name = "TEXT", value_parser = values::reason)]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The database schema.
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Users and their factors.
    #[command(subcommand)]
    User(UserCommand),
    /// Tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Recovery codes.
    #[command(subcommand)]
    Recovery(RecoveryCommand),
    /// The audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Takes factors over from another system.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Takes factors out, for another system.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Looks at settings, keys, database, clock, Redis and providers, and says what to mend.
    Doctor,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Brings the schema up to date.
    Up,
    /// Takes the schema down: all MFA data is lost.
    Down {
        /// Yes, destroy all MFA data.
        #[arg(long)]
        yes: bool,
        /// Leave sealed secrets and numbers in columns that were there before, although nothing else can read them.
        #[arg(long)]
        leave_sealed: bool,
    },
    /// Tells which migrations the database has and which it needs.
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Makes a user.
    Create(NewUserArgs),
    /// Tells how a user's account is protected.
    Show(UserArgs),
    /// Lists users by ascending id.
    List(ListArgs),
    /// Ends a lock and forgets all wrong answers.
    Unlock(UserArgs),
    /// Takes every factor off an account and ends all its sessions.
    Reset(UserArgs),
    /// Erases factors, codes, number, and addresses in events; the row of `users` itself stays.
    Erase(UserArgs),
    /// Says whether a user must have a second factor.
    Enforce {
        /// Whether one is a must.
        state: OnOff,
        #[command(flatten)]
        user: UserArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecoveryCommand {
    /// Makes a new set of recovery codes, shown this once; every older code is dead.
    Regenerate(UserIdArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Mints a pending token, as after a first factor.
    Pending(UserIdArgs),
    /// Mints an access token, whatever factors the account has.
    Access {
        #[command(flatten)]
        user: UserIdArgs,
        /// As after a second factor, although none was shown (refused in production).
        #[arg(long)]
        mfa_ok: bool,
    },
    /// Ends every token of a user.
    RevokeAll(UserIdArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Tells whether every stored event is what it was, or names the first of each user that is not.
    Verify {
        /// Only the events of this user.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
        user_id: Option<i64>,
        /// Hold what is stored against this log, or several: finds a missing end or user too.
        #[arg(long, value_name = "FILE")]
        log: Vec<PathBuf>,
    },
    /// Writes stored events as lines of JSON, oldest first, but none of the last ten seconds.
    Export {
        /// From this time on, such as 2026-11-25T08:00:00Z, or from the beginning of a day in UTC, such as 2026-11-25.
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        since: Timestamp,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Prints new keys, ready for .env.
    Generate {
        /// A private key to sign access tokens with, beside the secret that signs pending ones.
        #[arg(long, value_name = "NAME")]
        algorithm: Option<PrivateKeyKind>,
    },
    /// Counts what each encryption key is needed for, and says which may go.
    Status,
    /// Seals every row anew with the first key, while servers run; run it again to go on after an end in the middle.
    Rotate,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Secrets of authenticator apps: CSV with a header or JSON lines, with an address, a name and a URI.
    Otpauth(ImportOtpauthArgs),
    /// The accounts of the Python service, in its own database: secrets and numbers are sealed where they
    /// are, recovery codes go on working.
    NovaPython(ImportNovaArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Secrets of authenticator apps, in the clear, into a new file: CSV where its name ends in .csv, else JSON lines.
    Otpauth {
        /// The file, which must not exist yet; - for standard output, in JSON lines.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportOtpauthArgs {
    /// The file.
    pub(crate) file: PathBuf,
    /// Make the users that are not there, without a password.
    #[arg(long)]
    pub(crate) create_users: bool,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportNovaArgs {
    /// Where the Python service kept what, in TOML (docs/from-python.md); without it, in columns of our names.
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Say what would be done, and change no row.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take off what cannot be taken over; who loses a factor by it has to enrol anew at the next login.
    #[arg(long)]
    pub(crate) enrol_anew: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tells every setting in force and where it came from; secrets are masked.
    Show,
}

#[derive(Debug, Args)]
pub(crate) struct NewUserArgs {
    /// E-mail address.
    #[arg(long, value_name = "E", value_parser = values::email)]
    pub(crate) email: String,
    /// Name to log in with.
    #[arg(long, value_name = "U", value_parser = values::username)]
    pub(crate) username: String,
    /// Name for people to read.
    #[arg(long, value_name = "N", value_parser = values::full_name)]
    pub(crate) full_name: Option<String>,
    /// May administer others.
    #[arg(long)]
    pub(crate) superuser: bool,
    /// Must have a second factor.
    #[arg(long)]
    pub(crate) enforce: bool,
    /// Read the password from standard input: the only way to give one.
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those whose user name or e-mail address contains this.
    #[arg(long, value_name = "TEXT")]
    pub(crate) query: Option<String>,
    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Only those with a greater id: the `next` of the page before.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) after: Option<i64>,
}

/// One user, by either of two names.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct UserArgs {
    /// The user's id.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    user_id: Option<i64>,
    /// The user's e-mail address.
    #[arg(long, value_name = "E", value_parser = values::email)]
    email: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UserIdArgs {
    /// The user's id.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    user_id: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    On,
    Off,
}

/// With what access tokens are to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateKeyKind {
    /// Ed25519.
    Eddsa,
    /// ECDSA on P-256.
    Es256,
}

impl Cli {
    /// Reads the words of a command line, the program's name first.
    ///
    /// # Errors
    ///
    /// What `clap` says of them; also where help or the version is asked for.
    pub(crate) fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let cli = Self::try_parse_from(words)?;
        if matches!(cli.command, Command::Migrate(MigrateCommand::Down { yes: false, .. })) {
            let sentence = "migrate down destroys all MFA data: say --yes to do so";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, sentence));
        }
        Ok(cli)
    }
}

/// Whether a command line that was not understood asks for JSON all the same.
pub(crate) fn asks_for_json(words: &[OsString]) -> bool {
    words.iter().skip(1).take_while(|word| *word != "--").any(|word| word == "--json")
}

impl UserArgs {
    /// Which user is meant.
    pub(crate) fn selector(self) -> UserSelector {
        match self.user_id {
            Some(id) => UserSelector::Id(UserId::new(id)),
            // One of the two is there: the group demands it.
            None => UserSelector::Login(self.email.unwrap_or_default()),
        }
    }
}

impl UserIdArgs {
    /// Which user is meant.
    pub(crate) const fn user(&self) -> UserId {
        UserId::new(self.user_id)
    }
}

#[cfg(test)]
mod tests;
