//! Secrets that this server makes for itself in development, and keeps in `MFA_DATA_DIR`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use mfa_core::{Entropy, KeyId, SecretBytes, SecretText};
use zeroize::Zeroizing;

use super::{KeySource, Settings, SettingsError, encryption};

const JWT_SECRET_FILE: &str = "jwt-secret-key";
const ENCRYPTION_KEYS_FILE: &str = "encryption-keys";
const DEMO_PASSWORD_FILE: &str = "demo-password";

/// The keys that a server works with, given or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionedKeys {
    /// `JWT_SECRET_KEY`.
    pub jwt_secret: SecretText,
    /// `MFA_ENCRYPTION_KEYS`, the one that seals first.
    pub encryption: Vec<(KeyId, SecretBytes)>,
}

impl Settings {
    /// The keys: those that were given; those that were not, from `MFA_DATA_DIR`, made there at the first start.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when a key file cannot be made or read, or others may read it: do not start.
    pub fn keys(&self, entropy: &dyn Entropy) -> Result<ProvisionedKeys, SettingsError> {
        let jwt_secret = match &self.tokens.secret {
            KeySource::Given(secret) => secret.clone(),
            KeySource::Generated => kept(&self.data_dir, JWT_SECRET_FILE, entropy, || {
                random::<32>(entropy).map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            })?,
        };
        let encryption = match &self.encryption {
            KeySource::Given(keys) => keys.clone(),
            KeySource::Generated => {
                encryption::parse(&kept(&self.data_dir, ENCRYPTION_KEYS_FILE, entropy, || {
                    random::<32>(entropy).map(|bytes| format!("generated:{}", STANDARD.encode(bytes)))
                })?)?
            }
        };
        Ok(ProvisionedKeys { jwt_secret, encryption })
    }

    /// Whether the keys that this server makes for itself are there already.
    pub(crate) fn keys_are_made(&self) -> bool {
        self.data_dir.join(ENCRYPTION_KEYS_FILE).exists()
    }

    /// The demo user's password, made at the first start. `None`: there is no demo user.
    ///
    /// # Errors
    ///
    /// As [`Settings::keys`].
    pub fn demo_password(&self, entropy: &dyn Entropy) -> Result<Option<SecretText>, SettingsError> {
        if !self.login.demo_user {
            return Ok(None);
        }
        let typeable = || {
            let bytes = random::<10>(entropy)?;
            Ok(Zeroizing::new(BASE32_NOPAD.encode(bytes.as_slice())).to_lowercase())
        };
        kept(&self.data_dir, DEMO_PASSWORD_FILE, entropy, typeable).map(Some)
    }

    /// Makes `MFA_DATA_DIR` where it does not exist, open to its owner alone.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when the folder cannot be made.
    pub fn create_data_dir(&self) -> Result<(), SettingsError> {
        create_folder(&self.data_dir)
    }
}

fn random<const N: usize>(entropy: &dyn Entropy) -> Result<Zeroizing<[u8; N]>, io::Error> {
    let mut bytes = Zeroizing::new([0; N]);
    entropy.fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    Ok(bytes)
}

/// The secret in that file; `make` fills the file where there is none.
///
/// Two starts at once agree: each writes a file of its own and links it to the name, which only one can.
fn kept(
    folder: &Path,
    name: &str,
    entropy: &dyn Entropy,
    make: impl Fn() -> Result<String, io::Error>,
) -> Result<SecretText, SettingsError> {
    let path = folder.join(name);
    let secret = match read_private(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create_folder(folder)?;
            make()
                .map(Zeroizing::new)
                .and_then(|secret| write_once(folder, name, &secret, entropy))
                .map_err(|error| {
                    SettingsError::io(&path, "made", "let this user write to MFA_DATA_DIR", error)
                })?;
            read_private(&path)
        }
        read => read,
    };
    secret.map_err(|error| {
        let cure = match error.kind() {
            ErrorKind::PermissionDenied => format!("run chmod 600 {} as its owner", path.display()),
            _ => "take the file away to have another one made: what the old one sealed is lost".to_owned(),
        };
        SettingsError::io(&path, "used", &cure, error)
    })
}

fn create_folder(path: &Path) -> Result<(), SettingsError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| {
        SettingsError::io(path, "made", "let this user write there, or set MFA_DATA_DIR", error)
    })
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Puts the secret under its name unless another start was faster. Whole or not at all, even if the power fails.
fn write_once(folder: &Path, name: &str, secret: &str, entropy: &dyn Entropy) -> Result<(), io::Error> {
    // Chance makes the draft's name: in a container every start has the same process id.
    let draft = folder.join(format!(".{name}.{}", HEXLOWER.encode(random::<8>(entropy)?.as_slice())));
    let mut file = private_options().open(&draft)?;
    let linked = file
        .write_all(Zeroizing::new(format!("{secret}\n")).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, folder.join(name)));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_folder(folder),
    }
}

/// Makes a new name last. Only Unix can open a folder to do so.
fn sync_folder(folder: &Path) -> Result<(), io::Error> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The content of a file that nobody else may read; `PermissionDenied` where others may.
fn read_private(path: &Path) -> Result<SecretText, io::Error> {
    let mut file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = file.metadata()?.mode();
        if mode & 0o077 != 0 {
            let seen = format!("others may read it: mode {:o}", mode & 0o777);
            return Err(io::Error::new(ErrorKind::PermissionDenied, seen));
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
