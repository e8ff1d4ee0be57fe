//! `mfa-admin`, the admin command line of NOVA MFA: `clap` to the left, the flows to the right.
//!
//! Each command opens only what it needs, does one thing through the same flows as the server, and answers in lines
//! for people or, with `--json`, in one JSON document. Exit code 0: done; 1: not done, with a sentence on standard
//! error; 2: not understood.
//!
//! It refuses to take a secret as an argument (others would see it in the list of processes), to show a stored one,
//! and to hold a rule of its own. To add a command: its arguments in `cli.rs`, a function in `commands/` that returns
//! an [`CommandOutput`](command_output::CommandOutput), and the audit event in the flow that it calls.

mod actor;
mod cli;
mod command_output;
mod commands;
mod error;
mod output;
mod password;
mod progress;
mod session;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::Cli;
use crate::error::CliError;
use crate::output::Output;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    match Cli::parse_args(&words) {
        Ok(cli) => {
            let mut screen = Output::of_process(cli.global.json);
            let done = commands::run(cli).and_then(|answer| screen.show(&answer));
            match done {
                Ok(()) => ExitCode::SUCCESS,
                Err(CliError::Partly { sentence, answer }) => {
                    screen.show_partly(&answer, &sentence);
                    ExitCode::FAILURE
                }
                // Whoever read the answer has enough of it, as `head` has; what the command did stands.
                Err(failure) if failure.is_of_a_reader_gone() => ExitCode::SUCCESS,
                Err(failure) => {
                    screen.fail(&failure);
                    ExitCode::FAILURE
                }
            }
        }
        Err(error) => {
            Output::of_process(cli::has_json_flag(&words)).explain_usage(&error);
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
