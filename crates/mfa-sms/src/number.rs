//! Phone number of an account: change, confirmation, removal and backup method.

use mfa_core::{
    Account, BackupMethod, CipherError, PhoneState, RecoveryState, Sealed, SealedColumn, SecretBytes,
    SecretCipher, Timestamp,
};

use crate::PhoneNumber;

/// Error of confirming a number. The account is unchanged.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmNumberError {
    /// No number awaits confirmation.
    #[error("no number awaits confirmation")]
    NonePending,
    /// The number could not be unsealed or sealed: an internal error.
    #[error("the number could not be unsealed or sealed")]
    Cipher(#[from] CipherError),
}

/// Error of setting the backup method. The account is unchanged.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupMethodError {
    /// SMS needs a verified number.
    #[error("there is no verified number")]
    NoVerifiedNumber,
    /// The change would remove the last factor of a user for whom MFA is required.
    #[error("this is the last factor of a user who must have one")]
    FactorRequired,
}

/// Stores a new number besides the active one, which stays until the new one is confirmed. It replaces a number that
/// awaits confirmation.
///
/// # Errors
///
/// [`CipherError`] if the number could not be sealed: the account is unchanged, send nothing.
pub fn begin_number(
    account: &mut Account,
    number: &PhoneNumber,
    cipher: &dyn SecretCipher,
) -> Result<(), CipherError> {
    account.phone.pending = Some(seal(account, number, SealedColumn::PhonePending, cipher)?);
    Ok(())
}

/// Returns the number that awaits confirmation.
///
/// # Errors
///
/// [`CipherError`] if it could not be unsealed: deny the request. Never treat the number as absent.
pub fn pending_number(
    account: &Account,
    cipher: &dyn SecretCipher,
) -> Result<Option<PhoneNumber>, CipherError> {
    unseal(account, account.phone.pending.as_ref(), SealedColumn::PhonePending, cipher)
}

/// Returns the active number.
///
/// # Errors
///
/// [`CipherError`] if it could not be unsealed: deny the request. Never treat the number as absent.
pub fn number(account: &Account, cipher: &dyn SecretCipher) -> Result<Option<PhoneNumber>, CipherError> {
    unseal(account, account.phone.number.as_ref(), SealedColumn::PhoneNumber, cipher)
}

/// Activates the new number after its code was verified. If the account had no factor, SMS becomes one.
///
/// # Errors
///
/// [`ConfirmNumberError`] if no number awaits confirmation, or it could not be unsealed or sealed. The account is
/// unchanged: report the error.
pub fn confirm_number(
    account: &mut Account,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<(), ConfirmNumberError> {
    let pending = pending_number(account, cipher)?.ok_or(ConfirmNumberError::NonePending)?;
    let had_factor = account.has_factor();
    account.phone = PhoneState {
        number: Some(seal(account, &pending, SealedColumn::PhoneNumber, cipher)?),
        pending: None,
        is_verified: true,
        verified_at: Some(now),
    };
    account.internal.sms.unreachable = false;
    account.internal.sms.country_guessed = false;
    if !had_factor {
        account.backup_method = BackupMethod::Sms;
    }
    Ok(())
}

/// Removes the number, a number that awaits confirmation and the pending code. If it was the last factor, the
/// recovery codes are removed too. The times of recent sends stay, so that a new number brings no new budget.
pub fn remove_number(account: &mut Account) {
    account.phone = PhoneState::default();
    account.backup_method = BackupMethod::None;
    account.internal.sms.challenge = None;
    account.internal.sms.unreachable = false;
    account.internal.sms.country_guessed = false;
    remove_recovery_without_factor(account);
}

/// Sets the backup method. If this removes the last factor, the recovery codes are removed too.
///
/// # Errors
///
/// [`BackupMethodError`] if the method is not possible. The account is unchanged: report the error.
pub fn set_backup(account: &mut Account, method: BackupMethod) -> Result<(), BackupMethodError> {
    match method {
        BackupMethod::Sms if account.phone.number.is_none() || !account.phone.is_verified => {
            return Err(BackupMethodError::NoVerifiedNumber);
        }
        BackupMethod::None
            if account.mfa_enforced && account.has_sms() && !account.has_totp() && !account.has_passkey() =>
        {
            return Err(BackupMethodError::FactorRequired);
        }
        BackupMethod::Sms | BackupMethod::None => account.backup_method = method,
    }
    remove_recovery_without_factor(account);
    Ok(())
}

fn remove_recovery_without_factor(account: &mut Account) {
    if !account.has_factor() {
        account.recovery = RecoveryState::default();
    }
}

fn seal(
    account: &Account,
    number: &PhoneNumber,
    column: SealedColumn,
    cipher: &dyn SecretCipher,
) -> Result<Sealed, CipherError> {
    let bytes = SecretBytes::new(number.e164().as_bytes().to_vec());
    cipher.seal(&bytes, account.seal_context(column))
}

fn unseal(
    account: &Account,
    sealed: Option<&Sealed>,
    column: SealedColumn,
    cipher: &dyn SecretCipher,
) -> Result<Option<PhoneNumber>, CipherError> {
    let Some(sealed) = sealed else { return Ok(None) };
    let bytes = cipher.unseal(sealed, account.seal_context(column))?;
    // Only E.164 numbers are sealed here, so anything else was not written by this service.
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| CipherError::Altered)?;
    PhoneNumber::restore(text).map(Some).map_err(|_| CipherError::Altered)
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::TestCipher;
    use mfa_core::{SealContext, UserId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn parsed(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text, "FR").unwrap()
    }

    fn account() -> Account {
        Account::new(UserId::new(7), "a@example.com", "a")
    }

    fn with_number(text: &str) -> Account {
        let mut account = account();
        begin_number(&mut account, &parsed(text), &TestCipher).unwrap();
        confirm_number(&mut account, NOW, &TestCipher).unwrap();
        account
    }

    fn with_totp(mut account: Account) -> Account {
        account.totp.enabled = true;
        account.totp.secret = Some(Sealed::from_column("x".into()));
        account
    }

    fn with_recovery(mut account: Account) -> Account {
        account.recovery.generated_at = Some(NOW);
        account
    }

    #[test]
    fn a_new_number_waits_beside_the_old_one_until_it_is_confirmed() {
        let mut account = with_number("0612345612");
        begin_number(&mut account, &parsed("0612345613"), &TestCipher).unwrap();
        assert_eq!(number(&account, &TestCipher), Ok(Some(parsed("0612345612"))));
        assert_eq!(pending_number(&account, &TestCipher), Ok(Some(parsed("0612345613"))));
        assert!(account.has_sms());
        confirm_number(&mut account, NOW, &TestCipher).unwrap();
        assert_eq!(number(&account, &TestCipher), Ok(Some(parsed("0612345613"))));
        assert_eq!(pending_number(&account, &TestCipher), Ok(None));
    }

    #[test]
    fn the_first_number_of_a_user_without_a_factor_becomes_one() {
        let account = with_number("0612345612");
        assert!(account.has_sms() && account.phone.is_verified);
        assert_eq!(account.phone.verified_at, Some(NOW));
    }

    #[test]
    fn a_number_beside_an_app_is_verified_and_no_more() {
        let mut account = with_totp(account());
        begin_number(&mut account, &parsed("0612345612"), &TestCipher).unwrap();
        confirm_number(&mut account, NOW, &TestCipher).unwrap();
        assert!(account.phone.is_verified && !account.has_sms());
        assert_eq!(set_backup(&mut account, BackupMethod::Sms), Ok(()));
        assert!(account.has_sms());
    }

    #[test]
    fn without_a_number_that_waits_there_is_nothing_to_confirm() {
        for mut account in [account(), with_number("0612345612")] {
            let before = account.clone();
            let confirmed = confirm_number(&mut account, NOW, &TestCipher);
            assert_eq!(confirmed, Err(ConfirmNumberError::NonePending));
            assert_eq!(account, before);
        }
    }

    #[test]
    fn a_number_is_read_in_its_own_place_alone() {
        let mut moved = with_number("0612345612");
        moved.phone.pending = moved.phone.number.take();
        assert_eq!(pending_number(&moved, &TestCipher), Err(CipherError::Altered));
        let before = moved.clone();
        let confirmed = confirm_number(&mut moved, NOW, &TestCipher);
        assert_eq!(confirmed, Err(ConfirmNumberError::Cipher(CipherError::Altered)));
        assert_eq!(moved, before);
        let mut others = with_number("0612345612");
        others.user = UserId::new(8);
        assert_eq!(number(&others, &TestCipher), Err(CipherError::Altered));
        others.phone.number = Some(Sealed::from_column("+33612345612".into()));
        assert_eq!(number(&others, &TestCipher), Err(CipherError::NotSealed));
    }

    #[test]
    fn what_is_sealed_and_no_number_is_an_error_and_not_an_absent_number() {
        let place = SealContext { user: UserId::new(7), column: SealedColumn::PhoneNumber };
        for bytes in [b"0612345612".to_vec(), b"".to_vec(), vec![0xff]] {
            let mut account = account();
            account.phone.number = Some(TestCipher.seal(&SecretBytes::new(bytes), place).unwrap());
            assert_eq!(number(&account, &TestCipher), Err(CipherError::Altered));
        }
    }

    #[test]
    fn a_removed_number_leaves_nothing_but_the_times_of_the_last_sends() {
        let mut account = with_recovery(with_number("0612345612"));
        begin_number(&mut account, &parsed("0612345613"), &TestCipher).unwrap();
        account.internal.sms.sent_at = vec![NOW];
        remove_number(&mut account);
        assert_eq!(account.phone, PhoneState::default());
        assert_eq!(account.backup_method, BackupMethod::None);
        assert_eq!(account.recovery, RecoveryState::default(), "it was the last factor");
        assert_eq!(account.internal.sms.sent_at, [NOW]);
    }

    #[test]
    fn recovery_codes_outlive_the_number_where_another_factor_stays() {
        let mut account = with_recovery(with_totp(with_number("0612345612")));
        remove_number(&mut account);
        assert_eq!(account.recovery.generated_at, Some(NOW));
        let mut account = with_recovery(with_totp(with_number("0612345612")));
        assert_eq!(set_backup(&mut account, BackupMethod::None), Ok(()));
        assert_eq!(account.recovery.generated_at, Some(NOW));
    }

    #[test]
    fn a_backup_needs_a_verified_number() {
        let mut account = account();
        assert_eq!(set_backup(&mut account, BackupMethod::Sms), Err(BackupMethodError::NoVerifiedNumber));
        begin_number(&mut account, &parsed("0612345612"), &TestCipher).unwrap();
        assert_eq!(set_backup(&mut account, BackupMethod::Sms), Err(BackupMethodError::NoVerifiedNumber));
        assert_eq!(set_backup(&mut account, BackupMethod::None), Ok(()));
    }

    #[test]
    fn the_last_factor_of_an_enforced_user_stays() {
        let mut account = with_recovery(with_number("0612345612"));
        account.mfa_enforced = true;
        let before = account.clone();
        assert_eq!(set_backup(&mut account, BackupMethod::None), Err(BackupMethodError::FactorRequired));
        assert_eq!(account, before);
        account.mfa_enforced = false;
        assert_eq!(set_backup(&mut account, BackupMethod::None), Ok(()));
        assert_eq!(account.recovery, RecoveryState::default());
    }
}
