//! Import and export of TOTP secrets, from and to other systems.

use mfa_core::{
    Account, CipherError, EventKind, FactorKind, Phase, SealedColumn, SecretCipher, SecretText, Timestamp,
    TotpAppRef, TotpState, UserId,
};
use mfa_totp::{ImportedSecret, Parameters, Provisioning};

use crate::admin::admin_event;
use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

/// TOTP secret to import.
#[derive(Clone, Debug)]
pub struct TotpImport {
    /// User that receives it.
    pub user: UserId,
    /// Secret key and parameters of the app.
    pub app: ImportedSecret,
    /// Whether the import just created the user.
    pub user_is_new: bool,
}

/// Result of importing a TOTP secret.
///
/// Exhaustive, so that the report counts each outcome.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpImportOutcome {
    /// The secret is enabled.
    Done,
    /// The same secret was enabled already.
    Already,
    /// Another secret is enabled, and unchanged.
    Occupied,
}

/// Authenticator apps of an account, for another system.
#[derive(Clone, Debug)]
pub struct TotpExport {
    /// E-mail address.
    pub email: String,
    /// User name.
    pub username: String,
    /// `otpauth` URI of each app.
    pub uris: Vec<SecretText>,
}

/// Factors of an account in the form of the Python service.
#[derive(Clone, Debug)]
pub struct LegacyExport {
    /// User.
    pub user: UserId,
    /// E-mail address.
    pub email: String,
    /// User name.
    pub username: String,
    /// Enabled TOTP secret in base32, of the first app with SHA-1, six digits and 30 seconds.
    pub totp_secret: Option<SecretText>,
    /// Verified phone number in E.164.
    pub phone_number: Option<SecretText>,
    /// bcrypt hashes of the unused recovery codes that were imported.
    pub recovery_codes: Vec<SecretText>,
    /// Number of other authenticator apps. The Python service has one, with these parameters.
    pub apps_left_behind: usize,
    /// Number of passkeys. The Python service verifies none.
    pub passkeys_left_behind: usize,
    /// Number of unused recovery codes that were generated here. Only this product can verify them.
    pub codes_left_behind: usize,
}

impl Flows {
    /// Returns a user's factors in the form of the Python service, or `None` if the account has none or does not exist.
    /// The export is stored as an event before it is returned.
    ///
    /// # Errors
    ///
    /// [`FlowError::Cipher`] if a value cannot be unsealed; [`FlowError::Store`].
    pub async fn export_legacy(
        &self,
        call: &AdminCall,
        user: UserId,
    ) -> Result<Option<LegacyExport>, FlowError> {
        let event = admin_event(call, EventKind::AdminExport, self.now());
        let cipher = self.ports.cipher.clone();
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            let export = legacy_export(account, cipher.as_ref())?;
            if export.is_some() {
                account.record(event.clone());
            }
            Ok::<_, CipherError>(export)
        });
        Ok(decided.await?.transpose()?.flatten())
    }

    /// Enables a secret that the user's app holds already. No code confirms it and no recovery codes are created. As with
    /// every new factor, all sessions end.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::Cipher`] if the enabled secret cannot be unsealed; [`FlowError::Store`].
    pub async fn import_totp(
        &self,
        call: &AdminCall,
        import: TotpImport,
    ) -> Result<TotpImportOutcome, FlowError> {
        let now = self.now();
        let cipher = self.ports.cipher.clone();
        let event = |kind| admin_event(call, kind, now);
        let (created, imported) =
            (event(EventKind::AdminUserCreate), event(EventKind::AdminImport).with_method(FactorKind::Totp));
        let decided = self.ports.accounts.update(import.user, Phase::Begin, move |account| {
            let outcome = enable_secret(account, &import.app, now, cipher.as_ref())?;
            if import.user_is_new {
                account.record(created.clone());
            }
            if outcome == TotpImportOutcome::Done {
                account.record(imported.clone());
            }
            Ok::<_, CipherError>(outcome)
        });
        Ok(decided.await?.ok_or(FlowError::NoSuchUser)??)
    }

    /// Returns what [`Flows::import_totp`] would return; changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Flows::import_totp`].
    pub async fn preview_totp_import(&self, import: TotpImport) -> Result<TotpImportOutcome, FlowError> {
        let mut account = self.ports.accounts.find(import.user).await?.ok_or(FlowError::NoSuchUser)?;
        Ok(enable_secret(&mut account, &import.app, self.now(), self.ports.cipher.as_ref())?)
    }

    /// Returns a user's enabled secrets as `otpauth` URIs, or `None` if there is no such secret or user. The export is
    /// stored as an event before it is returned.
    ///
    /// # Errors
    ///
    /// [`FlowError::Cipher`] if the secret cannot be unsealed; [`FlowError::Store`].
    pub async fn export_totp(&self, call: &AdminCall, user: UserId) -> Result<Option<TotpExport>, FlowError> {
        let event = admin_event(call, EventKind::AdminExport, self.now()).with_method(FactorKind::Totp);
        let cipher = self.ports.cipher.clone();
        let issuer = self.policy.issuer.clone();
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            if !account.has_totp() {
                return Ok(None);
            }
            let apps = unsealed_apps(account, cipher.as_ref())?;
            let export = TotpExport {
                email: account.email.clone(),
                username: account.username.clone(),
                uris: apps.iter().map(|app| uri(&issuer, account, app)).collect(),
            };
            account.record(event.clone());
            Ok::<_, CipherError>(Some(export))
        });
        Ok(decided.await?.transpose()?.flatten())
    }
}

fn legacy_export(account: &Account, cipher: &dyn SecretCipher) -> Result<Option<LegacyExport>, CipherError> {
    let apps = unsealed_apps(account, cipher)?;
    let first = apps.iter().find(|app| app.parameters == Parameters::default());
    let totp_secret = first.map(|it| mfa_totp::base32(&it.secret));
    let apps_left_behind = apps.len().saturating_sub(usize::from(first.is_some()));
    let number = if account.phone.is_verified { mfa_sms::number(account, cipher)? } else { None };
    let phone_number = number.map(|it| SecretText::new(it.e164().to_owned()));
    let unused = || account.recovery.codes.iter().filter(|it| it.used_at.is_none());
    let recovery_codes: Vec<_> = unused().filter_map(mfa_recovery::legacy_hash).collect();
    let codes_left_behind = unused().count().saturating_sub(recovery_codes.len());
    let passkeys_left_behind = account.passkeys.keys.len();
    let is_empty = passkeys_left_behind == 0
        && apps.is_empty()
        && phone_number.is_none()
        && recovery_codes.is_empty()
        && codes_left_behind == 0;
    Ok((!is_empty).then(|| LegacyExport {
        user: account.user,
        email: account.email.clone(),
        username: account.username.clone(),
        totp_secret,
        phone_number,
        recovery_codes,
        apps_left_behind,
        passkeys_left_behind,
        codes_left_behind,
    }))
}

fn unsealed_apps(account: &Account, cipher: &dyn SecretCipher) -> Result<Vec<ImportedSecret>, CipherError> {
    let context = account.seal_context(SealedColumn::TotpSecret);
    let unseal = |app: TotpAppRef<'_>| {
        Ok(ImportedSecret { secret: cipher.unseal(app.secret, context)?, parameters: app.parameters })
    };
    account.totp_apps().map(unseal).collect()
}

/// Returns the `otpauth` URI of an app. Its label is the user name, or the user id if no name fits into a URI.
fn uri(issuer: &str, account: &Account, app: &ImportedSecret) -> SecretText {
    let ImportedSecret { secret, parameters } = app;
    let labels = [account.username.clone(), account.email.clone(), account.user.to_string()];
    let provisioning = labels.iter().find_map(|label| {
        [issuer, "NOVA"]
            .into_iter()
            .find_map(|issuer| Provisioning::with_parameters(issuer, label, secret, *parameters).ok())
    });
    provisioning.map_or_else(
        || SecretText::new(format!("otpauth://totp/?secret={}", mfa_totp::base32(secret).expose())),
        |provisioning| provisioning.uri().clone(),
    )
}

fn enable_secret(
    account: &mut Account,
    app: &ImportedSecret,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<TotpImportOutcome, CipherError> {
    let context = account.seal_context(SealedColumn::TotpSecret);
    if account.has_totp() {
        let same = unsealed_apps(account, cipher)?.contains(app);
        return Ok(if same { TotpImportOutcome::Already } else { TotpImportOutcome::Occupied });
    }
    account.totp = TotpState {
        enabled: true,
        secret: Some(cipher.seal(&app.secret, context)?),
        enrolled_at: Some(now),
        parameters: app.parameters,
        ..TotpState::default()
    };
    account.internal.enrolment_failures = 0;
    account.revoke_sessions(now, None);
    Ok(TotpImportOutcome::Done)
}

#[cfg(test)]
mod tests {
    use mfa_core::SecretBytes;
    use mfa_core::testing::TestCipher;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn secret(byte: u8) -> SecretBytes {
        SecretBytes::new(vec![byte; 20])
    }

    fn app(byte: u8) -> ImportedSecret {
        ImportedSecret { secret: secret(byte), parameters: Parameters::default() }
    }

    #[test]
    fn an_imported_secret_is_enabled_at_once_and_a_second_import_changes_nothing() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let import = |account: &mut Account, byte| enable_secret(account, &app(byte), NOW, &TestCipher);
        assert_eq!(import(&mut account, 1), Ok(TotpImportOutcome::Done));
        assert!(account.has_totp() && account.recovery.codes.is_empty());
        assert_eq!(account.internal.session, 1, "all sessions end");
        let before = account.clone();
        assert_eq!(import(&mut account, 1), Ok(TotpImportOutcome::Already));
        assert_eq!(import(&mut account, 2), Ok(TotpImportOutcome::Occupied));
        assert_eq!(account, before);
    }

    #[test]
    fn an_enabled_secret_that_cannot_be_unsealed_is_not_replaced() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        account.totp.enabled = true;
        account.totp.secret = Some(mfa_core::Sealed::from_column("GEZDGNBV".to_owned()));
        let before = account.clone();
        assert_eq!(enable_secret(&mut account, &app(1), NOW, &TestCipher), Err(CipherError::NotSealed));
        assert_eq!(account, before);
    }

    #[test]
    fn an_export_for_python_has_the_secret_the_number_and_the_unused_bcrypt_codes() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        assert!(legacy_export(&account, &TestCipher).unwrap().is_none());
        let _ = enable_secret(&mut account, &app(1), NOW, &TestCipher).unwrap();
        let number = SecretBytes::new(b"+33612345612".to_vec());
        let sealed = TestCipher.seal(&number, account.seal_context(SealedColumn::PhoneNumber)).unwrap();
        account.phone.number = Some(sealed);
        let hash = format!("$2b$12${}", "a".repeat(53));
        let code = |digest: String, used_at| mfa_core::RecoveryCode {
            id: "1".to_owned(),
            digest,
            tag_key: None,
            tag: None,
            used_at,
            rest: serde_json::Map::new(),
        };
        account.recovery.codes = vec![
            code(hash.clone(), None),
            code(format!("upper-bare|{hash}"), None),
            code(hash.clone(), Some(NOW)),
            code("$argon2id$x".to_owned(), None),
        ];
        let export = legacy_export(&account, &TestCipher).unwrap().unwrap();
        assert!(export.phone_number.is_none(), "it is not verified");
        account.phone.is_verified = true;
        let verified = legacy_export(&account, &TestCipher).unwrap().unwrap();
        assert_eq!(verified.phone_number, Some(SecretText::new("+33612345612".to_owned())));
        assert_eq!(export.totp_secret, Some(mfa_totp::base32(&secret(1))));
        let hashes: Vec<_> = export.recovery_codes.iter().map(|it| it.expose().to_owned()).collect();
        assert_eq!((hashes, export.codes_left_behind), (vec![hash.clone(), hash], 1));
    }

    #[test]
    fn every_app_is_exported_and_only_one_of_default_parameters_fits_python() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let parameters = Parameters { digits: mfa_totp::Digits::Eight, ..Parameters::default() };
        let eight = ImportedSecret { secret: secret(1), parameters };
        let _ = enable_secret(&mut account, &eight, NOW, &TestCipher).unwrap();
        let sealed = TestCipher.seal(&secret(2), account.seal_context(SealedColumn::TotpSecret)).unwrap();
        account.totp.further.push(mfa_core::TotpApp {
            id: "b".into(),
            secret: sealed,
            enrolled_at: Some(NOW),
            parameters: Parameters::default(),
        });
        let apps = unsealed_apps(&account, &TestCipher).unwrap();
        let read: Vec<_> = apps
            .iter()
            .map(|it| mfa_totp::read_otpauth(uri("NOVA", &account, it).expose()).unwrap())
            .collect();
        assert_eq!(read, [eight, app(2)]);
        let export = legacy_export(&account, &TestCipher).unwrap().unwrap();
        assert_eq!(export.totp_secret, Some(mfa_totp::base32(&secret(2))));
        assert_eq!(export.apps_left_behind, 1);
        assert_eq!(enable_secret(&mut account, &app(2), NOW, &TestCipher), Ok(TotpImportOutcome::Already));
    }

    #[test]
    fn an_exported_uri_parses_whatever_the_user_name_is() {
        for name in ["ada", "a:b", "é", "\u{1b}[2J"] {
            let account = Account::new(UserId::new(7), "a@b.c", name);
            let uri = uri("NOVA", &account, &app(9));
            assert_eq!(mfa_totp::read_otpauth(uri.expose()), Ok(app(9)), "{name:?}");
        }
    }
}
