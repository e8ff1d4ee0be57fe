//! `keys generate`

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use mfa_core::{Clock as _, Entropy, EntropyError, SecretText, Timestamp};
use mfa_infra::crypto::{OsEntropy, SystemClock};
use mfa_jwt::{PrivateKey, SigningAlgorithm, check_secret_strength};
use serde_json::json;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::cli::PrivateKeyKind;
use crate::command_output::CommandOutput;
use crate::error::CliError;

/// One random key in a few hundred thousand happens to read like words and would be refused at the next start; so
/// many in a row are not random.
const TRIES: usize = 8;

/// New keys, in lines for `.env`; with a private key where access tokens are to be signed by one.
///
/// # Errors
///
/// [`CliError::Entropy`] when the system gives no randomness.
pub(super) fn generate(kind: Option<PrivateKeyKind>) -> Result<CommandOutput, CliError> {
    let mut answer = new_keys(&OsEntropy, SystemClock.now())?;
    if let Some(kind) = kind {
        add_private_key(&mut answer, kind)?;
    }
    Ok(answer)
}

/// In lines: one line, with `\n` where the PEM text breaks, for that goes through `.env`, the environment and a compose
/// file alike. In JSON: as it stands in a file of its own.
fn add_private_key(answer: &mut CommandOutput, kind: PrivateKeyKind) -> Result<(), EntropyError> {
    let algorithm = match kind {
        PrivateKeyKind::Eddsa => SigningAlgorithm::EdDsa,
        PrivateKeyKind::Es256 => SigningAlgorithm::Es256,
    };
    let pem = PrivateKey::generate(algorithm).map_err(|_| EntropyError)?;
    let line = Zeroizing::new(pem.expose().trim_end().replace('\n', "\\n"));
    let name = algorithm.as_str();
    answer.text.extend(["\nJWT_ALGORITHM=", name, "\nJWT_PRIVATE_KEYS='", &line, "'"]);
    if let Some(members) = answer.json.as_object_mut() {
        members.insert("jwt_algorithm".to_owned(), name.into());
        members.insert("jwt_private_keys".to_owned(), pem.expose().into());
    }
    Ok(())
}

fn new_keys(entropy: &dyn Entropy, now: Timestamp) -> Result<CommandOutput, EntropyError> {
    let jwt = jwt_secret(entropy)?;
    let sealing = format!("{}:{}", key_id(entropy, now)?, STANDARD.encode(random::<32>(entropy)?));
    Ok(CommandOutput {
        text: format!("JWT_SECRET_KEY={}\nMFA_ENCRYPTION_KEYS={sealing}", jwt.expose()),
        json: json!({ "jwt_secret_key": jwt.expose(), "mfa_encryption_keys": sealing }),
    })
}

/// In characters that neither a shell nor a `.env` reads anything into.
fn jwt_secret(entropy: &dyn Entropy) -> Result<SecretText, EntropyError> {
    for _ in 0..TRIES {
        let secret = SecretText::new(URL_SAFE_NO_PAD.encode(random::<32>(entropy)?));
        if check_secret_strength(&secret).is_ok() {
            return Ok(secret);
        }
    }
    Err(EntropyError)
}

/// Tells the key's age at a glance, and differs between two keys of one day.
fn key_id(entropy: &dyn Entropy, now: Timestamp) -> Result<String, EntropyError> {
    let date =
        OffsetDateTime::from_unix_timestamp(now.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH).date();
    Ok(format!("{date}-{}", HEXLOWER.encode(random::<2>(entropy)?.as_slice())))
}

fn random<const N: usize>(entropy: &dyn Entropy) -> Result<Zeroizing<[u8; N]>, EntropyError> {
    let mut bytes = Zeroizing::new([0; N]);
    entropy.fill(bytes.as_mut_slice())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mfa_core::testing::SeededEntropy;
    use mfa_infra::settings::{KeySource, Settings, Sources};

    use super::*;

    #[derive(Debug)]
    struct StuckEntropy;

    impl Entropy for StuckEntropy {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
            buffer.fill(7);
            Ok(())
        }
    }

    #[test]
    fn what_is_printed_is_a_dotenv_that_production_takes() {
        let answer = new_keys(&SeededEntropy::default(), Timestamp::from_seconds(1_795_386_600)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".env"), format!("{}\n", answer.text)).unwrap();
        let env = [("MFA_ENV", "production"), ("DATABASE_URL", "sqlite://a.db")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings =
            Settings::load(&Sources { dir: dir.path().to_owned(), env: BTreeMap::from(env) }).unwrap();

        let KeySource::Given(keys) = &settings.encryption else { panic!("the keys were given") };
        let [(id, key)] = keys.as_slice() else { panic!("one key was given") };
        assert!(id.as_str().starts_with("2026-11-22-"), "{id}");
        let sealing = format!("{id}:{}", STANDARD.encode(key.expose()));
        assert_eq!(answer.json["mfa_encryption_keys"], sealing);
        let KeySource::Given(secret) = &settings.tokens.secret else { panic!("the secret was given") };
        assert_eq!(answer.json["jwt_secret_key"], secret.expose());
    }

    #[test]
    fn a_private_key_comes_with_its_algorithm_in_lines_that_are_understood() {
        for (kind, algorithm) in [
            (PrivateKeyKind::Eddsa, SigningAlgorithm::EdDsa),
            (PrivateKeyKind::Es256, SigningAlgorithm::Es256),
        ] {
            let answer = generate(Some(kind)).unwrap();
            assert_eq!(answer.text.lines().count(), 4, "each in one line");
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(".env"), format!("{}\n", answer.text)).unwrap();
            let env = [("MFA_ENV", "production"), ("DATABASE_URL", "sqlite://a.db")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let sources = Sources { dir: dir.path().to_owned(), env: BTreeMap::from(env) };
            let tokens = Settings::load(&sources).unwrap().tokens;
            assert_eq!(tokens.algorithm.private_key_algorithm(), Some(algorithm));
            assert_eq!(answer.json["jwt_private_keys"], tokens.private_keys[0].expose());
            assert_eq!(answer.json["jwt_algorithm"], algorithm.as_str());
        }
    }

    #[test]
    fn two_keys_of_one_day_are_unlike_in_id_and_value() {
        let entropy = SeededEntropy::default();
        let now = Timestamp::from_seconds(1_795_386_600);
        let [one, other] = [0; 2].map(|_| new_keys(&entropy, now).unwrap().json);
        for name in ["jwt_secret_key", "mfa_encryption_keys"] {
            assert_ne!(one[name], other[name]);
        }
        let id = |keys: &serde_json::Value| keys["mfa_encryption_keys"].as_str().unwrap()[..15].to_owned();
        assert_ne!(id(&one), id(&other));
    }

    #[test]
    fn a_source_of_randomness_that_is_stuck_makes_no_key() {
        assert!(new_keys(&StuckEntropy, Timestamp::from_seconds(0)).is_err());
    }
}
