//! Password of a new user, read from standard input: an argument would be visible in the process list.

use std::io::{self, BufRead as _, IsTerminal as _, Read, Write as _};

use mfa_core::SecretText;
use zeroize::Zeroizing;

/// Minimum length in characters (NIST SP 800-63B-4 §3.1.1.2, for a password used with a second factor).
const MIN_CHARS: usize = 8;
/// Maximum length in bytes: the limit of the login.
const MAX_BYTES: usize = 1024;
/// Bytes to read: the longest password, a line break, and one byte to detect a longer input.
const MAX_INPUT: u64 = 1027;

/// Reason why a password cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("standard input contains no password: pipe it or type it")]
    Empty,
    #[error("the password is too short: it must have at least {MIN_CHARS} characters")]
    TooShort,
    #[error("the password is too long: it must have at most {MAX_BYTES} bytes")]
    TooLong,
    #[error("the password is not valid UTF-8")]
    NotText,
    #[error("the password contains a line break or another control character, which login forms cannot send")]
    ControlCharacter,
    #[error("cannot read the password from standard input: {0}")]
    Read(#[from] io::Error),
}

/// Reads the password from standard input, without a line break at its end; from a terminal, one line.
///
/// # Errors
///
/// [`PasswordError`], which contains nothing of the input.
pub(crate) fn from_standard_input() -> Result<SecretText, PasswordError> {
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        // A prompt that cannot be written is not needed.
        drop(writeln!(io::stderr(), "Enter the password (it is visible as you type):"));
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
        stdin.take(MAX_INPUT).read_until(b'\n', &mut line)?;
        return parse(&line);
    }
    read(stdin)
}

fn read(input: impl Read) -> Result<SecretText, PasswordError> {
    // Allocated in full at once, so that growing leaves no copy in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES.saturating_mul(2)));
    input.take(MAX_INPUT).read_to_end(&mut bytes)?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<SecretText, PasswordError> {
    let bytes = bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line));
    if bytes.is_empty() {
        return Err(PasswordError::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PasswordError::NotText)?;
    if text.chars().any(char::is_control) {
        return Err(PasswordError::ControlCharacter);
    }
    if text.chars().count() < MIN_CHARS {
        return Err(PasswordError::TooShort);
    }
    Ok(SecretText::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(input: &str) -> Result<String, PasswordError> {
        read(input.as_bytes()).map(|password| password.expose().to_owned())
    }

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_password() {
        for input in ["correct horse", "correct horse\n", "correct horse\r\n"] {
            assert_eq!(read_text(input).unwrap(), "correct horse");
        }
        assert_eq!(read_text("  blanks are kept  \n").unwrap(), "  blanks are kept  ");
        assert!(matches!(read_text("correct horse\n\n"), Err(PasswordError::ControlCharacter)));
    }

    #[test]
    fn a_missing_or_short_password_is_rejected() {
        for input in ["", "\n", "\r\n"] {
            assert!(matches!(read_text(input), Err(PasswordError::Empty)), "{input:?}");
        }
        assert!(matches!(read_text("sevench"), Err(PasswordError::TooShort)));
        assert!(
            matches!(read_text("ééééééé\n"), Err(PasswordError::TooShort)),
            "characters count, not bytes"
        );
        assert!(read_text("éééééééé\n").is_ok());
    }

    #[test]
    fn a_password_that_no_login_could_send_is_rejected() {
        assert!(matches!(read_text("first line\nsecond line\n"), Err(PasswordError::ControlCharacter)));
        assert!(matches!(read([0xff; 12].as_slice()), Err(PasswordError::NotText)));
        assert!(read_text(&format!("{}\r\n", "x".repeat(MAX_BYTES))).is_ok());
        assert!(matches!(read_text(&"x".repeat(MAX_BYTES + 1)), Err(PasswordError::TooLong)));
        assert!(matches!(read_text(&"x".repeat(1 << 20)), Err(PasswordError::TooLong)));
    }
}
