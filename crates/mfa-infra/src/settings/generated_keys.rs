//! Secrets that the server generates in development and stores in `MFA_DATA_DIR`.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use mfa_core::{Entropy, KeyId, SecretBytes, SecretText};
use mfa_jwt::check_secret_strength;
use zeroize::Zeroizing;

use super::encryption;
use super::error::SettingsError;
use super::key_source::KeySource;
use super::load::Settings;
use crate::new_file;

const JWT_SECRET_FILE: &str = "jwt-secret-key";
const ENCRYPTION_KEYS_FILE: &str = "encryption-keys";
const DEMO_PASSWORD_FILE: &str = "demo-password";

/// Remedy for a file of encryption keys that cannot be used.
const LOST_KEYS: &str = "restore it from a backup; if nothing was enrolled yet, delete the file and move the database \
                         away to start with an empty one";

/// Keys that the server uses, configured or generated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvisionedKeys {
    /// Key that signs pending tokens (`JWT_SECRET_KEY`).
    pub jwt_secret: SecretText,
    /// Encryption keys (`MFA_ENCRYPTION_KEYS`); the first one seals.
    pub encryption: Vec<(KeyId, SecretBytes)>,
}

impl Settings {
    /// Returns the keys: configured ones, or those in `MFA_DATA_DIR`, which are generated at the first start.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if a key file cannot be created or read, or if other users can read it: do not start.
    pub fn keys(&self, entropy: &dyn Entropy) -> Result<ProvisionedKeys, SettingsError> {
        let jwt_secret = match &self.tokens.secret {
            KeySource::Given(secret) => secret.clone(),
            KeySource::Generated => {
                let secret = load_or_create(&self.data_dir, JWT_SECRET_FILE, entropy, || {
                    random::<32>(entropy).map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
                })?;
                check_secret_strength(&secret).map_err(|error| {
                    let file = self.data_dir.join(JWT_SECRET_FILE).display().to_string();
                    let problem = format!("contains no usable key ({error})");
                    SettingsError::content(&file, problem, "delete the file to generate a new one")
                })?;
                secret
            }
        };
        let encryption = match &self.encryption {
            KeySource::Given(keys) => keys.clone(),
            KeySource::Generated => {
                let text = load_or_create(&self.data_dir, ENCRYPTION_KEYS_FILE, entropy, || {
                    random::<32>(entropy).map(|bytes| format!("generated:{}", STANDARD.encode(bytes)))
                })?;
                encryption::parse(&text).map_err(|problem| {
                    let file = self.generated_keys_path().display().to_string();
                    SettingsError::content(&file, problem, LOST_KEYS)
                })?
            }
        };
        Ok(ProvisionedKeys { jwt_secret, encryption })
    }

    /// Returns whether the generated encryption keys exist already.
    pub(crate) fn generated_keys_exist(&self) -> bool {
        may_exist(&self.generated_keys_path())
    }

    /// Returns the path of the generated encryption keys.
    pub(crate) fn generated_keys_path(&self) -> PathBuf {
        self.data_dir.join(ENCRYPTION_KEYS_FILE)
    }

    /// Returns whether the demo user's password exists already.
    pub(crate) fn demo_password_exists(&self) -> bool {
        may_exist(&self.demo_password_path())
    }

    /// Returns the path of the demo user's password.
    pub(crate) fn demo_password_path(&self) -> PathBuf {
        self.data_dir.join(DEMO_PASSWORD_FILE)
    }

    /// Returns the demo user's password, generated at the first start; `None` if there is no demo user.
    ///
    /// # Errors
    ///
    /// As [`Settings::keys`].
    pub fn demo_password(&self, entropy: &dyn Entropy) -> Result<Option<SecretText>, SettingsError> {
        if !self.login.demo_user {
            return Ok(None);
        }
        let generate = || {
            let bytes = random::<10>(entropy)?;
            Ok(Zeroizing::new(BASE32_NOPAD.encode(bytes.as_slice())).to_lowercase())
        };
        load_or_create(&self.data_dir, DEMO_PASSWORD_FILE, entropy, generate).map(Some)
    }

    /// Creates `MFA_DATA_DIR` if it does not exist, accessible to its owner only.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if the folder cannot be created.
    pub fn create_data_dir(&self) -> Result<(), SettingsError> {
        create_folder(&self.data_dir)
    }
}

/// Returns whether a file is there. One in a folder without access counts too: its own error names the cause.
fn may_exist(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

fn random<const N: usize>(entropy: &dyn Entropy) -> Result<Zeroizing<[u8; N]>, io::Error> {
    let mut bytes = Zeroizing::new([0; N]);
    entropy.fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Returns the secret in the file `name`; creates the file with `generate` if it does not exist.
///
/// Concurrent starts agree on one secret: each writes a temporary file and hard-links it to `name`, which succeeds
/// only once.
fn load_or_create(
    folder: &Path,
    name: &str,
    entropy: &dyn Entropy,
    generate: impl Fn() -> Result<String, io::Error>,
) -> Result<SecretText, SettingsError> {
    let path = folder.join(name);
    let secret = match read_private(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create_folder(folder)?;
            generate()
                .map(Zeroizing::new)
                .and_then(|secret| write_once(folder, name, &secret, entropy))
                .map_err(|error| {
                    SettingsError::io(&path, "created", "give this user write access to MFA_DATA_DIR", error)
                })?;
            read_private(&path)
        }
        read => read,
    };
    secret.map_err(|error| {
        if error.kind() == ErrorKind::NotADirectory {
            return not_a_folder(folder);
        }
        let remedy = match error.kind() {
            // The operating system has refused the access.
            ErrorKind::PermissionDenied if error.raw_os_error().is_some() => {
                "run this program as the owner of the file and of its folder, or set MFA_DATA_DIR".to_owned()
            }
            ErrorKind::PermissionDenied => format!("run chmod 600 {} as its owner", path.display()),
            // The start refuses a new encryption key if the database knows the former one.
            _ if name == ENCRYPTION_KEYS_FILE => LOST_KEYS.to_owned(),
            // The start then gives the demo user the new password.
            _ if name == DEMO_PASSWORD_FILE => {
                "delete the file: the next start gives the demo user a new password".to_owned()
            }
            _ => "delete the file to generate a new one".to_owned(),
        };
        SettingsError::io(&path, "used", &remedy, error)
    })
}

fn create_folder(path: &Path) -> Result<(), SettingsError> {
    new_file::create_folder(path, 0o700).map_err(|error| {
        // A file, or a link to nowhere.
        if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) {
            return not_a_folder(path);
        }
        SettingsError::io(path, "created", "give this user write access there, or set MFA_DATA_DIR", error)
    })
}

fn not_a_folder(path: &Path) -> SettingsError {
    let remedy = "remove it, or set MFA_DATA_DIR to a folder";
    SettingsError::content(&path.display().to_string(), "is not a folder", remedy)
}

/// Writes the secret to the file `name` unless it exists. Atomic, even after a power failure.
fn write_once(folder: &Path, name: &str, secret: &str, entropy: &dyn Entropy) -> Result<(), io::Error> {
    // The temporary name is random: in a container every start has the same process id.
    let temporary = folder.join(format!(".{name}.{}", HEXLOWER.encode(random::<8>(entropy)?.as_slice())));
    let mut file = new_file::create(&temporary, 0o600)?;
    let linked = file
        .write_all(Zeroizing::new(format!("{secret}\n")).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&temporary, folder.join(name)));
    fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder(folder),
    }
}

/// Makes a new directory entry durable. Only Unix can open a folder to do so.
fn sync_folder(folder: &Path) -> Result<(), io::Error> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Returns the content of a file; `PermissionDenied` if other users can read it.
fn read_private(path: &Path) -> Result<SecretText, io::Error> {
    let mut file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = file.metadata()?.mode();
        if mode & 0o077 != 0 {
            let problem = format!("other users can read it: mode {:o}", mode & 0o777);
            return Err(io::Error::new(ErrorKind::PermissionDenied, problem));
        }
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text)?;
    let secret = text.trim_end();
    if secret.is_empty() {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is empty"));
    }
    Ok(SecretText::new(secret.to_owned()))
}
