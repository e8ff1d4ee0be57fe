//! Log files to compare: plain or compressed with gzip, files or pipes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::text_file;

/// First bytes of gzip (RFC 1952 §2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];
/// Name and first bytes of other compressed files.
const OTHER_FORMATS: [(&str, &[u8]); 5] = [
    ("xz", b"\xfd7zXZ\0"),
    ("Zstandard", b"\x28\xb5\x2f\xfd"),
    ("bzip2", b"BZh"),
    ("ZIP", b"PK\x03\x04"),
    ("ZIP", b"PK\x05\x06"),
];
/// Number of bytes that tell the format.
const MAGIC_BYTES: u64 = 6;

/// Opens a log file, which logrotate may have compressed. Its first bytes tell.
///
/// Opens it once and reads it from start to end, because a pipe cannot be read again.
///
/// # Errors
///
/// [`io::Error`] of the file, or of the kind `InvalidData` if its format is not supported.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let log = content(File::open(path)?)?;
    Ok(Box::new(NamedLog { name: path.display().to_string(), log }))
}

fn content(mut file: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut start = Vec::new();
    file.by_ref().take(MAGIC_BYTES).read_to_end(&mut start)?;
    let other = OTHER_FORMATS.iter().find(|(_, magic)| start.starts_with(magic));
    if let Some((format, _)) = other {
        let message = format!("it is compressed with {format}: decompress it first, or use gzip");
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    let is_gzip = start.starts_with(GZIP);
    let file = BufReader::new(Cursor::new(start).chain(file));
    if is_gzip {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    Ok(Box::new(text_file::skip_mark(file)?))
}

/// Log whose errors name its file.
struct NamedLog {
    name: String,
    log: Box<dyn BufRead>,
}

impl Read for NamedLog {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.log.read(buffer).map_err(|error| named(&self.name, &error))
    }
}

impl BufRead for NamedLog {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.log.fill_buf().map_err(|error| named(&self.name, &error))
    }

    fn consume(&mut self, amount: usize) {
        self.log.consume(amount);
    }
}

fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// Log of several buffers.
    fn lines() -> String {
        (0..5_000).map(|number| format!("{{\"seq\":{number}}}\n")).collect::<Vec<_>>().concat()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads the bytes from a pipe, as in `--log <(cat x.log)` and `--log /dev/stdin`.
    fn read_pipe(bytes: &[u8]) -> String {
        let (reader, mut writer) = io::pipe().unwrap();
        let bytes = bytes.to_vec();
        let writing = std::thread::spawn(move || {
            // The first byte arrives alone.
            let (first, rest) = bytes.split_at(1);
            writer.write_all(first).unwrap();
            writer.write_all(rest).unwrap();
        });
        let mut text = String::new();
        content(reader).unwrap().read_to_string(&mut text).unwrap();
        writing.join().unwrap();
        text
    }

    #[test]
    fn a_pipe_is_read_from_its_first_line_to_its_last() {
        let text = lines();
        assert_eq!(read_pipe(text.as_bytes()), text);
        assert_eq!(read_pipe(&gzip(&text)), text);
        assert_eq!(read_pipe(format!("\u{feff}{text}").as_bytes()), text);
    }

    #[test]
    fn a_truncated_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mfa.log.2.gz");
        let bytes = gzip(&lines());
        std::fs::write(&path, bytes.get(..bytes.len() / 2).unwrap()).unwrap();
        let error = open(&path).unwrap().read_to_string(&mut String::new()).unwrap_err();
        assert!(error.to_string().contains("mfa.log.2.gz: "), "{error}");
        let error = open(&path).unwrap().lines().find_map(Result::err).unwrap();
        assert!(error.to_string().contains("mfa.log.2.gz: "), "{error}");
    }

    #[test]
    fn a_file_compressed_with_another_program_is_refused() {
        for (format, magic) in OTHER_FORMATS {
            let error = content(Cursor::new([magic, b"more"].concat())).err().unwrap();
            assert!(error.to_string().contains(&format!("compressed with {format}")), "{error}");
        }
        assert!(content(Cursor::new(b"B".to_vec())).is_ok(), "a short file is text");
    }
}
