//! Re-encryption of an account's secrets during key rotation.

use mfa_core::{Account, CipherError, PendingTotp, Phase, Sealed, SealedColumn, SecretCipher, UserId};

use crate::error::FlowError;
use crate::flows::Flows;

/// Result of re-encrypting the secrets of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResealOutcome {
    /// Number of values that were re-encrypted.
    pub renewed: u32,
    /// Values that could not be unsealed; they are unchanged.
    pub unreadable: Vec<(SealedColumn, CipherError)>,
}

impl Flows {
    /// Re-encrypts the values that are not sealed with the primary key. Returns `None` if the user does not exist.
    ///
    /// The change is atomic like any other, so a concurrent login sees either state. No session ends and no event is
    /// recorded, because nothing changes for the user; the caller logs the rotation once.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`]: call it again; values that are done do not change.
    pub async fn reseal(&self, user: UserId) -> Result<Option<ResealOutcome>, FlowError> {
        let cipher = self.ports.cipher.clone();
        let resealed =
            self.ports.accounts.update(user, Phase::Begin, move |account| reseal(account, cipher.as_ref()));
        Ok(resealed.await?)
    }
}

fn reseal(account: &mut Account, cipher: &dyn SecretCipher) -> ResealOutcome {
    let mut outcome = ResealOutcome::default();
    let mut renew = |sealed: &Sealed, column| {
        if cipher.is_current(sealed) {
            return None;
        }
        let context = account.seal_context(column);
        match cipher.unseal(sealed, context).and_then(|secret| cipher.seal(&secret, context)) {
            Ok(renewed) => {
                outcome.renewed = outcome.renewed.saturating_add(1);
                Some(renewed)
            }
            Err(error) => {
                outcome.unreadable.push((column, error));
                None
            }
        }
    };
    let secret = account.totp.secret.clone().and_then(|it| renew(&it, SealedColumn::TotpSecret));
    let placeholder = account.passkeys.placeholder.clone();
    let placeholder = placeholder.and_then(|it| renew(&it, SealedColumn::TotpSecret));
    let pending = account.totp.pending.clone();
    let pending = pending.and_then(|it| {
        let secret = renew(&it.secret, SealedColumn::TotpPendingSecret)?;
        Some(PendingTotp { secret, ..it })
    });
    let further: Vec<_> =
        account.totp.further.iter().map(|app| renew(&app.secret, SealedColumn::TotpSecret)).collect();
    let number = account.phone.number.clone().and_then(|it| renew(&it, SealedColumn::PhoneNumber));
    let pending_number = account.phone.pending.clone().and_then(|it| renew(&it, SealedColumn::PhonePending));
    account.totp.secret = secret.or(account.totp.secret.take());
    account.passkeys.placeholder = placeholder.or(account.passkeys.placeholder.take());
    account.totp.pending = pending.or(account.totp.pending.take());
    for (app, renewed) in account.totp.further.iter_mut().zip(further) {
        app.secret = renewed.unwrap_or_else(|| app.secret.clone());
    }
    account.phone.number = number.or(account.phone.number.take());
    account.phone.pending = pending_number.or(account.phone.pending.take());
    outcome
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::TestCipher;
    use mfa_core::{SealContext, SecretBytes, Timestamp, TotpApp, TotpParameters};

    use super::*;

    /// Cipher for which values that begin with `old:` are sealed with an older key.
    #[derive(Debug)]
    struct RotatedCipher;

    impl SecretCipher for RotatedCipher {
        fn seal(&self, secret: &SecretBytes, place: SealContext) -> Result<Sealed, CipherError> {
            TestCipher.seal(secret, place)
        }

        fn unseal(&self, sealed: &Sealed, place: SealContext) -> Result<SecretBytes, CipherError> {
            let text = sealed.as_column().strip_prefix("old:").ok_or(CipherError::NotSealed)?;
            TestCipher.unseal(&Sealed::from_column(text.to_owned()), place)
        }

        fn is_current(&self, sealed: &Sealed) -> bool {
            sealed.as_column().starts_with("test:")
        }
    }

    fn sealed(account: &Account, column: SealedColumn, text: &[u8]) -> Sealed {
        let new = TestCipher.seal(&SecretBytes::new(text.to_vec()), account.seal_context(column)).unwrap();
        Sealed::from_column(format!("old:{}", new.as_column()))
    }

    fn account() -> Account {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        account.totp.secret = Some(sealed(&account, SealedColumn::TotpSecret, b"secret"));
        let secret = sealed(&account, SealedColumn::TotpPendingSecret, b"pending");
        account.totp.pending =
            Some(PendingTotp { secret, expires_at: Timestamp::from_seconds(9), added_as: None, name: None });
        account.totp.further = vec![TotpApp {
            id: "b".into(),
            secret: sealed(&account, SealedColumn::TotpSecret, b"second"),
            enrolled_at: None,
            parameters: TotpParameters::default(),
        }];
        account.phone.number = Some(sealed(&account, SealedColumn::PhoneNumber, b"number"));
        account.phone.pending = Some(sealed(&account, SealedColumn::PhonePending, b"next number"));
        account.passkeys.placeholder = Some(sealed(&account, SealedColumn::TotpSecret, b"placeholder"));
        account
    }

    #[test]
    fn every_sealed_value_is_re_encrypted_and_keeps_its_plaintext() {
        let mut account = account();
        assert_eq!(
            reseal(&mut account, &RotatedCipher),
            ResealOutcome { renewed: 6, unreadable: Vec::new() }
        );
        let text = |sealed: Option<&Sealed>, column| {
            TestCipher.unseal(sealed.unwrap(), account.seal_context(column)).unwrap().expose().to_vec()
        };
        assert_eq!(text(account.totp.secret.as_ref(), SealedColumn::TotpSecret), b"secret");
        let further = account.totp.further.first().map(|it| &it.secret);
        assert_eq!(text(further, SealedColumn::TotpSecret), b"second");
        let pending = account.totp.pending.as_ref().map(|it| &it.secret);
        assert_eq!(text(pending, SealedColumn::TotpPendingSecret), b"pending");
        assert_eq!(text(account.phone.number.as_ref(), SealedColumn::PhoneNumber), b"number");
        assert_eq!(text(account.passkeys.placeholder.as_ref(), SealedColumn::TotpSecret), b"placeholder");
        assert_eq!(text(account.phone.pending.as_ref(), SealedColumn::PhonePending), b"next number");
    }

    #[test]
    fn a_second_time_changes_nothing() {
        let mut account = account();
        let _ = reseal(&mut account, &RotatedCipher);
        let before = account.clone();
        assert_eq!(reseal(&mut account, &RotatedCipher), ResealOutcome::default());
        assert_eq!(account, before);
    }

    #[test]
    fn an_unreadable_value_is_unchanged_and_does_not_stop_the_others() {
        let mut account = account();
        account.totp.secret = Some(Sealed::from_column("GEZDGNBVGY3TQOJQ".to_owned()));
        let before = account.totp.secret.clone();
        let outcome = reseal(&mut account, &RotatedCipher);
        assert_eq!(outcome.renewed, 5);
        assert_eq!(outcome.unreadable, [(SealedColumn::TotpSecret, CipherError::NotSealed)]);
        assert_eq!(account.totp.secret, before);
    }
}
