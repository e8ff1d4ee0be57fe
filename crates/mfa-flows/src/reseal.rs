//! Sealing an account's secrets anew, when keys are rotated.

use mfa_core::{Account, CipherError, PendingTotp, Sealed, SealedColumn, SecretCipher, UserId};

use crate::{FlowError, Flows};

/// What became of an account's sealed values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResealOutcome {
    /// How many were sealed anew.
    pub renewed: u32,
    /// Those that could not be read, which stay as they are.
    pub unreadable: Vec<(SealedColumn, CipherError)>,
}

impl Flows {
    /// Seals anew what was not sealed with the key that seals now. `None`: there is no such user.
    ///
    /// A change of the row like any other: a login at the same moment is decided on what it then is. No session ends and
    /// no event is recorded, because nothing changes for the user; whoever rotates tells the log once.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`]: seal again, which changes nothing that is done.
    pub async fn reseal(&self, user: UserId) -> Result<Option<ResealOutcome>, FlowError> {
        let cipher = self.ports().cipher.clone();
        let resealed = self.ports().accounts.update(user, move |account| reseal(account, cipher.as_ref()));
        Ok(resealed.await?)
    }
}

fn reseal(account: &mut Account, cipher: &dyn SecretCipher) -> ResealOutcome {
    let mut outcome = ResealOutcome::default();
    let mut renew = |sealed: &Sealed, column| {
        if cipher.is_current(sealed) {
            return None;
        }
        let place = account.seal_context(column);
        match cipher.unseal(sealed, place).and_then(|secret| cipher.seal(&secret, place)) {
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
    let of = |sealed: &Option<Sealed>| sealed.clone();
    let secret = of(&account.totp.secret).and_then(|it| renew(&it, SealedColumn::TotpSecret));
    let pending = account.totp.pending.clone();
    let pending = pending.and_then(|it| {
        let secret = renew(&it.secret, SealedColumn::TotpPendingSecret)?;
        Some(PendingTotp { secret, ..it })
    });
    let number = of(&account.phone.number).and_then(|it| renew(&it, SealedColumn::PhoneNumber));
    let waiting = of(&account.phone.pending).and_then(|it| renew(&it, SealedColumn::PhonePending));
    account.totp.secret = secret.or(account.totp.secret.take());
    account.totp.pending = pending.or(account.totp.pending.take());
    account.phone.number = number.or(account.phone.number.take());
    account.phone.pending = waiting.or(account.phone.pending.take());
    outcome
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::TestCipher;
    use mfa_core::{SealContext, SecretBytes, Timestamp};

    use super::*;

    /// Holds what begins with `old:` for sealed by an older key.
    #[derive(Debug)]
    struct Rotated;

    impl SecretCipher for Rotated {
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
        account.totp.pending = Some(PendingTotp { secret, expires_at: Timestamp::from_seconds(9) });
        account.phone.number = Some(sealed(&account, SealedColumn::PhoneNumber, b"number"));
        account.phone.pending = Some(sealed(&account, SealedColumn::PhonePending, b"next number"));
        account
    }

    #[test]
    fn every_sealed_value_is_sealed_anew_and_says_what_it_said() {
        let mut account = account();
        assert_eq!(reseal(&mut account, &Rotated), ResealOutcome { renewed: 4, unreadable: Vec::new() });
        let text = |sealed: Option<&Sealed>, column| {
            TestCipher.unseal(sealed.unwrap(), account.seal_context(column)).unwrap().expose().to_vec()
        };
        assert_eq!(text(account.totp.secret.as_ref(), SealedColumn::TotpSecret), b"secret");
        let pending = account.totp.pending.as_ref().map(|it| &it.secret);
        assert_eq!(text(pending, SealedColumn::TotpPendingSecret), b"pending");
        assert_eq!(text(account.phone.number.as_ref(), SealedColumn::PhoneNumber), b"number");
        assert_eq!(text(account.phone.pending.as_ref(), SealedColumn::PhonePending), b"next number");
    }

    #[test]
    fn a_second_time_changes_nothing() {
        let mut account = account();
        let _ = reseal(&mut account, &Rotated);
        let before = account.clone();
        assert_eq!(reseal(&mut account, &Rotated), ResealOutcome::default());
        assert_eq!(account, before);
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_is_and_holds_up_nothing_else() {
        let mut account = account();
        account.totp.secret = Some(Sealed::from_column("GEZDGNBVGY3TQOJQ".to_owned()));
        let before = account.totp.secret.clone();
        let outcome = reseal(&mut account, &Rotated);
        assert_eq!(outcome.renewed, 3);
        assert_eq!(outcome.unreadable, [(SealedColumn::TotpSecret, CipherError::NotSealed)]);
        assert_eq!(account.totp.secret, before);
    }
}
