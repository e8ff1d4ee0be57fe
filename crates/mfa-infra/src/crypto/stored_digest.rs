//! Formats of stored password hashes.

use std::str::FromStr;

use bcrypt::HashParts;
use mfa_core::PasswordKinds;

use super::argon2id::{Argon2idDigest, Argon2idParseError};

/// Stored password hash, by format.
pub(super) enum StoredDigest {
    /// Format of new hashes.
    Argon2id(Argon2idDigest),
    /// Format that the Python service wrote, as text.
    Bcrypt {
        /// The hash as it is stored.
        digest: String,
        /// Logarithm of the number of rounds.
        cost: u32,
    },
    /// Unknown format, or a hash that demands more work than any legitimate one.
    Unreadable,
}

impl StoredDigest {
    /// Parses a column by its prefix.
    pub(super) fn parse(column: &str) -> Self {
        if column.starts_with("$argon2id$") {
            return match Argon2idDigest::parse(column) {
                Ok(digest) => Self::Argon2id(digest),
                Err(Argon2idParseError::Unreadable | Argon2idParseError::TooCostly) => Self::Unreadable,
            };
        }
        // Reads `$2a$`, `$2b$`, `$2x$` and `$2y$`, and nothing else.
        match HashParts::from_str(column).map(|parts| parts.get_cost()) {
            Ok(cost)
                if (PasswordKinds::MIN_BCRYPT_COST..=PasswordKinds::MAX_VERIFIED_BCRYPT_COST)
                    .contains(&cost) =>
            {
                Self::Bcrypt { digest: column.to_owned(), cost }
            }
            Ok(_) | Err(_) => Self::Unreadable,
        }
    }
}

/// Verifies a password against a bcrypt hash. Only the first 72 bytes count, as in Python's passlib, which wrote these
/// hashes; a password with a NUL, which passlib rejects, never matches.
pub(super) fn bcrypt_matches(password: &[u8], digest: &str) -> Result<bool, bcrypt::BcryptError> {
    let matches = bcrypt::verify(password, digest)?;
    Ok(matches && !password.contains(&0))
}

/// Hashes a password with bcrypt, as Python's passlib does (`$2b$`). Only the first 72 bytes count.
pub(super) fn bcrypt_hash(password: &[u8], cost: u32, salt: [u8; 16]) -> Result<String, bcrypt::BcryptError> {
    Ok(bcrypt::hash_with_salt(password, cost, salt)?.to_string())
}

/// Returns a bcrypt hash of this cost that is checked only for the time it takes.
pub(super) fn bcrypt_dummy(cost: u32) -> String {
    format!("$2b${cost:02}$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_tells_the_kind() {
        let bcrypt = "12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";
        for prefix in ["$2a$", "$2b$", "$2x$", "$2y$"] {
            let text = format!("{prefix}{bcrypt}");
            assert!(matches!(StoredDigest::parse(&text), StoredDigest::Bcrypt { cost: 12, .. }), "{text}");
        }
        for text in [
            "",
            "plain",
            "$1$abc$def",
            "$2z$",
            "$pbkdf2-sha256$29000$N2YM$1t8i",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            assert!(matches!(StoredDigest::parse(text), StoredDigest::Unreadable), "{text}");
        }
        let cheap = "$2b$03$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";
        assert!(matches!(StoredDigest::parse(cheap), StoredDigest::Unreadable));
    }

    #[test]
    fn a_bcrypt_hash_that_would_take_a_day_matches_nothing() {
        let parse = |cost: u8| {
            StoredDigest::parse(&format!("$2b${cost}$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u"))
        };
        assert!(matches!(parse(31), StoredDigest::Unreadable));
        assert!(matches!(parse(17), StoredDigest::Unreadable));
        assert!(matches!(parse(16), StoredDigest::Bcrypt { cost: 16, .. }));
    }

    #[test]
    fn bcrypt_hashes_match_as_in_python() {
        // A published vector of crypt_blowfish; and of longer passwords only the first 72 bytes count.
        let vector = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert!(bcrypt_matches(b"U*U", vector).unwrap());
        assert!(!bcrypt_matches(b"U*V", vector).unwrap());
        assert!(!bcrypt_matches(b"U*U\0U*U", vector).unwrap(), "the same key stream, another password");

        let long = bcrypt::hash_with_salt([b'x'; 72], 4, [9; 16]).unwrap().to_string();
        assert!(bcrypt_matches(&[b'x'; 80], &long).unwrap());
        assert!(!bcrypt_matches(&[b'x'; 71], &long).unwrap());

        let made = bcrypt_hash(b"correct horse", 4, [7; 16]).unwrap();
        assert!(made.starts_with("$2b$04$") && bcrypt_matches(b"correct horse", &made).unwrap(), "{made}");
    }
}
