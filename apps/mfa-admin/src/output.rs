//! Where answers and failures are written.

use std::io::{self, Write};

use serde_json::json;

use crate::command_output::{CommandOutput, visible};
use crate::error::CliError;

/// Standard output and standard error, and whether a program reads the first.
pub(crate) struct Output<O, E> {
    json: bool,
    out: O,
    err: E,
}

impl Output<io::Stdout, io::Stderr> {
    /// That of this process.
    pub(crate) fn of_process(json: bool) -> Self {
        Self { json, out: io::stdout(), err: io::stderr() }
    }
}

impl<O: Write, E: Write> Output<O, E> {
    /// Writes an answer.
    ///
    /// # Errors
    ///
    /// [`CliError::Output`] when nobody reads it: what the command did stands all the same.
    pub(crate) fn show(&mut self, answer: &CommandOutput) -> Result<(), CliError> {
        if answer.is_told() {
            return Ok(());
        }
        let written = if self.json {
            writeln!(self.out, "{}", answer.json)
        } else {
            writeln!(self.out, "{}", answer.text)
        };
        written.and_then(|()| self.out.flush()).map_err(CliError::Output)
    }

    /// Writes what was done, and tells beside it what was not. A program reads it in the one document.
    pub(crate) fn show_partly(&mut self, answer: &CommandOutput, sentence: &str) {
        match self.show(answer) {
            Err(failure) if !failure.is_of_a_reader_gone() => return self.fail(&failure),
            Ok(()) | Err(_) => {}
        }
        let sentence = format!("mfa-admin: {}\n", one_line(sentence));
        drop(self.err.write_all(sentence.as_bytes()));
    }

    /// Tells why a command was not done.
    pub(crate) fn fail(&mut self, failure: &CliError) {
        if let CliError::Found(found) = failure {
            // What was found is the answer, although it is not what was hoped for.
            let answer = if self.json { found.json.to_string() } else { found.text.clone() };
            drop(writeln!(self.out, "{answer}"));
            drop(writeln!(self.err, "mfa-admin: {}", one_line(&found.sentence)));
            return;
        }
        let sentence = one_line(&failure.to_string());
        self.record(failure.code(), &sentence, &format!("mfa-admin: {sentence}\n"));
    }

    /// Tells why a command line was not understood, or gives the help that it asks for.
    pub(crate) fn explain_usage(&mut self, error: &clap::Error) {
        if error.use_stderr() {
            let text = error.to_string();
            self.record("usage", &first_paragraph(&text), &text);
        } else {
            // By `clap` itself, for its colours on a terminal.
            drop(error.print());
        }
    }

    /// Where even this cannot be written there is nobody left to tell; the exit code remains.
    fn record(&mut self, code: &str, sentence: &str, text: &str) {
        if self.json {
            drop(writeln!(self.out, "{}", json!({ "error": { "code": code, "message": sentence } })));
        }
        drop(self.err.write_all(text.as_bytes()));
    }
}

/// A sentence may quote others, who break lines (libpq) or hold what would draw on the screen.
fn one_line(sentence: &str) -> String {
    visible(&sentence.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What `clap` says before it shows the usage, in one line.
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
        let mut screen = Output { json, out: Vec::new(), err: Vec::new() };
        write(&mut screen);
        (String::from_utf8(screen.out).unwrap(), String::from_utf8(screen.err).unwrap())
    }

    #[test]
    fn an_answer_is_lines_or_one_document() {
        let answer = || CommandOutput { text: "user 7 is made".to_owned(), json: json!({ "id": 7 }) };
        let lines = written(false, |screen| screen.show(&answer()).unwrap());
        assert_eq!(lines, ("user 7 is made\n".to_owned(), String::new()));
        let document = written(true, |screen| screen.show(&answer()).unwrap());
        assert_eq!(document, ("{\"id\":7}\n".to_owned(), String::new()));
    }

    #[test]
    fn a_failure_is_a_sentence_and_for_programs_a_document_too() {
        let failure = CliError::from(FlowError::NoSuchUser);
        let sentence = "mfa-admin: there is no such user\n".to_owned();
        assert_eq!(written(false, |screen| screen.fail(&failure)), (String::new(), sentence.clone()));
        let document =
            "{\"error\":{\"code\":\"not_found\",\"message\":\"there is no such user\"}}\n".to_owned();
        assert_eq!(written(true, |screen| screen.fail(&failure)), (document, sentence));
    }

    #[test]
    fn a_failure_is_one_line_whatever_it_quotes() {
        assert_eq!(one_line("no:\n\tthe server\u{1b}[2J is away\n"), "no: the server\\u{1b}[2J is away");
    }

    #[test]
    fn a_usage_error_is_a_document_of_one_line_too() {
        let error = Cli::parse_args(&["mfa-admin", "user", "show"].map(Into::into)).unwrap_err();
        let (out, err) = written(true, |screen| screen.explain_usage(&error));
        assert!(
            out.starts_with("{\"error\":{\"code\":\"usage\",\"message\":\"the following required"),
            "{out}"
        );
        assert_eq!(out.lines().count(), 1);
        assert!(err.contains("Usage: mfa-admin user show"), "{err}");
    }

    #[test]
    fn an_answer_that_nobody_reads_is_a_failure_and_no_panic() {
        struct PipeClosed;
        impl Write for PipeClosed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut screen = Output { json: true, out: PipeClosed, err: PipeClosed };
        let answer = CommandOutput { text: String::new(), json: json!({}) };
        let failure = screen.show(&answer).unwrap_err();
        assert_eq!(failure.code(), "output_failed");
        screen.fail(&failure);
    }
}
