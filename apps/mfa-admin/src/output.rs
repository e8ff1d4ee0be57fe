//! Writer of command outputs and errors to standard output and standard error.

use std::io::{self, Write};

use mfa_infra::settings::SettingsError;
use serde_json::json;

use crate::command_output::{CommandOutput, visible};
use crate::error::CliError;

/// Standard output and standard error of a command, as text or JSON.
pub(crate) struct Output<O, E> {
    json: bool,
    out: O,
    err: E,
}

impl Output<io::Stdout, io::Stderr> {
    /// Creates the writer for the streams of this process.
    pub(crate) fn for_process(json: bool) -> Self {
        Self { json, out: io::stdout(), err: io::stderr() }
    }
}

impl<O: Write, E: Write> Output<O, E> {
    /// Writes the output of a command.
    ///
    /// # Errors
    ///
    /// [`CliError::WriteOutput`] if standard output fails. What the command changed stays changed.
    pub(crate) fn write(&mut self, output: &CommandOutput) -> Result<(), CliError> {
        if output.is_empty() {
            return Ok(());
        }
        let written = if self.json {
            writeln!(self.out, "{}", output.json)
        } else {
            writeln!(self.out, "{}", output.text)
        };
        written.and_then(|()| self.out.flush()).map_err(CliError::WriteOutput)
    }

    /// Writes the error of a command, after its output if there is one.
    pub(crate) fn write_error(&mut self, error: &CliError) {
        if let CliError::Unsuccessful { message, output } = error {
            match self.write(output) {
                Err(error) if !error.is_broken_pipe() => self.write_error(&error),
                // With JSON, the one document already reports the failures.
                Ok(()) | Err(_) => drop(writeln!(self.err, "mfa-admin: {}", one_line(message))),
            }
            return;
        }
        let message = one_line(&error.to_string());
        let text = match error {
            // A list has a line for each setting.
            CliError::Settings(SettingsError::Several(errors)) => {
                let lines: Vec<_> =
                    errors.iter().map(|it| format!("  - {}\n", one_line(&it.to_string()))).collect();
                format!("mfa-admin: {} settings cannot be used:\n{}", errors.len(), lines.concat())
            }
            _ => format!("mfa-admin: {message}\n"),
        };
        self.write_failure(error.code(), &message, &text);
    }

    /// Writes a usage error, or the help or version that was requested.
    pub(crate) fn write_usage_error(&mut self, error: &clap::Error) {
        if error.use_stderr() {
            let text = error.to_string();
            self.write_failure("usage", &first_paragraph(&text), &text);
        } else {
            // `clap` prints it itself, in colour on a terminal.
            drop(error.print());
        }
    }

    /// Writes the message as JSON if requested, and the text to standard error.
    ///
    /// A write error is ignored: there is no other place to report it, and the exit status remains.
    fn write_failure(&mut self, code: &str, message: &str, text: &str) {
        if self.json {
            drop(writeln!(self.out, "{}", json!({ "error": { "code": code, "message": message } })));
        }
        drop(self.err.write_all(text.as_bytes()));
    }
}

/// Joins a message to one line and escapes control characters: it may quote others, such as libpq, that break lines.
fn one_line(message: &str) -> String {
    visible(&message.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Returns the message of a `clap` error without the usage, in one line.
fn first_paragraph(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let line = lines.join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use mfa_flows::FlowError;

    use super::*;
    use crate::cli::Cli;

    fn written(json: bool, write: impl FnOnce(&mut Output<Vec<u8>, Vec<u8>>)) -> (String, String) {
        let mut output = Output { json, out: Vec::new(), err: Vec::new() };
        write(&mut output);
        (String::from_utf8(output.out).unwrap(), String::from_utf8(output.err).unwrap())
    }

    #[test]
    fn an_output_is_lines_or_one_document() {
        let user = || CommandOutput { text: "user 7 created".to_owned(), json: json!({ "id": 7 }) };
        let lines = written(false, |output| output.write(&user()).unwrap());
        assert_eq!(lines, ("user 7 created\n".to_owned(), String::new()));
        let document = written(true, |output| output.write(&user()).unwrap());
        assert_eq!(document, ("{\"id\":7}\n".to_owned(), String::new()));
    }

    #[test]
    fn an_error_is_a_message_and_with_json_also_a_document() {
        let error = CliError::from(FlowError::NoSuchUser);
        let message = "mfa-admin: user not found: check --user-id, --email or --username\n".to_owned();
        assert_eq!(written(false, |output| output.write_error(&error)), (String::new(), message.clone()));
        let document =
            "{\"error\":{\"code\":\"not_found\",\"message\":\"user not found: check --user-id, --email or --username\"}}\n".to_owned();
        assert_eq!(written(true, |output| output.write_error(&error)), (document, message));
    }

    #[test]
    fn refused_settings_have_a_line_each() {
        let refused = |name: &str| SettingsError::Unknown {
            name: name.to_owned(),
            place: ".env".to_owned(),
            nearest: "MFA_BIND".to_owned(),
        };
        let error =
            CliError::Settings(SettingsError::Several(vec![refused("MFA_BIN"), refused("MFA_BINDD")]));
        let (_, text) = written(false, |output| output.write_error(&error));
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("\n  - MFA_BINDD in .env is not a setting"), "{text}");
    }

    #[test]
    fn an_unsuccessful_command_writes_its_output_and_then_the_message() {
        let output = Box::new(CommandOutput { text: "row 1".to_owned(), json: json!({ "refused": 1 }) });
        let error = CliError::Unsuccessful { message: "1 row rejected".to_owned(), output };
        let message = "mfa-admin: 1 row rejected\n".to_owned();
        let text = written(false, |output| output.write_error(&error));
        assert_eq!(text, ("row 1\n".to_owned(), message.clone()));
        let document = written(true, |output| output.write_error(&error));
        assert_eq!(document, ("{\"refused\":1}\n".to_owned(), message));
    }

    #[test]
    fn an_error_is_one_line_whatever_it_quotes() {
        assert_eq!(one_line("no:\n\tthe server\u{1b}[2J is away\n"), "no: the server\\u{1b}[2J is away");
    }

    #[test]
    fn a_usage_error_is_a_document_of_one_line_too() {
        let error = Cli::parse_args(&["mfa-admin", "user", "show"].map(Into::into)).unwrap_err();
        let (out, err) = written(true, |output| output.write_usage_error(&error));
        assert!(
            out.starts_with("{\"error\":{\"code\":\"usage\",\"message\":\"the following required"),
            "{out}"
        );
        assert_eq!(out.lines().count(), 1);
        assert!(err.contains("Usage: mfa-admin user show"), "{err}");
    }

    #[test]
    fn a_closed_standard_output_is_an_error_without_panic() {
        struct PipeClosed;
        impl Write for PipeClosed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut output = Output { json: true, out: PipeClosed, err: PipeClosed };
        let error = output.write(&CommandOutput { text: String::new(), json: json!({}) }).unwrap_err();
        assert_eq!(error.code(), "output_failed");
        assert!(error.is_broken_pipe());
        output.write_error(&error);
    }
}
