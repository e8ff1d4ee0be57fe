//! Strength check for shared secrets, which rejects placeholders and texts made of words.

use mfa_core::SecretText;
use zeroize::Zeroizing;

use crate::KeyError;

/// Minimum length of an HS256 key in bytes (RFC 7518 §3.2).
const MIN_KEY_BYTES: usize = 32;
/// Minimum number of distinct bytes. Random keys of this length have more in every usual encoding.
const MIN_DISTINCT_BYTES: usize = 8;
/// Minimum number of distinct three-byte sequences. A short text repeated several times has fewer.
const MIN_DISTINCT_TRIGRAMS: usize = 20;
/// Minimum number of character pairs for the language check.
const MIN_PAIRS: usize = 12;

/// Common placeholders in lower case, letters and digits only. Long enough not to occur by chance.
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "changethis",
    "changeit",
    "changemoi",
    "generer",
    "generate",
    "uneclealeatoire",
    "bitsici",
    "placeholder",
    "remplace",
    "replaceme",
    "replacethis",
    "replacewith",
    "insertyour",
    "yoursecret",
    "mysecret",
    "supersecret",
    "topsecret",
    "secretkey",
    "jwtsecret",
    "votrecle",
    "votresecret",
    "clesecrete",
    "motdepasse",
    "password",
    "passphrase",
    "example",
    "exemple",
    "notasecret",
    "insecure",
    "qwertyuiop",
    "azertyuiop",
    "0123456789",
    "1234567890",
    "9876543210",
    "abcdefgh",
];

/// Pairs of letters that make up three quarters of English and French text.
const COMMON_PAIRS: &str = "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le \
     ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ss et la ai qu ue ns us un el em ta tr pa pe po pr so \
     tu au eu nc ec no na ca lo ho ac ad am id il ir ol ot sh su ie ee wh ow ke ge";

/// Rejects a secret that is short, a placeholder or a text made up by a person.
///
/// Random keys pass in every usual encoding: hexadecimal, base64, base32 and concatenated UUIDs. A passphrase of
/// words is rejected at any length.
///
/// # Errors
///
/// [`KeyError::TooShort`], [`KeyError::Placeholder`] or [`KeyError::Guessable`]: reject the configuration.
pub fn check_secret_strength(secret: &SecretText) -> Result<(), KeyError> {
    let secret = secret.expose();
    if secret.len() < MIN_KEY_BYTES {
        return Err(KeyError::TooShort);
    }
    if is_placeholder(secret) {
        return Err(KeyError::Placeholder);
    }
    let bytes = secret.as_bytes();
    if has_fewer(bytes, 1, MIN_DISTINCT_BYTES) || has_fewer(bytes, 3, MIN_DISTINCT_TRIGRAMS) {
        return Err(KeyError::Guessable);
    }
    if reads_like_words(bytes) {
        return Err(KeyError::Guessable);
    }
    Ok(())
}

fn is_placeholder(secret: &str) -> bool {
    // Final capacity from the start: a growing string leaves copies in memory.
    let mut plain = Zeroizing::new(String::with_capacity(secret.len()));
    plain.extend(secret.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()));
    PLACEHOLDERS.iter().any(|word| plain.contains(word))
}

/// Returns whether the secret has fewer than `enough` distinct sequences of this length. Keeps no copy of the secret.
fn has_fewer(secret: &[u8], length: usize, enough: usize) -> bool {
    let runs = || secret.windows(length);
    let new = runs().enumerate().filter(|(at, it)| !runs().take(*at).any(|other| other == *it));
    new.take(enough).count() < enough
}

/// Returns whether at least half of the neighbouring characters are common pairs of English and French. By chance it
/// is one pair in ten; of random base64 keys a few in a million are rejected.
fn reads_like_words(secret: &[u8]) -> bool {
    // Hexadecimal has few letters, and they are common ones.
    if secret.iter().all(|it| it.is_ascii_hexdigit() || *it == b'-') {
        return false;
    }
    let (mut pairs, mut common) = (0_usize, 0_usize);
    for pair in secret.windows(2) {
        let &[first, second] = pair else { continue };
        let apart = !(first.is_ascii_alphanumeric() && second.is_ascii_alphanumeric());
        let new_word = first.is_ascii_lowercase() && second.is_ascii_uppercase();
        if apart || new_word {
            continue;
        }
        pairs = pairs.saturating_add(1);
        if is_common([first.to_ascii_lowercase(), second.to_ascii_lowercase()]) {
            common = common.saturating_add(1);
        }
    }
    pairs >= MIN_PAIRS && common.saturating_mul(2) >= pairs
}

fn is_common(pair: [u8; 2]) -> bool {
    COMMON_PAIRS.split_ascii_whitespace().any(|common| common.as_bytes() == pair)
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER};
    use mfa_core::Entropy;
    use mfa_core::testing::SeededEntropy;

    use super::*;

    fn check(secret: &str) -> Result<(), KeyError> {
        check_secret_strength(&SecretText::new(secret.to_owned()))
    }

    #[test]
    fn keys_of_less_than_32_bytes_are_refused() {
        assert_eq!(check("b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3"), Err(KeyError::TooShort));
        assert_eq!(check("b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N"), Ok(()));
    }

    #[test]
    fn placeholders_are_refused() {
        for placeholder in [
            "GENERER_UNE_CLE_ALEATOIRE_256_BITS_ICI",
            "changeme-changeme-changeme-change",
            "Change_Me_Change_Me_Change_Me_123",
            "your-secret-key-goes-here-please-0",
            "0123456789abcdef0123456789abcdef",
            "P@SSWORD-PASSWORD-1x9z-4411-kk-zz",
        ] {
            assert_eq!(check(placeholder), Err(KeyError::Placeholder), "{placeholder}");
        }
    }

    #[test]
    fn repetitions_and_small_alphabets_are_refused() {
        for weak in [
            "a".repeat(64),
            "ab".repeat(32),
            "é".repeat(32),
            "x7Kq!".repeat(8),
            "b2f7Qm1xV8s0KzJ4".repeat(2),
            "10110011100011110100110101011001".to_owned(),
        ] {
            assert_eq!(check(&weak), Err(KeyError::Guessable), "{weak}");
        }
    }

    #[test]
    fn phrases_are_refused() {
        for phrase in [
            "correct horse battery staple for our tokens",
            "nova-production-backend-2024-tokens!",
            "NovaMfaStagingEnvironmentSigningKey1",
            "this is the signing key of our company",
            "la clef de notre maison est sous le paillasson",
            "unit-test-secret-for-the-mfa-service",
            "nova-mfa-dev-secret-not-for-production",
        ] {
            assert_eq!(check(phrase), Err(KeyError::Guessable), "{phrase}");
        }
    }

    #[test]
    fn random_keys_pass_in_every_usual_spelling() {
        let entropy = SeededEntropy::default();
        for _ in 0..500 {
            let mut key = [0_u8; 32];
            entropy.fill(&mut key).unwrap();
            let hex = HEXLOWER.encode(&key);
            let uuids: Vec<String> = [&hex[..32], &hex[32..]]
                .map(|it| {
                    format!("{}-{}-{}-{}-{}", &it[..8], &it[8..12], &it[12..16], &it[16..20], &it[20..])
                })
                .into();
            for spelling in [
                BASE64.encode(&key),
                BASE64URL_NOPAD.encode(&key),
                BASE32_NOPAD.encode(&key[..20]),
                hex[..32].to_owned(),
                hex.to_uppercase(),
                hex.clone(),
                uuids.concat(),
                uuids.join("-"),
                uuids.concat().replace('-', ""),
            ] {
                assert_eq!(check(&spelling), Ok(()), "{spelling}");
            }
        }
    }
}
