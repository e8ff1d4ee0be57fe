//! Implementation of the commands, one module each.

mod access_pass;
mod audit;
mod authenticator;
mod config;
mod doctor;
mod encryption_keys;
mod keys;
mod migrate;
mod nova;
mod recovery;
mod session;
mod token;
mod transfer;
mod user;

use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};

use crate::cli::{Cli, Command, ConfigCommand, ExportCommand, ImportCommand, KeysCommand};
use crate::command_docs;
use crate::command_output::{CommandOutput, visible};
use crate::error::CliError;

/// Runs the command.
///
/// # Errors
///
/// [`CliError`] with a message that names the cause.
pub(crate) fn run(cli: Cli) -> Result<CommandOutput, CliError> {
    if let Some(dir) = &cli.global.dir {
        std::env::set_current_dir(dir)
            .map_err(|error| CliError::ChangeDirectory { dir: dir.display().to_string(), error })?;
    }
    run_command(cli).map_err(|error| error.with_role(role))
}

/// Returns the role of `DATABASE_URL`, for an error.
fn role() -> Option<String> {
    let settings = Sources::from_process().and_then(|sources| Settings::load(&sources)).ok()?;
    Mfa::location(&settings).role()
}

fn run_command(cli: Cli) -> Result<CommandOutput, CliError> {
    let reason = cli.global.reason;
    match cli.command {
        Command::Migrate(command) => migrate::run(&command, settings()?, reason.as_deref()),
        Command::User(command) => user::run(command, settings()?, reason),
        Command::Session(command) => session::run(command, settings()?, reason),
        Command::Token(command) => token::run(command, settings()?, reason),
        Command::Audit(command) => audit::run(command, settings()?, reason, cli.global.json),
        Command::Authenticator(command) => authenticator::run(command, settings()?, reason),
        Command::Recovery(command) => recovery::run(command, settings()?, reason),
        Command::AccessPass(command) => access_pass::run(command, settings()?, reason),
        // Reads no settings: the first ones are incomplete without these keys.
        Command::Keys(KeysCommand::Generate { algorithm }) => keys::generate(algorithm),
        // Reports invalid settings like any other problem.
        Command::Doctor => doctor::run(Sources::from_process().and_then(|it| Settings::load(&it))),
        Command::Keys(KeysCommand::Status) => encryption_keys::status(settings()?, reason),
        Command::Keys(KeysCommand::Rotate) => encryption_keys::rotate(settings()?, reason),
        Command::Import(ImportCommand::Otpauth(args)) => transfer::import(&args, settings()?, reason),
        Command::Import(ImportCommand::NovaPython(args)) => nova::run(&args, settings()?, reason),
        Command::Export(ExportCommand::Otpauth { file }) => transfer::export(&file, settings()?, reason),
        Command::Export(ExportCommand::NovaPython { file }) => nova::export(&file, settings()?, reason),
        Command::Config(ConfigCommand::Show) => Ok(config::show(&settings()?)),
        Command::Completions { shell } => Ok(command_docs::completions(shell)),
        Command::Man { dir } => command_docs::manual_pages(&dir),
    }
}

/// Loads the settings. Files with secrets that every user can access are refused in production, and named otherwise.
fn settings() -> Result<Settings, CliError> {
    let settings = Settings::load(&Sources::from_process()?)?;
    for file in settings.exposed_files() {
        eprintln!("warning: {}: {}", visible(&file.detail()), visible(&file.remedy()));
    }
    Ok(settings)
}
