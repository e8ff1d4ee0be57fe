use mfa_core::testing::TestCipher;
use mfa_core::{Lock, RecoveryCode};

use super::*;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn plain(text: &str) -> Sealed {
    Sealed::from_column(text.to_owned())
}

fn text(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn phones() -> PhonePolicy {
    PhonePolicy::allowing(["FR", "BE"]).unwrap()
}

fn row() -> LegacyRow {
    LegacyRow { country: "FR".to_owned(), ..LegacyRow::default() }
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
    let report = import_legacy(&mut account, &row(), &TestCipher, &phones());
    assert_eq!((report.totp, report.phone), (LegacyImportOutcome::Imported, LegacyImportOutcome::Imported));
    let secret = unsealed(&account, account.totp.secret.as_ref(), SealedColumn::TotpSecret);
    assert_eq!(secret, b"12345678901234567890");
    let number = unsealed(&account, account.phone.number.as_ref(), SealedColumn::PhoneNumber);
    assert_eq!(number, b"+33612345612");
    let before = account.clone();
    let report = import_legacy(&mut account, &row(), &TestCipher, &phones());
    assert_eq!(
        (report.totp, report.phone, account),
        (LegacyImportOutcome::AlreadyImported, LegacyImportOutcome::AlreadyImported, before)
    );
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
    let row = LegacyRow {
        totp_secret: Some(text(SECRET)),
        totp_enabled: Some(true),
        phone_number: Some(text("+32470123456")),
        phone_verified: Some(true),
        backup_method: Some(BackupMethod::Sms),
        recovery: Some(RecoveryState { codes: vec![code], ..RecoveryState::default() }),
        enforced: Some(true),
        failures: Some(3),
        ..row()
    };
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    let report = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert_eq!(
        (report.totp, report.phone, report.recovery),
        (LegacyImportOutcome::Imported, LegacyImportOutcome::Imported, LegacyImportOutcome::Imported)
    );
    assert!(account.has_totp() && account.has_sms() && account.mfa_enforced);
    assert_eq!((account.failures, account.recovery.left()), (3, 1));
    let before = account.clone();
    let report = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert_eq!(
        (report.totp, report.phone, report.recovery),
        (
            LegacyImportOutcome::AlreadyImported,
            LegacyImportOutcome::AlreadyImported,
            LegacyImportOutcome::AlreadyImported
        )
    );
    assert_eq!(account, before);
}

#[test]
fn what_cannot_be_ours_stays_as_it_is() {
    for (secret, number) in [("GEZDGNBVGY3TQOJQ", "12"), ("not base32!", "no number"), ("v1.k.x", "112")] {
        let mut account = account();
        account.totp.secret = Some(plain(secret));
        account.phone.number = Some(plain(number));
        let before = account.clone();
        let report = import_legacy(&mut account, &row(), &TestCipher, &phones());
        assert!(
            matches!(report.totp, LegacyImportOutcome::Rejected(_) | LegacyImportOutcome::Unreadable(_)),
            "{secret}"
        );
        assert!(matches!(report.phone, LegacyImportOutcome::Rejected(_)), "{number}");
        assert_eq!(account, before);
    }
}

#[test]
fn an_account_whose_one_factor_is_refused_is_shut_and_not_open_to_a_password() {
    let row = LegacyRow { totp_secret: Some(text("GEZDGNBVGY3TQOJQ")), totp_enabled: Some(true), ..row() };
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    let report = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert!(
        matches!(report.totp, LegacyImportOutcome::Rejected(_)) && report.is_locked && account.mfa_enforced
    );
    assert_eq!(account.lock(Timestamp::from_seconds(1)), Some(Lock::UntilAdministrator));
    let before = account.clone();
    assert_eq!((import_legacy(&mut account, &row, &TestCipher, &phones()), account), (report, before));

    // TOTP was not enabled, or the account has a verified phone too.
    let off = LegacyRow { totp_enabled: Some(false), ..row.clone() };
    // The same holds for a phone as the only factor.
    let phone = LegacyRow {
        phone_number: Some(text("12")),
        phone_verified: Some(true),
        backup_method: Some(BackupMethod::Sms),
        ..self::row()
    };
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    assert!(import_legacy(&mut account, &phone, &TestCipher, &phones()).is_locked);
    let sms = LegacyRow {
        phone_number: Some(text("+32470123456")),
        phone_verified: Some(true),
        backup_method: Some(BackupMethod::Sms),
        ..row
    };
    for row in [off, sms] {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        assert!(!import_legacy(&mut account, &row, &TestCipher, &phones()).is_locked);
        assert_eq!(account.lock_until, None);
    }
}

#[test]
fn who_enrols_anew_loses_what_was_refused_and_must_set_another() {
    let row = LegacyRow { enrol_anew: true, ..row() };
    let mut account = account();
    account.totp.secret = Some(plain("GEZDGNBVGY3TQOJQ"));
    account.phone.number = Some(plain("12"));
    let report = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert!(
        matches!(
            (report.totp, report.phone),
            (LegacyImportOutcome::Removed(_), LegacyImportOutcome::Removed(_))
        ),
        "{report:?}"
    );
    assert!(!account.has_factor() && account.mfa_enforced && account.lock_until.is_none());
    assert_eq!((&account.totp.secret, &account.phone.number), (&None, &None));
    let before = account.clone();
    let report = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert_eq!(
        (report.totp, report.phone, account),
        (LegacyImportOutcome::Absent, LegacyImportOutcome::Absent, before)
    );
}

#[test]
fn what_is_sealed_and_cannot_be_read_is_never_taken_off() {
    let mut account = account();
    let elsewhere = account.seal_context(SealedColumn::TotpPendingSecret);
    let secret = SecretBytes::new(b"12345678901234567890".to_vec());
    account.totp.secret = Some(TestCipher.seal(&secret, elsewhere).unwrap());
    let before = account.clone();
    let report =
        import_legacy(&mut account, &LegacyRow { enrol_anew: true, ..row() }, &TestCipher, &phones());
    assert!(matches!(report.totp, LegacyImportOutcome::Unreadable(_)), "the key may come back: {report:?}");
    assert_eq!(
        (account.totp, account.lock_until),
        (before.totp, None),
        "it is in force, and refuses every code"
    );
}

#[test]
fn a_secret_of_ours_is_not_replaced_by_an_older_one() {
    let mut account = account();
    account.totp.secret = Some(plain(SECRET));
    let _ = import_legacy(&mut account, &row(), &TestCipher, &phones());
    let before = account.clone();
    let other = LegacyRow { totp_secret: Some(text(&SECRET.replace("GEZD", "MFRG"))), ..row() };
    assert_eq!(
        import_legacy(&mut account, &other, &TestCipher, &phones()).totp,
        LegacyImportOutcome::KeptExisting
    );
    assert_eq!(account, before);
}

fn eve() -> LegacyRow {
    LegacyRow { totp_secret: Some(text("GEZDGNBVGY3TQOJQ")), totp_enabled: Some(true), ..row() }
}

#[test]
fn enrolling_anew_ends_the_lock_of_the_import_and_restores_the_lock_before_it() {
    for before in [None, Some(Timestamp::from_seconds(4_000_000_000))] {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        account.failures = 10;
        account.lock_until = before;
        assert!(import_legacy(&mut account, &eve(), &TestCipher, &phones()).is_locked);
        assert_eq!(account.lock_until, Some(Timestamp::FAR_FUTURE));
        let anew = LegacyRow { enrol_anew: true, ..eve() };
        let report = import_legacy(&mut account, &anew, &TestCipher, &phones());
        assert!(!report.is_locked && account.mfa_enforced, "{report:?}");
        assert_eq!((account.lock_until, account.failures), (before, 10));
    }
}

#[test]
fn a_corrected_secret_ends_the_lock_of_the_import() {
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    assert!(import_legacy(&mut account, &eve(), &TestCipher, &phones()).is_locked);
    let corrected = LegacyRow { totp_secret: Some(text(SECRET)), ..eve() };
    let _ = import_legacy(&mut account, &corrected, &TestCipher, &phones());
    assert!(account.has_totp() && account.lock_until.is_none());
}

#[test]
fn enrolling_anew_ends_no_lock_of_another_cause() {
    let anew = LegacyRow { enrol_anew: true, ..eve() };
    // Locked for good before the import.
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    account.failures = 100;
    account.lock_until = Some(Timestamp::FAR_FUTURE);
    let _ = import_legacy(&mut account, &eve(), &TestCipher, &phones());
    let _ = import_legacy(&mut account, &anew, &TestCipher, &phones());
    assert_eq!(account.lock_until, Some(Timestamp::FAR_FUTURE));
    // Unlocked by SQL, which knows no marker, and locked by wrong codes since.
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    let _ = import_legacy(&mut account, &eve(), &TestCipher, &phones());
    account.failures = 100;
    account.lock_until = Some(Timestamp::FAR_FUTURE);
    let _ = import_legacy(&mut account, &anew, &TestCipher, &phones());
    assert_eq!(account.lock_until, Some(Timestamp::FAR_FUTURE));
}

#[test]
fn the_requirement_the_failures_and_the_lock_are_imported_once_without_any_factor() {
    let until = Timestamp::from_seconds(4_000_000_000);
    let row = LegacyRow { enforced: Some(true), failures: Some(12), lock_until: Some(until), ..row() };
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    assert!(import_legacy(&mut account, &row, &TestCipher, &phones()).state_imported);
    assert_eq!((account.mfa_enforced, account.failures, account.lock_until), (true, 12, Some(until)));
    // What an administrator changes here stays.
    account.unlock();
    account.mfa_enforced = false;
    assert!(!import_legacy(&mut account, &row, &TestCipher, &phones()).state_imported);
    assert_eq!((account.mfa_enforced, account.failures, account.lock_until), (false, 0, None));
}

#[test]
fn a_flag_of_the_old_column_turns_no_requirement_off() {
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    account.mfa_enforced = true;
    let row = LegacyRow {
        enforced: Some(false),
        totp_secret: Some(text(SECRET)),
        totp_enabled: Some(true),
        ..row()
    };
    let _ = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert!(account.mfa_enforced && account.has_totp());
}

#[test]
fn a_factor_without_its_secret_is_reported_and_leaves_no_account_open() {
    let totp = LegacyRow { totp_enabled: Some(true), ..row() };
    let sms = LegacyRow { phone_verified: Some(true), backup_method: Some(BackupMethod::Sms), ..row() };
    for row in [totp, sms] {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let report = import_legacy(&mut account, &row, &TestCipher, &phones());
        assert!(report.is_locked && account.mfa_enforced, "{report:?}");
    }
    let mut own = account();
    let report = import_legacy(&mut own, &row(), &TestCipher, &phones());
    assert!(matches!(report.totp, LegacyImportOutcome::Rejected(_)) && report.is_locked, "{report:?}");
}

#[test]
fn a_reset_after_the_import_is_no_lost_factor() {
    let row = LegacyRow { totp_secret: Some(text(SECRET)), totp_enabled: Some(true), ..row() };
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    let _ = import_legacy(&mut account, &row, &TestCipher, &phones());
    account.remove_all_factors(Timestamp::from_seconds(9));
    let before = account.clone();
    // The secret was emptied after the import; the flag stays in the old column.
    let report = import_legacy(&mut account, &LegacyRow { totp_secret: None, ..row }, &TestCipher, &phones());
    assert_eq!((report.totp, report.is_locked, account), (LegacyImportOutcome::Absent, false, before));
}

#[test]
fn a_national_number_gets_no_sms_until_somebody_states_its_country() {
    let row = LegacyRow { phone_number: Some(text("079 123 45 67")), ..row() };
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    let number = |report: LegacyImport| report.number.unwrap();
    let report = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert_eq!(number(report).no_sms, Some(NoSms::CountryGuessed));
    assert!(account.internal.sms.country_guessed);
    // A second run without a country changes nothing.
    let before = account.clone();
    let _ = import_legacy(&mut account, &row, &TestCipher, &phones());
    assert_eq!(account, before);

    let stated = LegacyRow { country: "CH".to_owned(), country_is_stated: true, ..self::row() };
    let report = import_legacy(&mut account, &stated, &TestCipher, &phones());
    assert_eq!(report.phone, LegacyImportOutcome::Imported);
    let number = number(report);
    assert_eq!(
        (number.country.as_str(), number.line_type, number.no_sms),
        ("CH", "mobile", Some(NoSms::Country))
    );
    let sealed = unsealed(&account, account.phone.number.as_ref(), SealedColumn::PhoneNumber);
    assert_eq!((sealed.as_slice(), account.internal.sms.country_guessed), (&b"+41791234567"[..], false));
}

#[test]
fn an_international_number_is_no_guess_and_a_landline_is_named() {
    for (text, expected) in [
        ("+33 6 12 34 56 12", None),
        ("0033612345612", None),
        ("+33 1 23 45 67 89", Some(NoSms::LineType)),
        ("+1 201 555 0123", Some(NoSms::Country)),
    ] {
        let row = LegacyRow { phone_number: Some(self::text(text)), ..row() };
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        let report = import_legacy(&mut account, &row, &TestCipher, &phones());
        assert_eq!(report.number.unwrap().no_sms, expected, "{text}");
    }
}
