//! Accounts of the Python service, taken over where they are.

use mfa_core::{
    Account, BackupMethod, CipherError, EventKind, Lock, RecoveryState, Sealed, SealedColumn, SecretBytes,
    SecretCipher, SecretText, Timestamp, UserId,
};
use mfa_sms::PhoneNumber;

use crate::admin::admin_event;
use crate::{AdminCall, Flows, Refusal};

/// What a row holds in columns that are not ours. What stands in our own columns, in the clear, is read from the
/// account itself.
#[derive(Clone, Debug, Default)]
pub struct Adoption {
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
pub enum Adopted {
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
    /// It is gone, because it cannot be ours and the user is to set it anew.
    TakenOff(&'static str),
}

/// What became of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdoptedRow {
    /// Its secret.
    pub totp: Adopted,
    /// Its number.
    pub phone: Adopted,
    /// Its recovery codes, where they were in a column of another name.
    pub recovery: Adopted,
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
    /// [`Refusal::NoSuchUser`]; a store error: try again.
    pub async fn adopt(
        &self,
        call: &AdminCall,
        user: UserId,
        adoption: Adoption,
    ) -> Result<AdoptedRow, Refusal> {
        let event = admin_event(call, EventKind::AdminImport, self.now());
        let cipher = self.ports().cipher.clone();
        let decided = self.ports().accounts.update(user, move |account| {
            let before = account.clone();
            let row = adopt(account, &adoption, cipher.as_ref());
            if *account != before {
                account.record(event.clone());
            }
            row
        });
        decided.await?.ok_or(Refusal::NoSuchUser)
    }

    /// What [`Flows::adopt`] would answer for such an account; changes nothing.
    pub fn try_adopt(&self, mut account: Account, adoption: &Adoption) -> AdoptedRow {
        adopt(&mut account, adoption, self.ports().cipher.as_ref())
    }
}

fn adopt(account: &mut Account, adoption: &Adoption, cipher: &dyn SecretCipher) -> AdoptedRow {
    let (totp, secret) = adopt_value(
        account,
        account.totp.secret.as_ref(),
        adoption.totp_secret.as_ref(),
        SealedColumn::TotpSecret,
        cipher,
        &|text| match mfa_totp::import_secret(text) {
            Ok(secret) => Ok(secret),
            Err(mfa_totp::ImportError::NotBase32) => Err("the secret is not base32"),
            Err(mfa_totp::ImportError::TooShort) => {
                Err("the secret has fewer than 128 bits: the user has to enrol anew")
            }
            Err(mfa_totp::ImportError::TooLong) => Err("the secret has more than 1024 bits"),
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
    if totp == Adopted::Taken {
        account.totp.enabled = adoption.totp_enabled.unwrap_or(account.totp.enabled);
        account.totp.enrolled_at = adoption.totp_enrolled_at.or(account.totp.enrolled_at);
    }
    if phone == Adopted::Taken {
        account.phone.is_verified = adoption.phone_verified.unwrap_or(account.phone.is_verified);
        account.phone.verified_at = adoption.phone_verified_at.or(account.phone.verified_at);
        account.backup_method = adoption.backup_method.unwrap_or(account.backup_method);
    }
    let recovery = adopt_recovery(account, adoption.recovery.as_ref());
    if [totp, phone, recovery].contains(&Adopted::Taken) {
        account.mfa_enforced = adoption.enforced.unwrap_or(account.mfa_enforced);
        account.failures = account.failures.max(adoption.failures.unwrap_or(0));
        account.lock_until = account.lock_until.max(adoption.lock_until);
    }
    let refused = AdoptedRow { totp, phone, recovery, is_shut: false };
    if adoption.enrol_anew { take_off(account, adoption, refused) } else { shut(account, adoption, refused) }
}

/// Whether a factor that was in force is not ours.
fn has_lost(account: &Account, adoption: &Adoption, row: &AdoptedRow) -> bool {
    let totp = adoption.totp_enabled.unwrap_or(account.totp.enabled);
    let phone = adoption.phone_verified.unwrap_or(account.phone.is_verified);
    let is_backup = adoption.backup_method.unwrap_or(account.backup_method) == BackupMethod::Sms;
    (totp && matches!(row.totp, Adopted::Refused(_)))
        || (phone && is_backup && matches!(row.phone, Adopted::Refused(_)))
}

/// Shuts an account that would be open to a password alone.
fn shut(account: &mut Account, adoption: &Adoption, row: AdoptedRow) -> AdoptedRow {
    let is_shut = !account.has_factor() && has_lost(account, adoption, &row);
    if is_shut {
        account.mfa_enforced = true;
        account.lock_until = Some(Lock::UntilAdministrator.end());
    }
    AdoptedRow { is_shut, ..row }
}

/// Takes off what was refused. Who had a factor must have one again.
fn take_off(account: &mut Account, adoption: &Adoption, row: AdoptedRow) -> AdoptedRow {
    account.mfa_enforced |= has_lost(account, adoption, &row);
    let had_codes = !account.recovery.codes.is_empty();
    if matches!(row.totp, Adopted::Refused(_)) {
        account.remove_totp();
    }
    if matches!(row.phone, Adopted::Refused(_)) {
        mfa_sms::remove_number(account);
    }
    let lost_codes = had_codes && account.recovery.codes.is_empty();
    let recovery = if lost_codes {
        Adopted::TakenOff("no factor is left for them to stand in for")
    } else {
        row.recovery
    };
    AdoptedRow { totp: taken_off(row.totp), phone: taken_off(row.phone), recovery, is_shut: false }
}

const fn taken_off(adopted: Adopted) -> Adopted {
    match adopted {
        Adopted::Refused(why) => Adopted::TakenOff(why),
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
) -> (Adopted, Option<Sealed>) {
    let place = account.seal_context(column);
    let seal = |text: &str| match read(text).map(|value| cipher.seal(&value, place)) {
        Ok(Ok(sealed)) => (Adopted::Taken, Some(sealed)),
        Ok(Err(_)) => (Adopted::Refused("there is no randomness to seal with"), own.cloned()),
        Err(why) => (Adopted::Refused(why), own.cloned()),
    };
    let other = other.map(|text| text.expose().trim()).filter(|text| !text.is_empty());
    let Some(sealed) = own else {
        return other.map_or((Adopted::Absent, None), seal);
    };
    match cipher.unseal(sealed, place) {
        Ok(value) => {
            let same = other.is_none_or(|text| read(text).is_ok_and(|it| it == value));
            (if same { Adopted::Already } else { Adopted::Kept }, Some(sealed.clone()))
        }
        // An empty text is how some services write that there is none.
        Err(CipherError::NotSealed) if sealed.as_column().trim().is_empty() => {
            other.map_or((Adopted::Absent, None), seal)
        }
        Err(CipherError::NotSealed) => seal(sealed.as_column().trim()),
        Err(_) => (Adopted::Refused("the value is sealed and cannot be read"), Some(sealed.clone())),
    }
}

fn adopt_recovery(account: &mut Account, other: Option<&RecoveryState>) -> Adopted {
    let Some(other) = other.filter(|it| !it.codes.is_empty()) else { return Adopted::Absent };
    if account.recovery.codes.is_empty() {
        account.recovery = other.clone();
        return Adopted::Taken;
    }
    let digests = |state: &RecoveryState| state.codes.iter().map(|it| it.digest.clone()).collect::<Vec<_>>();
    if digests(&account.recovery) == digests(other) { Adopted::Already } else { Adopted::Kept }
}

#[cfg(test)]
mod tests {
    use mfa_core::RecoveryCode;
    use mfa_core::testing::TestCipher;

    use super::*;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn plain(text: &str) -> Sealed {
        Sealed::from_column(text.to_owned())
    }

    fn text(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    fn adoption() -> Adoption {
        Adoption { country: "FR".to_owned(), ..Adoption::default() }
    }

    fn account() -> Account {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        account.totp.enabled = true;
        account
    }

    fn unsealed(account: &Account, sealed: Option<&Sealed>, column: SealedColumn) -> Vec<u8> {
        TestCipher.unseal(sealed.unwrap(), account.seal_context(column)).unwrap().expose().to_vec()
    }

    #[test]
    fn what_stands_in_the_clear_is_sealed_and_a_second_time_changes_nothing() {
        let mut account = account();
        account.totp.secret = Some(plain(SECRET));
        account.phone.number = Some(plain("06 12 34 56 12"));
        let row = adopt(&mut account, &adoption(), &TestCipher);
        assert_eq!((row.totp, row.phone), (Adopted::Taken, Adopted::Taken));
        let secret = unsealed(&account, account.totp.secret.as_ref(), SealedColumn::TotpSecret);
        assert_eq!(secret, b"12345678901234567890");
        let number = unsealed(&account, account.phone.number.as_ref(), SealedColumn::PhoneNumber);
        assert_eq!(number, b"+33612345612");
        let before = account.clone();
        let row = adopt(&mut account, &adoption(), &TestCipher);
        assert_eq!((row.totp, row.phone, account), (Adopted::Already, Adopted::Already, before));
    }

    #[test]
    fn what_stands_in_a_column_of_another_name_is_taken_over_with_what_belongs_to_it() {
        let code = RecoveryCode {
            id: "1".to_owned(),
            digest: "$2b$12$x".to_owned(),
            tag_key: None,
            tag: None,
            used_at: None,
            rest: serde_json::Map::new(),
        };
        let adoption = Adoption {
            totp_secret: Some(text(SECRET)),
            totp_enabled: Some(true),
            phone_number: Some(text("+32470123456")),
            phone_verified: Some(true),
            backup_method: Some(BackupMethod::Sms),
            recovery: Some(RecoveryState { codes: vec![code], generated_at: None }),
            enforced: Some(true),
            failures: Some(3),
            ..adoption()
        };
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let row = adopt(&mut account, &adoption, &TestCipher);
        assert_eq!((row.totp, row.phone, row.recovery), (Adopted::Taken, Adopted::Taken, Adopted::Taken));
        assert!(account.has_totp() && account.has_sms() && account.mfa_enforced);
        assert_eq!((account.failures, account.recovery.left()), (3, 1));
        let before = account.clone();
        let row = adopt(&mut account, &adoption, &TestCipher);
        assert_eq!(
            (row.totp, row.phone, row.recovery),
            (Adopted::Already, Adopted::Already, Adopted::Already)
        );
        assert_eq!(account, before);
    }

    #[test]
    fn what_cannot_be_ours_stays_as_it_is() {
        for (secret, number) in [("GEZDGNBVGY3TQOJQ", "12"), ("not base32!", "no number"), ("v1.k.x", "112")]
        {
            let mut account = account();
            account.totp.secret = Some(plain(secret));
            account.phone.number = Some(plain(number));
            let before = account.clone();
            let row = adopt(&mut account, &adoption(), &TestCipher);
            assert!(matches!(row.totp, Adopted::Refused(_)), "{secret}");
            assert!(matches!(row.phone, Adopted::Refused(_)), "{number}");
            assert_eq!(account, before);
        }
    }

    #[test]
    fn an_account_whose_one_factor_is_refused_is_shut_and_not_open_to_a_password() {
        let adoption =
            Adoption { totp_secret: Some(text("GEZDGNBVGY3TQOJQ")), totp_enabled: Some(true), ..adoption() };
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let row = adopt(&mut account, &adoption, &TestCipher);
        assert!(matches!(row.totp, Adopted::Refused(_)) && row.is_shut && account.mfa_enforced);
        assert_eq!(account.lock(Timestamp::from_seconds(1)), Some(Lock::UntilAdministrator));
        let before = account.clone();
        assert_eq!((adopt(&mut account, &adoption, &TestCipher), account), (row, before));

        // It was not in force, or a phone stands beside it.
        let off = Adoption { totp_enabled: Some(false), ..adoption.clone() };
        // Of a phone as the one factor the same is true.
        let phone = Adoption {
            phone_number: Some(text("12")),
            phone_verified: Some(true),
            backup_method: Some(BackupMethod::Sms),
            ..self::adoption()
        };
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        assert!(adopt(&mut account, &phone, &TestCipher).is_shut);
        let sms = Adoption {
            phone_number: Some(text("+32470123456")),
            phone_verified: Some(true),
            backup_method: Some(BackupMethod::Sms),
            ..adoption
        };
        for adoption in [off, sms] {
            let mut account = Account::new(UserId::new(7), "a@b.c", "a");
            assert!(!adopt(&mut account, &adoption, &TestCipher).is_shut);
            assert_eq!(account.lock_until, None);
        }
    }

    #[test]
    fn who_enrols_anew_loses_what_was_refused_and_must_set_another() {
        let adoption = Adoption { enrol_anew: true, ..adoption() };
        let mut account = account();
        account.totp.secret = Some(plain("GEZDGNBVGY3TQOJQ"));
        account.phone.number = Some(plain("12"));
        let row = adopt(&mut account, &adoption, &TestCipher);
        assert!(matches!((row.totp, row.phone), (Adopted::TakenOff(_), Adopted::TakenOff(_))), "{row:?}");
        assert!(!account.has_factor() && account.mfa_enforced && account.lock_until.is_none());
        assert_eq!((&account.totp.secret, &account.phone.number), (&None, &None));
        let before = account.clone();
        let row = adopt(&mut account, &adoption, &TestCipher);
        assert_eq!((row.totp, row.phone, account), (Adopted::Absent, Adopted::Absent, before));
    }

    #[test]
    fn a_secret_of_ours_is_not_replaced_by_an_older_one() {
        let mut account = account();
        account.totp.secret = Some(plain(SECRET));
        let _ = adopt(&mut account, &adoption(), &TestCipher);
        let before = account.clone();
        let other = Adoption { totp_secret: Some(text(&SECRET.replace("GEZD", "MFRG"))), ..adoption() };
        assert_eq!(adopt(&mut account, &other, &TestCipher).totp, Adopted::Kept);
        assert_eq!(account, before);
    }
}
