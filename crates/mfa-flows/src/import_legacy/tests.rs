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
    let report = import_legacy(&mut account, &row(), &TestCipher);
    assert_eq!((report.totp, report.phone), (LegacyImportOutcome::Imported, LegacyImportOutcome::Imported));
    let secret = unsealed(&account, account.totp.secret.as_ref(), SealedColumn::TotpSecret);
    assert_eq!(secret, b"12345678901234567890");
    let number = unsealed(&account, account.phone.number.as_ref(), SealedColumn::PhoneNumber);
    assert_eq!(number, b"+33612345612");
    let before = account.clone();
    let report = import_legacy(&mut account, &row(), &TestCipher);
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
        recovery: Some(RecoveryState { codes: vec![code], generated_at: None }),
        enforced: Some(true),
        failures: Some(3),
        ..row()
    };
    let mut account = Account::new(UserId::new(7), "a@b.c", "a");
    let report = import_legacy(&mut account, &row, &TestCipher);
    assert_eq!(
        (report.totp, report.phone, report.recovery),
        (LegacyImportOutcome::Imported, LegacyImportOutcome::Imported, LegacyImportOutcome::Imported)
    );
    assert!(account.has_totp() && account.has_sms() && account.mfa_enforced);
    assert_eq!((account.failures, account.recovery.left()), (3, 1));
    let before = account.clone();
    let report = import_legacy(&mut account, &row, &TestCipher);
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
        let report = import_legacy(&mut account, &row(), &TestCipher);
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
    let report = import_legacy(&mut account, &row, &TestCipher);
    assert!(
        matches!(report.totp, LegacyImportOutcome::Rejected(_)) && report.is_locked && account.mfa_enforced
    );
    assert_eq!(account.lock(Timestamp::from_seconds(1)), Some(Lock::UntilAdministrator));
    let before = account.clone();
    assert_eq!((import_legacy(&mut account, &row, &TestCipher), account), (report, before));

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
    assert!(import_legacy(&mut account, &phone, &TestCipher).is_locked);
    let sms = LegacyRow {
        phone_number: Some(text("+32470123456")),
        phone_verified: Some(true),
        backup_method: Some(BackupMethod::Sms),
        ..row
    };
    for row in [off, sms] {
        let mut account = Account::new(UserId::new(7), "a@b.c", "a");
        assert!(!import_legacy(&mut account, &row, &TestCipher).is_locked);
        assert_eq!(account.lock_until, None);
    }
}

#[test]
fn who_enrols_anew_loses_what_was_refused_and_must_set_another() {
    let row = LegacyRow { enrol_anew: true, ..row() };
    let mut account = account();
    account.totp.secret = Some(plain("GEZDGNBVGY3TQOJQ"));
    account.phone.number = Some(plain("12"));
    let report = import_legacy(&mut account, &row, &TestCipher);
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
    let report = import_legacy(&mut account, &row, &TestCipher);
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
    let report = import_legacy(&mut account, &LegacyRow { enrol_anew: true, ..row() }, &TestCipher);
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
    let _ = import_legacy(&mut account, &row(), &TestCipher);
    let before = account.clone();
    let other = LegacyRow { totp_secret: Some(text(&SECRET.replace("GEZD", "MFRG"))), ..row() };
    assert_eq!(import_legacy(&mut account, &other, &TestCipher).totp, LegacyImportOutcome::KeptExisting);
    assert_eq!(account, before);
}
