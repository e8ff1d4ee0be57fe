//! Accounts of the Python service, taken over where they are.

use mfa_core::{
    Account, BackupMethod, CipherError, EventKind, Lock, RecoveryState, Sealed, SealedColumn, SecretBytes,
    SecretCipher, SecretText, Timestamp, UserId,
};
use mfa_sms::PhoneNumber;

use crate::admin::admin_event;
use crate::{AdminCall, FlowError, Flows};

/// What a row holds in columns that are not ours. What stands in our own columns, in the clear, is read from the
/// account itself.
#[derive(Clone, Debug, Default)]
pub struct LegacyRow {
    /// A secret in base32.
    pub totp_secret: Option<SecretText>,
    /// Whether it is in force.
    pub totp_enabled: Option<bool>,
    /// Since when.
    pub totp_enrolled_at: Option<Timestamp>,
    /// A phone number.
    pub phone_number: Option<SecretText>,
    /// Whether a code came back from it.
    pub phone_verified: Option<bool>,
    /// When.
    pub phone_verified_at: Option<Timestamp>,
    /// What stands in for the app.
    pub backup_method: Option<BackupMethod>,
    /// Recovery codes, as we keep those of another system.
    pub recovery: Option<RecoveryState>,
    /// Whether a second factor is a must.
    pub enforced: Option<bool>,
    /// Wrong answers in a row.
    pub failures: Option<u32>,
    /// The end of a lock.
    pub lock_until: Option<Timestamp>,
    /// The country of a number in national form.
    pub country: String,
    /// Whether what cannot be ours is taken off the account, so that its user sets it anew.
    pub enrol_anew: bool,
}

/// What became of one thing that a row held.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LegacyImportOutcome {
    /// There was none.
    #[default]
    Absent,
    /// It is ours now.
    Taken,
    /// It was before.
    Already,
    /// We have another one, which stays.
    Kept,
    /// It is as it was, because it cannot be ours.
    Refused(&'static str),
    /// It is as it was, because it cannot be read or sealed here and now: it may be good, and is never taken off.
    Stuck(&'static str),
    /// It is gone, because it cannot be ours and the user is to set it anew.
    TakenOff(&'static str),
}

/// What became of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyImport {
    /// Its secret.
    pub totp: LegacyImportOutcome,
    /// Its number.
    pub phone: LegacyImportOutcome,
    /// Its recovery codes, where they were in a column of another name.
    pub recovery: LegacyImportOutcome,
    /// Whether the account is shut until an administrator's unlock: its one factor was refused, so that a password
    /// alone would be enough.
    pub is_shut: bool,
}

impl Flows {
    /// Seals what stands in a row in the clear, and takes over what stands in columns of other names. A second time
    /// changes nothing. No session ends: the factors are what they were.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; a store error: try again.
    pub async fn import_legacy(
        &self,
        call: &AdminCall,
        user: UserId,
        adoption: LegacyRow,
    ) -> Result<LegacyImport, FlowError> {
        let event = admin_event(call, EventKind::AdminImport, self.now());
        let cipher = self.ports().cipher.clone();
        let decided = self.ports().accounts.update(user, move |account| {
            let before = account.clone();
            let row = import_legacy(account, &adoption, cipher.as_ref());
            if *account != before {
                account.record(event.clone());
            }
            row
        });
        decided.await?.ok_or(FlowError::NoSuchUser)
    }

    /// What [`Flows::import_legacy`] would answer for such an account; changes nothing.
    pub fn try_adopt(&self, mut account: Account, adoption: &LegacyRow) -> LegacyImport {
        import_legacy(&mut account, adoption, self.ports().cipher.as_ref())
    }
}

fn import_legacy(account: &mut Account, adoption: &LegacyRow, cipher: &dyn SecretCipher) -> LegacyImport {
    let (totp, secret) = adopt_value(
        account,
        account.totp.secret.as_ref(),
        adoption.totp_secret.as_ref(),
        SealedColumn::TotpSecret,
        cipher,
        &|text| match mfa_totp::import_secret(text) {
            Ok(secret) => Ok(secret),
            Err(mfa_totp::SecretImportError::NotBase32) => Err("the secret is not base32"),
            Err(mfa_totp::SecretImportError::TooShort) => {
                Err("the secret has fewer than 128 bits: the user has to enrol anew")
            }
            Err(mfa_totp::SecretImportError::TooLong) => Err("the secret has more than 1024 bits"),
        },
    );
    let (phone, number) = adopt_value(
        account,
        account.phone.number.as_ref(),
        adoption.phone_number.as_ref(),
        SealedColumn::PhoneNumber,
        cipher,
        &|text| {
            let number =
                PhoneNumber::parse(text, &adoption.country).map_err(|_| "the number is no phone number")?;
            Ok(SecretBytes::new(number.e164().as_bytes().to_vec()))
        },
    );
    account.totp.secret = secret;
    account.phone.number = number;
    // What waited for its first code is shown anew.
    let is_sealed = |sealed: &Sealed, column| {
        cipher.unseal(sealed, account.seal_context(column)) != Err(CipherError::NotSealed)
    };
    let pending = account.totp.pending.as_ref();
    let keeps_pending = pending.is_some_and(|it| is_sealed(&it.secret, SealedColumn::TotpPendingSecret));
    let waiting = account.phone.pending.as_ref();
    let keeps_waiting = waiting.is_some_and(|it| is_sealed(it, SealedColumn::PhonePending));
    if !keeps_pending {
        account.totp.pending = None;
    }
    if !keeps_waiting {
        account.phone.pending = None;
    }
    if totp == LegacyImportOutcome::Taken {
        account.totp.enabled = adoption.totp_enabled.unwrap_or(account.totp.enabled);
        account.totp.enrolled_at = adoption.totp_enrolled_at.or(account.totp.enrolled_at);
    }
    if phone == LegacyImportOutcome::Taken {
        account.phone.is_verified = adoption.phone_verified.unwrap_or(account.phone.is_verified);
        account.phone.verified_at = adoption.phone_verified_at.or(account.phone.verified_at);
        account.backup_method = adoption.backup_method.unwrap_or(account.backup_method);
    }
    let recovery = adopt_recovery(account, adoption.recovery.as_ref());
    if [totp, phone, recovery].contains(&LegacyImportOutcome::Taken) {
        account.mfa_enforced = adoption.enforced.unwrap_or(account.mfa_enforced);
        account.failures = account.failures.max(adoption.failures.unwrap_or(0));
        account.lock_until = account.lock_until.max(adoption.lock_until);
    }
    let row = LegacyImport { totp, phone, recovery, is_shut: false };
    let row = if adoption.enrol_anew { take_off(account, adoption, row) } else { row };
    shut(account, adoption, row)
}

/// Whether a factor that was in force is not ours.
fn has_lost(account: &Account, adoption: &LegacyRow, row: &LegacyImport) -> bool {
    let totp = adoption.totp_enabled.unwrap_or(account.totp.enabled);
    let phone = adoption.phone_verified.unwrap_or(account.phone.is_verified);
    let is_backup = adoption.backup_method.unwrap_or(account.backup_method) == BackupMethod::Sms;
    let is_left = |it| matches!(it, LegacyImportOutcome::Refused(_) | LegacyImportOutcome::Stuck(_));
    (totp && is_left(row.totp)) || (phone && is_backup && is_left(row.phone))
}

/// Shuts an account that would be open to a password alone.
fn shut(account: &mut Account, adoption: &LegacyRow, row: LegacyImport) -> LegacyImport {
    let is_shut = !account.has_factor() && has_lost(account, adoption, &row);
    if is_shut {
        account.mfa_enforced = true;
        account.lock_until = Some(Lock::UntilAdministrator.end());
    }
    LegacyImport { is_shut, ..row }
}

/// Takes off what was refused. Who had a factor must have one again.
fn take_off(account: &mut Account, adoption: &LegacyRow, row: LegacyImport) -> LegacyImport {
    account.mfa_enforced |= has_lost(account, adoption, &row);
    let had_codes = !account.recovery.codes.is_empty();
    if matches!(row.totp, LegacyImportOutcome::Refused(_)) {
        account.remove_totp();
    }
    if matches!(row.phone, LegacyImportOutcome::Refused(_)) {
        mfa_sms::remove_number(account);
    }
    let lost_codes = had_codes && account.recovery.codes.is_empty();
    let recovery = if lost_codes {
        LegacyImportOutcome::TakenOff("no factor is left for them to stand in for")
    } else {
        row.recovery
    };
    LegacyImport { totp: taken_off(row.totp), phone: taken_off(row.phone), recovery, is_shut: false }
}

const fn taken_off(adopted: LegacyImportOutcome) -> LegacyImportOutcome {
    match adopted {
        LegacyImportOutcome::Refused(why) => LegacyImportOutcome::TakenOff(why),
        other => other,
    }
}

/// What becomes of one value, and what the column is to hold.
fn adopt_value(
    account: &Account,
    own: Option<&Sealed>,
    other: Option<&SecretText>,
    column: SealedColumn,
    cipher: &dyn SecretCipher,
    read: &dyn Fn(&str) -> Result<SecretBytes, &'static str>,
) -> (LegacyImportOutcome, Option<Sealed>) {
    let place = account.seal_context(column);
    let seal = |text: &str| match read(text).map(|value| cipher.seal(&value, place)) {
        Ok(Ok(sealed)) => (LegacyImportOutcome::Taken, Some(sealed)),
        Ok(Err(_)) => (LegacyImportOutcome::Stuck("there is no randomness to seal with"), own.cloned()),
        Err(why) => (LegacyImportOutcome::Refused(why), own.cloned()),
    };
    let other = other.map(|text| text.expose().trim()).filter(|text| !text.is_empty());
    let Some(sealed) = own else {
        return other.map_or((LegacyImportOutcome::Absent, None), seal);
    };
    match cipher.unseal(sealed, place) {
        Ok(value) => {
            let same = other.is_none_or(|text| read(text).is_ok_and(|it| it == value));
            (
                if same { LegacyImportOutcome::Already } else { LegacyImportOutcome::Kept },
                Some(sealed.clone()),
            )
        }
        // An empty text is how some services write that there is none.
        Err(CipherError::NotSealed) if sealed.as_column().trim().is_empty() => {
            other.map_or((LegacyImportOutcome::Absent, None), seal)
        }
        Err(CipherError::NotSealed) => seal(sealed.as_column().trim()),
        Err(_) => {
            (LegacyImportOutcome::Stuck("the value is sealed and cannot be read"), Some(sealed.clone()))
        }
    }
}

fn adopt_recovery(account: &mut Account, other: Option<&RecoveryState>) -> LegacyImportOutcome {
    let Some(other) = other.filter(|it| !it.codes.is_empty()) else { return LegacyImportOutcome::Absent };
    if account.recovery.codes.is_empty() {
        account.recovery = other.clone();
        return LegacyImportOutcome::Taken;
    }
    let digests = |state: &RecoveryState| state.codes.iter().map(|it| it.digest.clone()).collect::<Vec<_>>();
    if digests(&account.recovery) == digests(other) {
        LegacyImportOutcome::Already
    } else {
        LegacyImportOutcome::Kept
    }
}

#[cfg(test)]
mod tests;
