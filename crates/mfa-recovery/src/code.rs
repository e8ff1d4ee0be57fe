//! Recovery codes in plaintext.

use std::fmt;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use mfa_core::{Entropy, EntropyError, SecretText};
use zeroize::Zeroizing;

/// Random bytes of a code: 80 bits. NIST SP 800-63B-4 §4.2.1.1 requires 64, which remain even for someone who has the
/// key of the 16-bit tag.
const CODE_BYTES: usize = 10;
/// Characters of a code, five bits each.
pub(crate) const CHARACTERS: usize = 16;
/// Characters between two dashes in the displayed form.
const GROUP: usize = 4;

/// Crockford's base32: digits and lower-case letters without `i`, `l`, `o` and `u`.
static CROCKFORD: LazyLock<Encoding> = LazyLock::new(crockford);

#[expect(clippy::expect_used, reason = "the alphabet is fixed, and has 32 different ASCII characters")]
fn crockford() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.encoding().expect("32 different characters are an alphabet")
}

/// Plaintext recovery code: 80 random bits. The stored form is [`mfa_core::RecoveryCode`].
///
/// Redacted in `Debug`, erased when dropped, compared in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainCode(SecretText);

impl PlainCode {
    pub(crate) fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0_u8; CODE_BYTES]);
        entropy.fill(bytes.as_mut_slice())?;
        Ok(Self(SecretText::new(CROCKFORD.encode(bytes.as_slice()))))
    }

    /// Wraps 16 characters of the alphabet. The caller must have checked them.
    pub(crate) const fn from_canonical(text: SecretText) -> Self {
        Self(text)
    }

    /// Returns the canonical spelling that is hashed: 16 characters, lower case, no dashes.
    pub(crate) const fn canonical(&self) -> &SecretText {
        &self.0
    }

    /// Returns the displayed form `xxxx-xxxx-xxxx-xxxx`.
    pub fn to_display(&self) -> SecretText {
        // Final capacity from the start: a growing string leaves copies in memory.
        let mut shown = String::with_capacity(CHARACTERS.saturating_add(CHARACTERS / GROUP));
        for (place, character) in self.0.expose().chars().enumerate() {
            if place > 0 && place.is_multiple_of(GROUP) {
                shown.push('-');
            }
            shown.push(character);
        }
        SecretText::new(shown)
    }
}

impl fmt::Debug for PlainCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Always returns the same bytes.
    #[derive(Debug)]
    struct Fixed([u8; CODE_BYTES]);

    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
            buffer.copy_from_slice(&self.0);
            Ok(())
        }
    }

    fn shown(bytes: [u8; CODE_BYTES]) -> String {
        PlainCode::draw(&Fixed(bytes)).unwrap().to_display().expose().to_owned()
    }

    #[test]
    fn eighty_bits_are_sixteen_characters_in_groups_of_four() {
        assert_eq!(shown([0; CODE_BYTES]), "0000-0000-0000-0000");
        assert_eq!(shown([0xff; CODE_BYTES]), "zzzz-zzzz-zzzz-zzzz");
        // Five bits a character: 0, 1, 2 … 15, then the other half of the alphabet.
        assert_eq!(
            shown([0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]),
            "0123-4567-89ab-cdef"
        );
        assert_eq!(
            shown([0x84, 0x65, 0x3a, 0x56, 0xd7, 0xc6, 0x75, 0xbe, 0x77, 0xdf]),
            "ghjk-mnpq-rstv-wxyz"
        );
    }

    #[test]
    fn debug_shows_nothing_of_a_code() {
        let code = PlainCode::draw(&Fixed([0xff; CODE_BYTES])).unwrap();
        assert_eq!(format!("{code:?}"), "[redacted]");
    }
}
