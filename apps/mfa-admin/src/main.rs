//! `mfa-admin`, the admin command line of NOVA MFA: a thin layer of `clap` over `mfa-flows`.
//!
//! Each command opens only what it needs, runs the same flows as the server, and prints text or, with `--json`, one
//! JSON document. Exit status: 0 success; 1 failure, with a message on standard error; 2 usage error.
//!
//! No argument contains a secret, because arguments are visible in the process list. No command shows a stored secret
//! except `export`, and no business rule is decided here. To add a command: its arguments in `cli.rs`, a function in
//! `commands/` that returns a [`CommandOutput`](command_output::CommandOutput), and the audit event in the flow that it
//! calls.

mod actor;
mod cli;
mod column_map;
mod command_docs;
mod command_output;
mod commands;
mod confirm;
mod error;
mod otpauth_file;
mod output;
mod password;
mod progress;
mod session;
mod text_file;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::Cli;
use crate::output::Output;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    match Cli::parse_args(&args) {
        Ok(cli) => {
            let mut output = Output::for_process(cli.global.json);
            match commands::run(cli).and_then(|result| output.write(&result)) {
                Ok(()) => ExitCode::SUCCESS,
                // The reader, such as `head`, needs no more. What the command changed stays changed.
                Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
                Err(error) => {
                    output.write_error(&error);
                    ExitCode::FAILURE
                }
            }
        }
        Err(error) => {
            Output::for_process(cli::has_json_flag(&args)).write_usage_error(&error);
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
