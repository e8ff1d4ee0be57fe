//! Import of accounts that the Python service stored in the same table.

use std::cell::Cell;

use mfa_core::{
    Account, BackupMethod, CipherError, EventKind, Phase, RecoveryState, Sealed, SealedColumn, SecretBytes,
    SecretCipher, SecretText, Timestamp, TotpParameters, UserId,
};
use mfa_sms::{PhoneNumber, PhonePolicy, PhoneRefused};
use mfa_totp::{OtpauthError, SecretImportError};

use crate::admin::admin_event;
use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

/// Values of a row in columns of other names. Plaintext values in this product's own columns are read from the account
/// itself.
#[derive(Clone, Debug, Default)]
pub struct LegacyRow {
    /// TOTP secret in base32.
    pub totp_secret: Option<SecretText>,
    /// Whether TOTP is enabled.
    pub totp_enabled: Option<bool>,
    /// Time of the enrolment.
    pub totp_enrolled_at: Option<Timestamp>,
    /// Phone number.
    pub phone_number: Option<SecretText>,
    /// Whether the number is verified.
    pub phone_verified: Option<bool>,
    /// Time of the verification.
    pub phone_verified_at: Option<Timestamp>,
    /// Backup method.
    pub backup_method: Option<BackupMethod>,
    /// Recovery codes, in the stored form of imported ones.
    pub recovery: Option<RecoveryState>,
    /// Whether MFA is required.
    pub enforced: Option<bool>,
    /// Consecutive wrong codes.
    pub failures: Option<u32>,
    /// End of the lock.
    pub lock_until: Option<Timestamp>,
    /// Country of numbers in national form (ISO code).
    pub country: String,
    /// Whether somebody stated the country. Otherwise it is a guess, and numbers in national form get no SMS.
    pub country_is_stated: bool,
    /// Whether values that cannot be imported are removed, so that the user enrols again.
    pub enrol_anew: bool,
}

/// Result of importing one factor of a legacy account.
///
/// Exhaustive, so that the report counts each outcome.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LegacyImportOutcome {
    /// The row has no such value.
    #[default]
    Absent,
    /// It was imported.
    Imported,
    /// It had been imported before.
    AlreadyImported,
    /// The account has another value, which is kept.
    KeptExisting,
    /// It cannot be imported, and is unchanged.
    Rejected(&'static str),
    /// It cannot be unsealed or sealed now, and is unchanged. It may be valid, so it is never removed.
    Unreadable(&'static str),
    /// It could not be imported and was removed, so that the user enrols again.
    Removed(&'static str),
}

/// Phone number of an imported account, as the report counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedNumber {
    /// ISO code of its country.
    pub country: String,
    /// Type of its line, such as `mobile`.
    pub line_type: &'static str,
    /// Reason why it gets no SMS.
    pub no_sms: Option<NoSms>,
}

/// Reason why an imported number gets no SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoSms {
    /// It has a national form, and its country is a guess.
    CountryGuessed,
    /// Its country is not in `MFA_SMS_COUNTRIES`.
    Country,
    /// It is no mobile number.
    LineType,
}

/// Result for a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacyImport {
    /// Its TOTP secret.
    pub totp: LegacyImportOutcome,
    /// Its phone number.
    pub phone: LegacyImportOutcome,
    /// Its recovery codes, if they were in a column of another name.
    pub recovery: LegacyImportOutcome,
    /// Its phone number after the import.
    pub number: Option<ImportedNumber>,
    /// Whether the MFA requirement, the failures or the lock of the row were taken over.
    pub state_imported: bool,
    /// Whether the account was locked until an administrator unlocks it: its only factor was rejected, and a password
    /// alone would have been enough.
    pub is_locked: bool,
}

impl Flows {
    /// Encrypts the plaintext values of a row and imports those in columns of other names. A second run changes nothing.
    /// No session ends, because the factors stay the same.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::Store`]: try again.
    pub async fn import_legacy(
        &self,
        call: &AdminCall,
        user: UserId,
        row: LegacyRow,
    ) -> Result<LegacyImport, FlowError> {
        let event = admin_event(call, EventKind::AdminImport, self.now());
        let cipher = self.ports.cipher.clone();
        let phones = self.policy.sms.phones.clone();
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            let before = account.clone();
            let report = import_legacy(account, &row, cipher.as_ref(), &phones);
            if *account != before {
                account.record(event.clone());
            }
            report
        });
        decided.await?.ok_or(FlowError::NoSuchUser)
    }

    /// Returns what [`Flows::import_legacy`] would return for this account; changes nothing.
    pub fn preview_legacy_import(&self, mut account: Account, row: &LegacyRow) -> LegacyImport {
        import_legacy(&mut account, row, self.ports.cipher.as_ref(), &self.policy.sms.phones)
    }
}

/// Reads a TOTP secret in base32, or in the `otpauth` URI that some services store, with its parameters.
fn import_secret(text: &str, parameters: &Cell<TotpParameters>) -> Result<SecretBytes, &'static str> {
    let is_uri = text.trim_start().get(..8).is_some_and(|it| it.eq_ignore_ascii_case("otpauth:"));
    if !is_uri {
        return mfa_totp::import_secret(text).map_err(secret_error);
    }
    let read = mfa_totp::read_otpauth(text).map_err(|error| match error {
        OtpauthError::Secret(error) => secret_error(error),
        OtpauthError::Algorithm(_) | OtpauthError::Digits(_) | OtpauthError::Period(_) => {
            "codes need SHA1, SHA256 or SHA512, 6 to 8 digits and 15 to 120 seconds: the user must enrol again"
        }
        _ => "the otpauth URI is not valid",
    })?;
    parameters.set(read.parameters);
    Ok(read.secret)
}

const fn secret_error(error: SecretImportError) -> &'static str {
    match error {
        SecretImportError::NotBase32 => "the secret is not base32",
        SecretImportError::TooShort => "the secret has fewer than 128 bits: the user must enrol again",
        SecretImportError::Zero => "every byte of the secret is zero: the user must enrol again",
        SecretImportError::TooLong => "the secret has more than 1024 bits",
    }
}

fn import_legacy(
    account: &mut Account,
    row: &LegacyRow,
    cipher: &dyn SecretCipher,
    phones: &PhonePolicy,
) -> LegacyImport {
    let is_first = !account.internal.state_imported;
    let parameters = Cell::new(TotpParameters::default());
    let (totp, secret) = import_value(
        account,
        account.totp.secret.as_ref(),
        row.totp_secret.as_ref(),
        SealedColumn::TotpSecret,
        cipher,
        &|text| import_secret(text, &parameters),
    );
    let (totp, secret) = match totp {
        // A flag without a secret: the secret was overlooked, or lost. The factor must not vanish without a word.
        LegacyImportOutcome::Absent if says_totp(account, row, is_first) => {
            (LegacyImportOutcome::Rejected("TOTP is enabled, and there is no secret"), secret)
        }
        _ => (totp, secret),
    };
    let is_guessed = Cell::new(false);
    let (phone, number) = import_value(
        account,
        account.phone.number.as_ref(),
        row.phone_number.as_ref(),
        SealedColumn::PhoneNumber,
        cipher,
        &|text| {
            let number =
                PhoneNumber::parse(text, &row.country).map_err(|_| "the number is no phone number")?;
            is_guessed.set(!row.country_is_stated && !number.is_international_in(text));
            Ok(SecretBytes::new(number.e164().as_bytes().to_vec()))
        },
    );
    let phone = match phone {
        LegacyImportOutcome::Absent if says_sms(account, row, is_first) => {
            LegacyImportOutcome::Rejected("SMS is a factor, and there is no number")
        }
        _ => phone,
    };
    account.totp.secret = secret;
    account.phone.number = number;
    if phone == LegacyImportOutcome::Imported {
        account.internal.sms.country_guessed = is_guessed.get();
    }
    let phone = settle_country(account, row, phone, cipher);
    // A pending secret or number in plaintext is dropped: the user starts that enrolment again.
    let is_sealed = |sealed: &Sealed, column| {
        cipher.unseal(sealed, account.seal_context(column)) != Err(CipherError::NotSealed)
    };
    let pending = account.totp.pending.as_ref();
    let keeps_pending = pending.is_some_and(|it| is_sealed(&it.secret, SealedColumn::TotpPendingSecret));
    let pending_number = account.phone.pending.as_ref();
    let keeps_pending_number = pending_number.is_some_and(|it| is_sealed(it, SealedColumn::PhonePending));
    if !keeps_pending {
        account.totp.pending = None;
    }
    if !keeps_pending_number {
        account.phone.pending = None;
    }
    if totp == LegacyImportOutcome::Imported {
        account.totp.parameters = parameters.get();
        account.totp.enabled = row.totp_enabled.unwrap_or(account.totp.enabled);
        account.totp.enrolled_at = row.totp_enrolled_at.or(account.totp.enrolled_at);
    }
    if phone == LegacyImportOutcome::Imported {
        account.phone.is_verified = row.phone_verified.unwrap_or(account.phone.is_verified);
        account.phone.verified_at = row.phone_verified_at.or(account.phone.verified_at);
        account.backup_method = row.backup_method.unwrap_or(account.backup_method);
    }
    let recovery = import_recovery(account, row.recovery.as_ref());
    let state_imported = import_state(account, row, [totp, phone, recovery]);
    let report = LegacyImport { totp, phone, recovery, state_imported, ..LegacyImport::default() };
    let report = if row.enrol_anew { remove_rejected(account, row, report) } else { report };
    let report = lock_if_unprotected(account, row, report);
    LegacyImport { number: imported_number(account, cipher, phones), ..report }
}

/// Returns whether the row says that TOTP is enabled. A mapped column keeps its flag after the import, so it counts only
/// the first time.
fn says_totp(account: &Account, row: &LegacyRow, is_first: bool) -> bool {
    row.totp_enabled.map_or(account.totp.enabled, |is_enabled| is_enabled && is_first)
}

/// Returns whether the row says that SMS is a factor, as [`says_totp`].
fn says_sms(account: &Account, row: &LegacyRow, is_first: bool) -> bool {
    let is_mapped = row.phone_verified.is_some() || row.backup_method.is_some();
    let is_verified = row.phone_verified.unwrap_or(account.phone.is_verified);
    let is_backup = row.backup_method.unwrap_or(account.backup_method) == BackupMethod::Sms;
    is_verified && is_backup && (is_first || !is_mapped)
}

/// Takes over the MFA requirement, the failures and the lock of columns with other names, once for each account, whether
/// or not it has a factor. A later run must not undo what an administrator changed here.
fn import_state(account: &mut Account, row: &LegacyRow, parts: [LegacyImportOutcome; 3]) -> bool {
    let has_state = row.enforced == Some(true) || row.failures.unwrap_or(0) > 0 || row.lock_until.is_some();
    let is_taken = parts.contains(&LegacyImportOutcome::Imported);
    // A version without the marker has imported these factors, and their state with them.
    let was_imported = account.internal.state_imported
        || (!is_taken
            && parts.iter().any(|it| {
                matches!(it, LegacyImportOutcome::AlreadyImported | LegacyImportOutcome::KeptExisting)
            }));
    let imports_state = has_state && !was_imported;
    if imports_state {
        account.mfa_enforced |= row.enforced == Some(true);
        account.failures = account.failures.max(row.failures.unwrap_or(0));
        account.lock_until = account.lock_until.max(row.lock_until);
    }
    account.internal.state_imported |= imports_state || (is_taken && row.is_mapped());
    imports_state
}

/// Settles the country of a number whose country was a guess, once somebody states it.
fn settle_country(
    account: &mut Account,
    row: &LegacyRow,
    phone: LegacyImportOutcome,
    cipher: &dyn SecretCipher,
) -> LegacyImportOutcome {
    if !row.country_is_stated || !account.internal.sms.country_guessed {
        return phone;
    }
    let Ok(Some(guessed)) = mfa_sms::number(account, cipher) else { return phone };
    let Some(number) = guessed.read_in(&row.country) else {
        return LegacyImportOutcome::Rejected("the number is no phone number of the stated country");
    };
    let bytes = SecretBytes::new(number.e164().as_bytes().to_vec());
    let Ok(sealed) = cipher.seal(&bytes, account.seal_context(SealedColumn::PhoneNumber)) else {
        return LegacyImportOutcome::Unreadable("there is no randomness to seal with");
    };
    account.phone.number = Some(sealed);
    account.internal.sms.country_guessed = false;
    LegacyImportOutcome::Imported
}

fn imported_number(
    account: &Account,
    cipher: &dyn SecretCipher,
    phones: &PhonePolicy,
) -> Option<ImportedNumber> {
    let number = mfa_sms::number(account, cipher).ok()??;
    let no_sms = match phones.check(&number) {
        _ if account.internal.sms.country_guessed => Some(NoSms::CountryGuessed),
        Err(PhoneRefused::Country) => Some(NoSms::Country),
        Err(PhoneRefused::Kind) => Some(NoSms::LineType),
        Ok(()) => None,
    };
    Some(ImportedNumber { country: number.country().to_owned(), line_type: number.line_type(), no_sms })
}

impl LegacyRow {
    /// Returns whether a column of another name has a value.
    const fn is_mapped(&self) -> bool {
        self.totp_secret.is_some()
            || self.totp_enabled.is_some()
            || self.phone_number.is_some()
            || self.phone_verified.is_some()
            || self.recovery.is_some()
            || self.enforced.is_some()
    }
}

/// Returns whether an enabled factor could not be imported.
fn lost_factor(account: &Account, row: &LegacyRow, report: &LegacyImport) -> bool {
    let totp = row.totp_enabled.unwrap_or(account.totp.enabled);
    let phone = row.phone_verified.unwrap_or(account.phone.is_verified);
    let is_backup = row.backup_method.unwrap_or(account.backup_method) == BackupMethod::Sms;
    let is_left = |it| matches!(it, LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Unreadable(_));
    (totp && is_left(report.totp)) || (phone && is_backup && is_left(report.phone))
}

/// Locks an account that a password alone would open.
fn lock_if_unprotected(account: &mut Account, row: &LegacyRow, report: LegacyImport) -> LegacyImport {
    let is_locked = !account.has_factor() && lost_factor(account, row, &report);
    if is_locked {
        account.mfa_enforced = true;
        account.lock_for_import();
    } else if account.has_factor() || account.mfa_enforced {
        // The factor is there now, or its user must enrol one.
        account.end_import_lock();
    }
    LegacyImport { is_locked, ..report }
}

/// Removes the rejected values. A user who had a factor must enrol one again.
fn remove_rejected(account: &mut Account, row: &LegacyRow, report: LegacyImport) -> LegacyImport {
    account.mfa_enforced |= lost_factor(account, row, &report);
    let had_codes = !account.recovery.codes.is_empty();
    if matches!(report.totp, LegacyImportOutcome::Rejected(_)) {
        let id = account.totp.first_id().to_owned();
        account.remove_totp_app(&id);
    }
    if matches!(report.phone, LegacyImportOutcome::Rejected(_)) {
        mfa_sms::remove_number(account);
    }
    let lost_codes = had_codes && account.recovery.codes.is_empty();
    let recovery = if lost_codes {
        LegacyImportOutcome::Removed("the account has no second factor left")
    } else {
        report.recovery
    };
    LegacyImport { totp: removed(report.totp), phone: removed(report.phone), recovery, ..report }
}

const fn removed(outcome: LegacyImportOutcome) -> LegacyImportOutcome {
    match outcome {
        LegacyImportOutcome::Rejected(why) => LegacyImportOutcome::Removed(why),
        other => other,
    }
}

/// Returns the outcome of one value and the new content of its column.
fn import_value(
    account: &Account,
    own: Option<&Sealed>,
    other: Option<&SecretText>,
    column: SealedColumn,
    cipher: &dyn SecretCipher,
    read: &dyn Fn(&str) -> Result<SecretBytes, &'static str>,
) -> (LegacyImportOutcome, Option<Sealed>) {
    let context = account.seal_context(column);
    let seal = |text: &str| match read(text).map(|value| cipher.seal(&value, context)) {
        Ok(Ok(sealed)) => (LegacyImportOutcome::Imported, Some(sealed)),
        Ok(Err(_)) => (LegacyImportOutcome::Unreadable("there is no randomness to seal with"), own.cloned()),
        Err(why) => (LegacyImportOutcome::Rejected(why), own.cloned()),
    };
    let other = other.map(|text| text.expose().trim()).filter(|text| !text.is_empty());
    let Some(sealed) = own else {
        return other.map_or((LegacyImportOutcome::Absent, None), seal);
    };
    match cipher.unseal(sealed, context) {
        Ok(value) => {
            let same = other.is_none_or(|text| read(text).is_ok_and(|it| it == value));
            (
                if same { LegacyImportOutcome::AlreadyImported } else { LegacyImportOutcome::KeptExisting },
                Some(sealed.clone()),
            )
        }
        // Some services store an empty text for no value.
        Err(CipherError::NotSealed) if sealed.as_column().trim().is_empty() => {
            other.map_or((LegacyImportOutcome::Absent, None), seal)
        }
        Err(CipherError::NotSealed) => seal(sealed.as_column().trim()),
        Err(_) => {
            (LegacyImportOutcome::Unreadable("the value is sealed and cannot be read"), Some(sealed.clone()))
        }
    }
}

fn import_recovery(account: &mut Account, other: Option<&RecoveryState>) -> LegacyImportOutcome {
    let Some(other) = other.filter(|it| !it.codes.is_empty()) else { return LegacyImportOutcome::Absent };
    if account.recovery.is_absent() {
        account.recovery = other.clone();
        return LegacyImportOutcome::Imported;
    }
    let digests = |state: &RecoveryState| state.codes.iter().map(|it| it.digest.clone()).collect::<Vec<_>>();
    if digests(&account.recovery) == digests(other) {
        LegacyImportOutcome::AlreadyImported
    } else {
        LegacyImportOutcome::KeptExisting
    }
}

#[cfg(test)]
mod tests;
