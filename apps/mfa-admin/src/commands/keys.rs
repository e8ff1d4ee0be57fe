//! Command `keys generate`.

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

/// Attempts to generate a secret. One in a few hundred thousand resembles words and would be rejected at the next
/// start; this many in a row means that the randomness is broken.
const MAX_ATTEMPTS: usize = 8;

/// Generates keys as lines for `.env`, with a private key for access tokens if `kind` is given.
///
/// # Errors
///
/// [`CliError::Entropy`] if the system has no randomness.
pub(super) fn generate(kind: Option<PrivateKeyKind>) -> Result<CommandOutput, CliError> {
    let mut output = new_keys(&OsEntropy, SystemClock.now())?;
    if let Some(kind) = kind {
        add_private_key(&mut output, kind)?;
    }
    Ok(output)
}

/// Adds a private key in PEM.
///
/// As text, it is one line with `\n` for each line break, which `.env`, the environment and a compose file all accept.
/// In JSON, it has the line breaks of a PEM file.
fn add_private_key(output: &mut CommandOutput, kind: PrivateKeyKind) -> Result<(), EntropyError> {
    let algorithm = match kind {
        PrivateKeyKind::Eddsa => SigningAlgorithm::EdDsa,
        PrivateKeyKind::Es256 => SigningAlgorithm::Es256,
    };
    let pem = PrivateKey::generate(algorithm).map_err(|_| EntropyError)?;
    let line = Zeroizing::new(pem.expose().trim_end().replace('\n', "\\n"));
    let name = algorithm.as_str();
    output.text.extend(["\nJWT_ALGORITHM=", name, "\nJWT_PRIVATE_KEYS='", &line, "'"]);
    if let Some(members) = output.json.as_object_mut() {
        members.insert("jwt_algorithm".to_owned(), name.into());
        members.insert("jwt_private_keys".to_owned(), pem.expose().into());
    }
    Ok(())
}

fn new_keys(entropy: &dyn Entropy, now: Timestamp) -> Result<CommandOutput, EntropyError> {
    let jwt = jwt_secret(entropy)?;
    let encryption_key = format!("{}:{}", key_id(entropy, now)?, STANDARD.encode(random::<32>(entropy)?));
    Ok(CommandOutput {
        text: format!("JWT_SECRET_KEY={}\nMFA_ENCRYPTION_KEYS={encryption_key}", jwt.expose()),
        json: json!({ "jwt_secret_key": jwt.expose(), "mfa_encryption_keys": encryption_key }),
    })
}

/// Generates a token secret in characters without a special meaning in a shell or in `.env`.
fn jwt_secret(entropy: &dyn Entropy) -> Result<SecretText, EntropyError> {
    for _ in 0..MAX_ATTEMPTS {
        let secret = SecretText::new(URL_SAFE_NO_PAD.encode(random::<32>(entropy)?));
        if check_secret_strength(&secret).is_ok() {
            return Ok(secret);
        }
    }
    Err(EntropyError)
}

/// Generates a key id: the date, which shows the age of the key, and a random part for two keys of one day.
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

    fn write_dotenv(folder: &std::path::Path, output: &CommandOutput) {
        use std::os::unix::fs::PermissionsExt as _;

        let path = folder.join(".env");
        std::fs::write(&path, format!("{}\n", output.text)).unwrap();
        // As production requires.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[test]
    fn the_output_is_a_dotenv_that_production_accepts() {
        let output = new_keys(&SeededEntropy::default(), Timestamp::from_seconds(1_795_386_600)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        write_dotenv(dir.path(), &output);
        let env = [("MFA_ENV", "production"), ("DATABASE_URL", "sqlite://a.db")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings =
            Settings::load(&Sources { dir: dir.path().to_owned(), env: BTreeMap::from(env) }).unwrap();

        let KeySource::Given(keys) = &settings.encryption else { panic!("the keys were given") };
        let [(id, key)] = keys.as_slice() else { panic!("one key was given") };
        assert!(id.as_str().starts_with("2026-11-22-"), "{id}");
        let encryption_key = format!("{id}:{}", STANDARD.encode(key.expose()));
        assert_eq!(output.json["mfa_encryption_keys"], encryption_key);
        let KeySource::Given(secret) = &settings.tokens.secret else { panic!("the secret was given") };
        assert_eq!(output.json["jwt_secret_key"], secret.expose());
    }

    #[test]
    fn a_private_key_and_its_algorithm_are_lines_that_the_settings_accept() {
        for (kind, algorithm) in [
            (PrivateKeyKind::Eddsa, SigningAlgorithm::EdDsa),
            (PrivateKeyKind::Es256, SigningAlgorithm::Es256),
        ] {
            let output = generate(Some(kind)).unwrap();
            assert_eq!(output.text.lines().count(), 4, "one line each");
            let dir = tempfile::tempdir().unwrap();
            write_dotenv(dir.path(), &output);
            let env = [("MFA_ENV", "production"), ("DATABASE_URL", "sqlite://a.db")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let sources = Sources { dir: dir.path().to_owned(), env: BTreeMap::from(env) };
            let tokens = Settings::load(&sources).unwrap().tokens;
            assert_eq!(tokens.algorithm.private_key_algorithm(), Some(algorithm));
            assert_eq!(output.json["jwt_private_keys"], tokens.private_keys[0].expose());
            assert_eq!(output.json["jwt_algorithm"], algorithm.as_str());
        }
    }

    #[test]
    fn two_keys_of_one_day_differ_in_id_and_value() {
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
    fn broken_randomness_is_an_error() {
        assert!(new_keys(&StuckEntropy, Timestamp::from_seconds(0)).is_err());
    }
}
