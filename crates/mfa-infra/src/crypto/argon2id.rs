//! Argon2id (RFC 9106): hashing of new passwords and verification of stored hashes.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use data_encoding::BASE64_NOPAD;
use subtle::ConstantTimeEq;

/// Parameters of new hashes: 19 MiB, two passes, one lane (OWASP's recommendation).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LEN: usize = 16;
const OUTPUT_LEN: usize = 32;

/// Maximum parameters of a stored hash. They come from a column: without a maximum, write access to the column would be
/// enough to stop the server with one login.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 10;
const MOST_LANES: u32 = 8;

/// Parsed Argon2id hash.
#[derive(Clone)]
pub(super) struct Argon2idDigest {
    params: Params,
    version: Version,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// Reason why a PHC string is not a usable [`Argon2idDigest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argon2idParseError {
    /// The text is not a valid hash.
    Unreadable,
    /// The hash demands more memory, passes or lanes than any legitimate one.
    TooCostly,
}

impl Argon2idDigest {
    /// Hashes a password with the parameters of new hashes.
    pub(super) fn hash(
        password: &[u8],
        salt: [u8; SALT_LEN],
        memory: &HashMemory,
    ) -> Result<Self, argon2::Error> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_LEN))?;
        let mut digest = Self { params, version: Version::V0x13, salt: salt.to_vec(), output: Vec::new() };
        digest.output = digest.compute(password, OUTPUT_LEN, memory)?;
        Ok(digest)
    }

    /// Parses a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<output>`. Without `v=` the version is 16, as the
    /// PHC format defines.
    pub(super) fn parse(text: &str) -> Result<Self, Argon2idParseError> {
        let hash = PasswordHash::new(text).map_err(|_| Argon2idParseError::Unreadable)?;
        let params = Params::try_from(&hash).map_err(|_| Argon2idParseError::Unreadable)?;
        if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES
        {
            return Err(Argon2idParseError::TooCostly);
        }
        let version = hash.version.unwrap_or(Version::V0x10.into());
        let version = Version::try_from(version).map_err(|_| Argon2idParseError::Unreadable)?;
        let (salt, output) = hash.salt.zip(hash.hash).ok_or(Argon2idParseError::Unreadable)?;
        Ok(Self { params, version, salt: salt.to_vec(), output: output.as_bytes().to_vec() })
    }

    /// Whether this is the hash of a password. Compares in constant time.
    pub(super) fn matches(&self, password: &[u8], memory: &HashMemory) -> Result<bool, argon2::Error> {
        Ok(self.compute(password, self.output.len(), memory)?.ct_eq(&self.output).into())
    }

    /// Whether new hashes are stronger than this one.
    pub(super) fn is_outdated(&self) -> bool {
        self.params.m_cost() < MEMORY_KIB
            || self.params.t_cost() < PASSES
            || self.version < Version::V0x13
            || self.output.len() < OUTPUT_LEN
    }

    /// Returns the PHC string of a hash made by [`Argon2idDigest::hash`].
    pub(super) fn to_phc(&self) -> String {
        let mut text = format!("$argon2id$v={}$", u32::from(self.version));
        let params = &self.params;
        // Writing to a string does not fail.
        let _ = write!(text, "m={},t={},p={}", params.m_cost(), params.t_cost(), params.p_cost());
        for part in [&self.salt, &self.output] {
            text.push('$');
            text.push_str(&BASE64_NOPAD.encode(part));
        }
        text
    }

    fn compute(&self, password: &[u8], len: usize, memory: &HashMemory) -> Result<Vec<u8>, argon2::Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, self.version, self.params.clone());
        let mut output = vec![0_u8; len];
        memory.lend(self.params.block_count(), |blocks| {
            argon2.hash_password_into_with_memory(password, &self.salt, &mut output, blocks)
        })?;
        Ok(output)
    }
}

/// Working memory that is reused while hashes run: fresh pages cost a third more time.
///
/// When the last hash ends, all memory returns to the system, so that an idle server is small. Buffers above 19 MiB,
/// which some stored hashes demand, are freed at once.
#[derive(Default)]
pub(super) struct HashMemory(Mutex<Buffers>);

#[derive(Default)]
struct Buffers {
    kept: Vec<Vec<Block>>,
    in_use: usize,
    /// Number of times that a buffer was used, for `Debug`.
    lent: u64,
}

impl HashMemory {
    const KEPT_BLOCKS: usize = MEMORY_KIB as usize;
    /// 33 MiB. glibc may keep freed allocations of up to 32 MiB, and always returns larger ones to the system. Pages that
    /// are never written take no memory.
    const MAPPED_BLOCKS: usize = 33 * 1024;

    fn buffer() -> Vec<Block> {
        let mut buffer = Vec::with_capacity(Self::MAPPED_BLOCKS);
        buffer.resize(Self::KEPT_BLOCKS, Block::new());
        buffer
    }

    fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        if blocks > Self::KEPT_BLOCKS {
            return work(&mut vec![Block::new(); blocks]);
        }
        let kept = {
            let mut buffers = self.buffers();
            buffers.in_use = buffers.in_use.saturating_add(1);
            buffers.lent = buffers.lent.wrapping_add(1);
            buffers.kept.pop()
        };
        let mut buffer = kept.unwrap_or_else(Self::buffer);
        let outcome = work(&mut buffer);
        let mut buffers = self.buffers();
        buffers.in_use = buffers.in_use.saturating_sub(1);
        if buffers.in_use == 0 {
            buffers.kept = Vec::new();
        } else {
            buffers.kept.push(buffer);
        }
        outcome
    }
}

impl fmt::Debug for HashMemory {
    /// Writes usage counts, never the content of the buffers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Buffers { kept, in_use, lent } = &*self.buffers();
        write!(f, "Memory {{ kept: {}, in_use: {in_use}, lent: {lent} }}", kept.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_new_hash_reads_back_and_is_of_todays_strength() {
        let memory = HashMemory::default();
        let digest = Argon2idDigest::hash(b"correct horse", [7; 16], &memory).unwrap();
        let text = digest.to_phc();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{text}");
        let read = Argon2idDigest::parse(&text).unwrap();
        assert!(!read.is_outdated());
        assert!(read.matches(b"correct horse", &memory).unwrap(), "with memory that was used before");
        assert!(!read.matches(b"correct horsf", &memory).unwrap());
    }

    #[test]
    fn memory_is_used_again_while_there_is_work_and_given_back_after() {
        let memory = HashMemory::default();
        memory.lend(8, |_| {
            memory.lend(8, |_| ());
            assert_eq!(memory.buffers().kept.len(), 1);
        });
        assert_eq!(memory.buffers().kept.len(), 0);
    }

    #[test]
    fn hashes_made_elsewhere_are_understood() {
        // From the test vectors of the reference implementation (test.c of phc-winner-argon2, Argon2id).
        let memory = HashMemory::default();
        let vectors = [
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", true),
            ("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", true),
        ];
        for (text, right) in vectors {
            let digest = Argon2idDigest::parse(text).unwrap();
            assert_eq!(digest.matches(b"password", &memory).unwrap(), right, "{text}");
            assert!(digest.is_outdated(), "{text}");
        }
    }

    #[test]
    fn a_hash_that_would_stop_the_server_is_refused_before_it_runs() {
        let asks = |cost: &str| {
            Argon2idDigest::parse(&format!(
                "$argon2id$v=19${cost}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
            ))
            .err()
        };
        assert_eq!(asks("m=262144,t=10,p=8"), None);
        for cost in ["m=262145,t=1,p=1", "m=4294967295,t=1,p=1", "m=256,t=11,p=1", "m=256,t=2,p=9"] {
            assert_eq!(asks(cost), Some(Argon2idParseError::TooCostly), "{cost}");
        }
        for cost in ["m=1,t=1,p=1", "m=256,t=0,p=1", "m=x,t=1,p=1", "z=1"] {
            assert_eq!(asks(cost), Some(Argon2idParseError::Unreadable), "{cost}");
        }
        for text in [
            "$argon2id$",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
            "$argon2id$v=18$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            assert_eq!(Argon2idDigest::parse(text).err(), Some(Argon2idParseError::Unreadable), "{text}");
        }
    }
}
