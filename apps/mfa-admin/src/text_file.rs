//! Text files from other programs: byte order marks and encodings.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

/// Content of a text file without its byte order mark.
pub(crate) type TextFile = Text<File>;

/// Text without its byte order mark.
pub(crate) type Text<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// UTF-8 byte order mark, which Windows programs write.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Opens a text file and skips a UTF-8 byte order mark.
///
/// # Errors
///
/// [`io::Error`] of the file, or of the kind `InvalidData` if it is UTF-16 or UTF-32.
pub(crate) fn open(path: &Path) -> io::Result<TextFile> {
    skip_mark(File::open(path)?)
}

/// Skips a UTF-8 byte order mark. Reads `text` from its current position, so a pipe loses nothing.
///
/// # Errors
///
/// As [`open`].
pub(crate) fn skip_mark<R: Read>(mut text: R) -> io::Result<Text<R>> {
    let mut start = Vec::with_capacity(4);
    text.by_ref().take(4).read_to_end(&mut start)?;
    let is_utf32 = matches!(
        start.as_slice(),
        [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] | [1..=255, 0, 0, 0] | [0, 0, 0, 1..=255]
    );
    // Text in UTF-8 contains no NUL. In UTF-16, every second byte of an ASCII text is one.
    let is_utf16 = !is_utf32 && start.starts_with(b"\xff\xfe")
        || start.starts_with(b"\xfe\xff")
        || matches!(start.as_slice(), [0, other, ..] | [other, 0, ..] if *other != 0);
    if is_utf16 || is_utf32 {
        let encoding = if is_utf32 { "UTF-32" } else { "UTF-16" };
        let message = format!("the file is encoded in {encoding}: save it as UTF-8");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    if start.starts_with(UTF8_MARK) {
        start.drain(..UTF8_MARK.len());
    }
    Ok(BufReader::new(Cursor::new(start).chain(text)))
}

/// Decodes UTF-8 or, for text that is none, Windows-1252, in which a French Excel saves CSV. `None` if it is neither.
pub(crate) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect::<Option<String>>().map(Cow::Owned),
    }
}

/// Characters of the bytes 0x80 to 0x9f in Windows-1252; a blank stands for an undefined byte.
const WINDOWS_1252: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

fn windows_1252(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9f => WINDOWS_1252.chars().nth(usize::from(byte & 0x1f)).filter(|it| *it != ' '),
        // The other bytes are those of Latin-1, which are the first code points.
        other => Some(char::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, bytes).unwrap();
        let mut text = String::new();
        open(&path)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn a_byte_order_mark_is_skipped_and_other_encodings_are_named() {
        for (bytes, text) in [
            (b"\xef\xbb\xbfabc".as_slice(), "abc"),
            (b"abc", "abc"),
            (b"", ""),
            (b"a", "a"),
            (b"\xef\xbb\xbf", ""),
        ] {
            assert_eq!(read(bytes).unwrap(), text);
        }
        for bytes in [b"\xff\xfe\0\0e\0\0\0".as_slice(), b"\0\0\xfe\xff", b"e\0\0\0m\0\0\0", b"\0\0\0e"] {
            let error = read(bytes).unwrap_err();
            assert!(error.to_string().contains("UTF-32"), "{error}");
        }
        for bytes in [b"\xff\xfee\0".as_slice(), b"\xfe\xff\0e", b"e\0m\0", b"\0e\0m", b"\xff\xfe"] {
            let error = read(bytes).unwrap_err();
            assert!(error.to_string().contains("UTF-16"), "{error}");
        }
    }

    #[test]
    fn text_that_is_no_utf_8_is_windows_1252() {
        assert_eq!(decode("é€".as_bytes()).as_deref(), Some("é€"));
        assert_eq!(decode(b"Zo\xe9, 5 \x80 \x9c\x9f").as_deref(), Some("Zoé, 5 € œŸ"));
        for undefined in [0x81, 0x8d, 0x8f, 0x90, 0x9d] {
            assert_eq!(decode(&[b'a', undefined]), None, "{undefined:x}");
        }
        assert_eq!(WINDOWS_1252.chars().count(), 32);
    }
}
