//! Secrets of authenticator apps, taken over from another system or out for one.

use mfa_core::{
    Account, CipherError, EventKind, FactorKind, SealedColumn, SecretBytes, SecretCipher, SecretText,
    Timestamp, TotpState, UserId,
};
use mfa_totp::Provisioning;

use crate::admin::admin_event;
use crate::{AdminCall, FlowError, Flows};

/// A secret to be taken over.
#[derive(Clone, Debug)]
pub struct TotpImport {
    /// Whose it is to be.
    pub user: UserId,
    /// The secret.
    pub secret: SecretBytes,
    /// Whether the user was made for it a moment ago.
    pub user_is_new: bool,
}

/// What became of a secret that was to be taken over.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpImportOutcome {
    /// It is in force.
    Done,
    /// It was in force already.
    Already,
    /// Another one is in force, and stays.
    Occupied,
}

/// An account's secret, on its way to another system.
#[derive(Clone, Debug)]
pub struct TotpExport {
    /// The user's address.
    pub email: String,
    /// The user's name.
    pub username: String,
    /// The secret, with all that an app needs.
    pub uri: SecretText,
}

impl Flows {
    /// Puts a secret in force that an app of the user's holds already. No code confirms it and no recovery codes come
    /// with it; as with every new factor, all sessions end.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::Cipher`] where the secret in force cannot be read; a store error.
    pub async fn import_totp(
        &self,
        call: &AdminCall,
        import: TotpImport,
    ) -> Result<TotpImportOutcome, FlowError> {
        let now = self.now();
        let cipher = self.ports().cipher.clone();
        let event = |kind| admin_event(call, kind, now);
        let (made, imported) =
            (event(EventKind::AdminUserCreate), event(EventKind::AdminImport).with_method(FactorKind::Totp));
        let decided = self.ports().accounts.update(import.user, move |account| {
            let outcome = take_over(account, &import.secret, now, cipher.as_ref())?;
            if import.user_is_new {
                account.record(made.clone());
            }
            if outcome == TotpImportOutcome::Done {
                account.record(imported.clone());
            }
            Ok::<_, CipherError>(outcome)
        });
        Ok(decided.await?.ok_or(FlowError::NoSuchUser)??)
    }

    /// What [`Flows::import_totp`] would answer; changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Flows::import_totp`].
    pub async fn try_import_totp(&self, import: TotpImport) -> Result<TotpImportOutcome, FlowError> {
        let mut account = self.ports().accounts.find(import.user).await?.ok_or(FlowError::NoSuchUser)?;
        Ok(take_over(&mut account, &import.secret, self.now(), self.ports().cipher.as_ref())?)
    }

    /// The secret in force of a user, as an otpauth URI; `None` where there is none, or no such user. The user's trail
    /// says that it was taken out before anyone gets to see it.
    ///
    /// # Errors
    ///
    /// [`FlowError::Cipher`] where it cannot be read; a store error.
    pub async fn export_totp(&self, call: &AdminCall, user: UserId) -> Result<Option<TotpExport>, FlowError> {
        let event = admin_event(call, EventKind::AdminExport, self.now()).with_method(FactorKind::Totp);
        let cipher = self.ports().cipher.clone();
        let issuer = self.policy().issuer.clone();
        let decided = self.ports().accounts.update(user, move |account| {
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

/// With the user's name as its label, or the number where that cannot stand in a URI.
fn uri(issuer: &str, account: &Account, secret: &SecretBytes) -> SecretText {
    let labels = [account.username.clone(), account.email.clone(), account.user.to_string()];
    let written = labels.iter().find_map(|label| {
        [issuer, "NOVA"].into_iter().find_map(|issuer| Provisioning::new(issuer, label, secret).ok())
    });
    written.map_or_else(
        || SecretText::new(format!("otpauth://totp/?secret={}", mfa_totp::base32(secret).expose())),
        |provisioning| provisioning.uri().clone(),
    )
}

fn take_over(
    account: &mut Account,
    secret: &SecretBytes,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<TotpImportOutcome, CipherError> {
    let place = account.seal_context(SealedColumn::TotpSecret);
    if let Some(sealed) = account.totp.secret.as_ref().filter(|_| account.totp.enabled) {
        let same = cipher.unseal(sealed, place)? == *secret;
        return Ok(if same { TotpImportOutcome::Already } else { TotpImportOutcome::Occupied });
    }
    account.totp = TotpState {
        enabled: true,
        secret: Some(cipher.seal(secret, place)?),
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
    fn a_secret_is_in_force_at_once_and_a_second_time_changes_nothing() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let import = |account: &mut Account, byte| take_over(account, &secret(byte), NOW, &TestCipher);
        assert_eq!(import(&mut account, 1), Ok(TotpImportOutcome::Done));
        assert!(account.has_totp() && account.recovery.codes.is_empty());
        assert_eq!(account.internal.session, 1, "all sessions end");
        let before = account.clone();
        assert_eq!(import(&mut account, 1), Ok(TotpImportOutcome::Already));
        assert_eq!(import(&mut account, 2), Ok(TotpImportOutcome::Occupied));
        assert_eq!(account, before);
    }

    #[test]
    fn a_secret_in_force_that_cannot_be_read_is_no_absent_one() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        account.totp.enabled = true;
        account.totp.secret = Some(mfa_core::Sealed::from_column("GEZDGNBV".to_owned()));
        let before = account.clone();
        assert_eq!(take_over(&mut account, &secret(1), NOW, &TestCipher), Err(CipherError::NotSealed));
        assert_eq!(account, before);
    }

    #[test]
    fn what_is_exported_reads_back_whatever_the_user_is_called() {
        for name in ["ada", "a:b", "é", "\u{1b}[2J"] {
            let account = Account::new(UserId::new(7), "a@b.c", name);
            let uri = uri("NOVA", &account, &secret(9));
            assert_eq!(mfa_totp::read_otpauth(uri.expose()), Ok(secret(9)), "{name:?}");
        }
    }
}
