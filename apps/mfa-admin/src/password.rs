//! A new user's password, from standard input: an argument would be seen in the list of processes.

use std::io::{self, BufRead as _, IsTerminal as _, Read, Write as _};

use mfa_core::SecretText;
use zeroize::Zeroizing;

/// In characters (NIST SP 800-63B-4 §3.1.1.2, for a password that a second factor stands beside).
const SHORTEST: usize = 8;
/// In bytes: what a login takes.
const LONGEST: usize = 1024;
/// Read at most: the longest password, a line break, and one byte more to see that there is more.
const READ_AT_MOST: u64 = 1027;

/// A password that no user is made with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("there is no password on standard input: pipe it in, or type it")]
    Empty,
    #[error("the password is shorter than {SHORTEST} characters")]
    TooShort,
    #[error("the password is longer than {LONGEST} bytes")]
    TooLong,
    #[error("the password is not UTF-8 text")]
    NotText,
    #[error("the password holds a line break or another control character, which no login form sends")]
    ControlCharacter,
    #[error("standard input could not be read: {0}")]
    Input(#[from] io::Error),
}

/// All of standard input less a line break at its end; where that is a terminal, one line.
///
/// # Errors
///
/// [`PasswordError`], which says nothing of what was read.
pub(crate) fn from_standard_input() -> Result<SecretText, PasswordError> {
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        // Nobody who is not there can read it: then there is nothing to do about it.
        drop(writeln!(io::stderr(), "reading the password from standard input (it shows as you type):"));
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
        stdin.take(READ_AT_MOST).read_until(b'\n', &mut line)?;
        return parse(&line);
    }
    read(stdin)
}

fn read(input: impl Read) -> Result<SecretText, PasswordError> {
    // Of its final size from the start, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST.saturating_mul(2)));
    input.take(READ_AT_MOST).read_to_end(&mut bytes)?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<SecretText, PasswordError> {
    let bytes = bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line));
    if bytes.is_empty() {
        return Err(PasswordError::Empty);
    }
    if bytes.len() > LONGEST {
        return Err(PasswordError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PasswordError::NotText)?;
    if text.chars().any(char::is_control) {
        return Err(PasswordError::ControlCharacter);
    }
    if text.chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    Ok(SecretText::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(input: &str) -> Result<String, PasswordError> {
        read(input.as_bytes()).map(|password| password.expose().to_owned())
    }

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_the_password() {
        for input in ["correct horse", "correct horse\n", "correct horse\r\n"] {
            assert_eq!(of(input).unwrap(), "correct horse");
        }
        assert_eq!(of("  blanks are kept  \n").unwrap(), "  blanks are kept  ");
        assert!(matches!(of("correct horse\n\n"), Err(PasswordError::ControlCharacter)));
    }

    #[test]
    fn a_password_that_is_missing_or_short_is_refused() {
        for input in ["", "\n", "\r\n"] {
            assert!(matches!(of(input), Err(PasswordError::Empty)), "{input:?}");
        }
        assert!(matches!(of("sevench"), Err(PasswordError::TooShort)));
        assert!(matches!(of("ééééééé\n"), Err(PasswordError::TooShort)), "characters count, not bytes");
        assert!(of("éééééééé\n").is_ok());
    }

    #[test]
    fn what_no_login_could_send_is_refused() {
        assert!(matches!(of("first line\nsecond line\n"), Err(PasswordError::ControlCharacter)));
        assert!(matches!(read([0xff; 12].as_slice()), Err(PasswordError::NotText)));
        assert!(of(&format!("{}\r\n", "x".repeat(LONGEST))).is_ok());
        assert!(matches!(of(&"x".repeat(LONGEST + 1)), Err(PasswordError::TooLong)));
        assert!(matches!(of(&"x".repeat(1 << 20)), Err(PasswordError::TooLong)));
    }
}
