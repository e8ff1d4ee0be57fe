//! Import and export of TOTP secrets, from and to other systems.

use mfa_core::{
    Account, CipherError, EventKind, FactorKind, Phase, SealedColumn, SecretBytes, SecretCipher, SecretText,
    Timestamp, TotpState, UserId,
};
use mfa_totp::Provisioning;

use crate::admin::admin_event;
use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

/// TOTP secret to import.
#[derive(Clone, Debug)]
pub struct TotpImport {
    /// User that receives it.
    pub user: UserId,
    /// Secret key.
    pub secret: SecretBytes,
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

/// TOTP secret of an account, for another system.
#[derive(Clone, Debug)]
pub struct TotpExport {
    /// E-mail address.
    pub email: String,
    /// User name.
    pub username: String,
    /// `otpauth` URI with the secret.
    pub uri: SecretText,
}

impl Flows {
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
            let outcome = enable_secret(account, &import.secret, now, cipher.as_ref())?;
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
        Ok(enable_secret(&mut account, &import.secret, self.now(), self.ports.cipher.as_ref())?)
    }

    /// Returns a user's enabled secret as an `otpauth` URI, or `None` if there is no such secret or user. The export is
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
            let sealed = account.totp.secret.as_ref().filter(|_| account.totp.enabled);
            let Some(sealed) = sealed else { return Ok(None) };
            let secret = cipher.unseal(sealed, account.seal_context(SealedColumn::TotpSecret))?;
            let export = TotpExport {
                email: account.email.clone(),
                username: account.username.clone(),
                uri: uri(&issuer, account, &secret),
            };
            account.record(event.clone());
            Ok::<_, CipherError>(Some(export))
        });
        Ok(decided.await?.transpose()?.flatten())
    }
}

/// Returns the `otpauth` URI of a secret. Its label is the user name, or the user id if no name fits into a URI.
fn uri(issuer: &str, account: &Account, secret: &SecretBytes) -> SecretText {
    let labels = [account.username.clone(), account.email.clone(), account.user.to_string()];
    let provisioning = labels.iter().find_map(|label| {
        [issuer, "NOVA"].into_iter().find_map(|issuer| Provisioning::new(issuer, label, secret).ok())
    });
    provisioning.map_or_else(
        || SecretText::new(format!("otpauth://totp/?secret={}", mfa_totp::base32(secret).expose())),
        |provisioning| provisioning.uri().clone(),
    )
}

fn enable_secret(
    account: &mut Account,
    secret: &SecretBytes,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<TotpImportOutcome, CipherError> {
    let context = account.seal_context(SealedColumn::TotpSecret);
    if let Some(sealed) = account.totp.secret.as_ref().filter(|_| account.totp.enabled) {
        let same = cipher.unseal(sealed, context)? == *secret;
        return Ok(if same { TotpImportOutcome::Already } else { TotpImportOutcome::Occupied });
    }
    account.totp = TotpState {
        enabled: true,
        secret: Some(cipher.seal(secret, context)?),
        pending: None,
        enrolled_at: Some(now),
        last_step: None,
    };
    account.internal.enrolment_failures = 0;
    account.revoke_sessions(now, None);
    Ok(TotpImportOutcome::Done)
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::TestCipher;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn secret(byte: u8) -> SecretBytes {
        SecretBytes::new(vec![byte; 20])
    }

    #[test]
    fn an_imported_secret_is_enabled_at_once_and_a_second_import_changes_nothing() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let import = |account: &mut Account, byte| enable_secret(account, &secret(byte), NOW, &TestCipher);
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
        assert_eq!(enable_secret(&mut account, &secret(1), NOW, &TestCipher), Err(CipherError::NotSealed));
        assert_eq!(account, before);
    }

    #[test]
    fn an_exported_uri_parses_whatever_the_user_name_is() {
        for name in ["ada", "a:b", "é", "\u{1b}[2J"] {
            let account = Account::new(UserId::new(7), "a@b.c", name);
            let uri = uri("NOVA", &account, &secret(9));
            assert_eq!(mfa_totp::read_otpauth(uri.expose()), Ok(secret(9)), "{name:?}");
        }
    }
}
