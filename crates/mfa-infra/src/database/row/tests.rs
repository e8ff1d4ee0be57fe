//! Tests of rows.

use mfa_core::{TotpApp, TotpParameters};

use super::*;

fn account() -> Account {
    let mut account = Account::new(UserId::new(7), "ada@example.com", "ada");
    account.totp.secret = Some(Sealed::from_column("v1.k.x".into()));
    account.totp.pending = Some(PendingTotp {
        secret: Sealed::from_column("v1.k.y".into()),
        expires_at: Timestamp::from_millis(5),
        added_as: None,
        name: None,
    });
    account.failures = 3;
    account.lock_until = Some(Timestamp::FAR_FUTURE);
    account.internal.session = 4;
    account
}

#[test]
fn an_account_reads_back_from_its_row() {
    let account = account();
    assert_eq!(AccountRow::from_account(&account).unwrap().to_account().unwrap(), account);
}

fn with_several_apps() -> Account {
    let mut account = account();
    account.totp.enabled = true;
    account.totp.enrolled_at = Some(Timestamp::from_millis(3));
    account.totp.parameters.digits = mfa_core::TotpDigits::Eight;
    account.totp.further = vec![TotpApp {
        id: "b".into(),
        secret: Sealed::from_column("v1.k.b".into()),
        enrolled_at: Some(Timestamp::from_millis(4)),
        parameters: TotpParameters::default(),
    }];
    account
}

#[test]
fn several_apps_and_one_that_is_added_read_back_from_their_row() {
    let mut account = with_several_apps();
    let row = AccountRow::from_account(&account).unwrap();
    assert_eq!(row.to_account().unwrap(), account);
    let pending = account.totp.pending.as_mut().unwrap();
    (pending.added_as, pending.name) = (Some("c".into()), Some("Tablet".into()));
    let adding = AccountRow::from_account(&account).unwrap();
    assert_eq!(adding.totp_pending_secret, None, "a server of the previous version cannot confirm it");
    assert_eq!(adding.to_account().unwrap(), account);
    // That server has begun an enrolment of its own since.
    let row = AccountRow { mfa_authenticators: adding.mfa_authenticators, ..row };
    let earlier = AccountRow { totp_pending_expires_at: Some(4), ..row.clone() };
    let later = AccountRow { totp_pending_expires_at: Some(6), ..row };
    let added = |row: &AccountRow| row.to_account().unwrap().adds_totp_app();
    assert_eq!((added(&earlier), added(&later)), (true, false));
}

#[test]
fn who_disables_totp_by_sql_removes_every_app() {
    let mut row = AccountRow::from_account(&with_several_apps()).unwrap();
    row.is_totp_enabled = false;
    let account = row.to_account().unwrap();
    assert_eq!((account.has_totp(), account.totp_apps().count()), (false, 0));
}

#[test]
fn an_app_takes_the_place_of_a_secret_that_another_program_removed() {
    let mut row = AccountRow::from_account(&with_several_apps()).unwrap();
    row.totp_secret = None;
    let account = row.to_account().unwrap();
    assert_eq!(account.totp_apps().map(|app| app.id).collect::<Vec<_>>(), ["b"]);
    assert_eq!(account.totp.secret, Some(Sealed::from_column("v1.k.b".into())));
}

#[test]
fn parameters_belong_to_the_secret_that_they_were_stored_with() {
    let mut row = AccountRow::from_account(&with_several_apps()).unwrap();
    row.totp_enrolled_at = Some(9);
    assert_eq!(row.to_account().unwrap().totp.parameters, TotpParameters::default());
}

#[test]
fn a_verification_leaves_the_cold_columns_alone() {
    let mut after = account();
    after.totp.last_step = Some(9);
    after.failures += 1;
    after.last_method = Some(FactorKind::Totp);
    (after.lock_until, after.last_success_at) = (after.last_success_at, after.lock_until);
    after.internal.session = 5;
    let verified = after.clone();
    assert!(!differs_in_cold_columns(account(), &mut after));
    assert_eq!(after, verified, "it is only compared");
    after.mfa_enforced = !after.mfa_enforced;
    assert!(differs_in_cold_columns(account(), &mut after));
}

#[test]
fn a_change_of_the_hot_columns_changes_no_other_column() {
    let before = AccountRow::from_account(&account()).unwrap();
    let mut after = account();
    after.totp.last_step = Some(9);
    after.failures += 1;
    after.last_method = Some(FactorKind::Totp);
    after.internal.session = 5;
    let after = AccountRow::from_account(&after).unwrap();
    assert_ne!(after, before);
    let cold = |row: AccountRow| AccountRow {
        totp_last_step: None,
        mfa_failed_attempts: 0,
        mfa_last_method: None,
        mfa_internal: String::new(),
        ..row
    };
    assert_eq!(cold(after), cold(before));
}

#[test]
fn codes_in_another_form_are_a_set_that_matches_nothing_and_stay_as_they_are() {
    let ours = serde_json::json!({ "id": "1", "digest": "$argon2id$x", "used_at": null });
    for column in [
        "[\"$2b$12$x\"]".to_owned(),
        format!("[{ours}, \"$2b$12$x\"]"),
        "{\"codes\": []}".to_owned(),
        "\"text\"".to_owned(),
        "7".to_owned(),
        "[null]".to_owned(),
        "[{\"id\": 1, \"digest\": \"x\"}]".to_owned(),
        "{not JSON".to_owned(),
    ] {
        let mut row = AccountRow::from_account(&account()).unwrap();
        row.recovery_codes = Some(column.clone());
        let read = row.to_account().unwrap();
        assert!(read.recovery.codes.is_empty() && !read.recovery.is_absent(), "{column}");
        assert_eq!(AccountRow::from_account(&read).unwrap(), row, "preserved");
        let mut replaced = read;
        replaced.recovery = RecoveryState::default();
        assert_eq!(AccountRow::from_account(&replaced).unwrap().recovery_codes, None);
    }
    for column in ["", " ", "null", "[]"] {
        let row = AccountRow {
            recovery_codes: Some(column.into()),
            ..AccountRow::from_account(&account()).unwrap()
        };
        assert!(row.to_account().unwrap().recovery.is_absent(), "{column:?}");
    }
}

#[test]
fn what_is_not_understood_is_an_error_and_never_absent() {
    let row = AccountRow::from_account(&account()).unwrap();
    for broken in [
        AccountRow { mfa_internal: "{".into(), ..row.clone() },
        AccountRow { mfa_backup_method: "mail".into(), ..row },
    ] {
        assert!(broken.to_account().is_err());
    }
}

#[test]
fn a_count_is_read_and_written_as_the_column_can_hold_it() {
    let row = AccountRow::from_account(&account()).unwrap();
    for (count, read) in [(-1, 0), (i64::MIN, 0), (i64::from(i32::MAX), i32::MAX), (i64::MAX, i32::MAX)] {
        let mut account = AccountRow { mfa_failed_attempts: count, ..row.clone() }.to_account().unwrap();
        assert_eq!(i64::from(account.failures), i64::from(read), "{count}");
        account.failures = account.failures.saturating_add(1);
        let written = AccountRow::from_account(&account).unwrap().mfa_failed_attempts;
        assert_eq!(written, i64::from(read.saturating_add(1)), "{count}");
    }
}
