//! Question before a command that cannot be undone.

use std::io::{self, BufRead, IsTerminal as _, Write};

use crate::error::CliError;

/// Asks for confirmation if standard input is a terminal and `--yes` is not given. Scripts are not asked.
///
/// # Errors
///
/// [`CliError::NotConfirmed`]: nothing was changed.
pub(crate) fn confirm(yes: bool, question: &str) -> Result<(), CliError> {
    let stdin = io::stdin().lock();
    if yes || !stdin.is_terminal() {
        return Ok(());
    }
    ask(stdin, io::stderr(), question)
}

/// Asks for confirmation of a change of many users, unless `--yes` is given. A script answers on standard input.
///
/// # Errors
///
/// [`CliError::NotConfirmed`]: nothing was changed.
pub(crate) fn confirm_many(yes: bool, question: &str) -> Result<(), CliError> {
    if yes { Ok(()) } else { ask(io::stdin().lock(), io::stderr(), question) }
}

fn ask(mut answers: impl BufRead, mut terminal: impl Write, question: &str) -> Result<(), CliError> {
    let mut answer = String::new();
    // A question that cannot be shown or answered is not confirmed.
    let asked = write!(terminal, "{question} [y/N] ").and_then(|()| terminal.flush());
    let answered = asked.and_then(|()| answers.read_line(&mut answer));
    let is_yes = ["y", "yes", "o", "oui"].contains(&answer.trim().to_lowercase().as_str());
    if answered.is_ok() && is_yes { Ok(()) } else { Err(CliError::NotConfirmed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_confirmed_by(answer: &[u8]) -> bool {
        let mut terminal = Vec::new();
        let result = ask(answer, &mut terminal, "Reset user 7?");
        assert_eq!(terminal, b"Reset user 7? [y/N] ");
        match result {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.code(), "not_confirmed");
                false
            }
        }
    }

    #[test]
    fn only_yes_confirms() {
        for yes in [&b"y\n"[..], b"Yes\r\n", b"YES", b"oui\n"] {
            assert!(is_confirmed_by(yes));
        }
        for no in [&b""[..], b"\n", b"n\n", b"no\n", b"yep\n", b"y y\n", b"\xff\n"] {
            assert!(!is_confirmed_by(no), "{no:?}");
        }
    }

    #[test]
    fn yes_on_the_command_line_asks_nothing() {
        assert!(confirm(true, "Reset user 7?").is_ok());
        assert!(confirm_many(true, "Reset 7 users?").is_ok());
    }
}
