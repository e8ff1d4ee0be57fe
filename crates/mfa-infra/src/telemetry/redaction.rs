//! Masking of values by the name of their key.

use std::fmt::Arguments;

use slog::{KV, Key, OwnedKVList, Record, Serializer};

/// Words in a key whose value is masked.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwords",
    "secret",
    "secrets",
    "token",
    "tokens",
    "code",
    "codes",
    "otp",
    "authorization",
    "cookie",
];
const MASK: &str = "***";

/// Key-values of a record and then of its logger, masked if a word of the key denotes a secret (`password`,
/// `mfa_token`, `Authorization`).
///
/// This is the second line of defence; secret types with an empty `Debug` are the first. It masks broadly: name an HTTP
/// status `status`, not `status_code`, which contains `code`.
pub(super) struct MaskedValues<'a> {
    pub(super) record: &'a Record<'a>,
    pub(super) logger: &'a OwnedKVList,
}

impl KV for MaskedValues<'_> {
    fn serialize(&self, record: &Record<'_>, serializer: &mut dyn Serializer) -> slog::Result {
        let mut masking = Masking(serializer);
        self.record.kv().serialize(record, &mut masking)?;
        self.logger.serialize(record, &mut masking)
    }
}

fn is_secret(key: &str) -> bool {
    key.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| SECRET_WORDS.iter().any(|secret| word.eq_ignore_ascii_case(secret)))
}

struct Masking<'a>(&'a mut dyn Serializer);

macro_rules! mask_or_forward {
    ($($emit:ident: $value:ty),+ $(,)?) => {$(
        fn $emit(&mut self, key: Key, value: $value) -> slog::Result {
            if is_secret(key) { self.0.emit_str(key, MASK) } else { self.0.$emit(key, value) }
        }
    )+};
}

impl Serializer for Masking<'_> {
    mask_or_forward! {
        emit_usize: usize, emit_isize: isize, emit_bool: bool, emit_char: char,
        emit_u8: u8, emit_i8: i8, emit_u16: u16, emit_i16: i16, emit_u32: u32, emit_i32: i32,
        emit_u64: u64, emit_i64: i64, emit_u128: u128, emit_i128: i128, emit_f32: f32, emit_f64: f64,
        emit_str: &str, emit_arguments: &Arguments<'_>,
    }

    // The absence of a value is not secret.
    fn emit_none(&mut self, key: Key) -> slog::Result {
        self.0.emit_none(key)
    }

    fn emit_unit(&mut self, key: Key) -> slog::Result {
        self.0.emit_unit(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_secret_by_any_word_of_its_name() {
        for key in
            ["password", "Authorization", "mfa_token", "otp", "new-password", "recovery_codes", "totp.secret"]
        {
            assert!(is_secret(key), "{key}");
        }
        for key in ["user_id", "status", "decoded", "tokenizer", "key_id", "retry_after", ""] {
            assert!(!is_secret(key), "{key}");
        }
    }
}
