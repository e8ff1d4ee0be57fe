//! Values of a row of the Python service.

use mfa_core::{
    Account, AuthenticatorColumn, BackupMethod, PendingTotp, RecoveryState, Sealed, SecretText, Timestamp,
    TotpState,
};
use mfa_flows::LegacyRow;
use mfa_infra::database::NovaRow;
use serde_json::Value;

use super::codes::StoredCodes;
use crate::column_map::{ColumnMap, OWN, OWN_AUTHENTICATORS, OWN_INTERNAL};

/// Returns the values of columns that the map names.
pub(super) fn legacy_row(row: &NovaRow, map: &ColumnMap, enrol_anew: bool) -> LegacyRow {
    let mapped = |name: &str| Some(field(row, name)).filter(|it| map.is_renamed(name) && !it.is_null());
    let flag = |name| mapped(name).and_then(flag);
    let time = |name| mapped(name).and_then(Value::as_i64).map(Timestamp::from_millis);
    LegacyRow {
        totp_secret: mapped("totp_secret").and_then(text).map(SecretText::new),
        totp_enabled: flag("is_totp_enabled"),
        totp_enrolled_at: time("totp_enrolled_at"),
        phone_number: mapped("phone_number").and_then(text).map(SecretText::new),
        phone_verified: flag("is_phone_verified"),
        phone_verified_at: time("phone_verified_at"),
        backup_method: mapped("mfa_backup_method").and_then(text).map(|it| backup_method(&it)),
        recovery: Some(RecoveryState {
            codes: Vec::new(),
            generated_at: time("recovery_codes_generated_at"),
            unreadable: None,
        }),
        enforced: flag("mfa_enforced"),
        failures: mapped("mfa_failed_attempts").and_then(failures),
        lock_until: time("mfa_lock_until"),
        country: map.country().to_owned(),
        country_is_stated: map.country_is_stated(),
        enrol_anew,
    }
}

/// Returns a field that was read, or null.
pub(super) fn field<'a>(row: &'a NovaRow, name: &str) -> &'a Value {
    row.fields.get(name).unwrap_or(&Value::Null)
}

/// Returns the value of our own column.
fn own<'a>(row: &'a NovaRow, map: &ColumnMap, name: &str) -> &'a Value {
    if map.is_renamed(name) { field(row, &format!("{OWN}{name}")) } else { field(row, name) }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // A phone number in a numeric column.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Parses a boolean, an integer or a text such as `yes` as a flag.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        Value::Number(number) => number.as_i64().map(|it| it != 0),
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Returns a count of failures as our column can hold it: a negative one is 0.
fn failures(value: &Value) -> Option<u32> {
    let number = value.as_number()?;
    let most = i32::MAX.unsigned_abs();
    let is_negative = number.as_f64().is_some_and(|it| it < 0.0);
    let count = number.as_u64().and_then(|it| u32::try_from(it).ok()).unwrap_or(most);
    Some(if is_negative { 0 } else { count.min(most) })
}

fn backup_method(text: &str) -> BackupMethod {
    if text.eq_ignore_ascii_case("sms") { BackupMethod::Sms } else { BackupMethod::None }
}

/// Returns the account that the row would become, for a dry run.
///
/// # Errors
///
/// The reason why the import cannot read the row, in the words of the database.
pub(super) fn row_account(
    row: &NovaRow,
    map: &ColumnMap,
    codes: Option<&StoredCodes>,
) -> Result<Account, String> {
    let unreadable =
        |column: &str| format!("cannot read user {}: the value of column {column} is invalid", row.user);
    let mut account = Account::new(row.user, row.email.clone(), String::new());
    account.internal =
        serde_json::from_value(field(row, OWN_INTERNAL).clone()).map_err(|_| unreadable("mfa_internal"))?;
    let authenticators = AuthenticatorColumn::parse(&field(row, OWN_AUTHENTICATORS).to_string())
        .map_err(|_| unreadable("mfa_authenticators"))?;
    account.mfa_enforced = flag(own(row, map, "mfa_enforced")).unwrap_or(false);
    account.failures = failures(own(row, map, "mfa_failed_attempts")).unwrap_or(0);
    account.lock_until = own(row, map, "mfa_lock_until").as_i64().map(Timestamp::from_millis);
    let sealed = |name| text(own(row, map, name)).map(Sealed::from_column);
    account.totp.secret = sealed("totp_secret");
    account.totp.enabled = flag(own(row, map, "is_totp_enabled")).unwrap_or(false);
    if account.totp.enabled {
        account.passkeys = authenticators.passkeys;
    }
    // The placeholder of an account with passkeys is no app.
    if account.totp.secret.is_some() && account.totp.secret == account.passkeys.placeholder {
        account.totp = TotpState::default();
    }
    account.totp.pending = None::<PendingTotp>;
    account.phone.number = sealed("phone_number");
    account.phone.is_verified = flag(own(row, map, "is_phone_verified")).unwrap_or(false);
    account.backup_method =
        text(own(row, map, "mfa_backup_method")).map_or(BackupMethod::None, |it| backup_method(&it));
    match codes {
        Some(StoredCodes::Legacy(codes)) if !map.is_renamed("recovery_codes") => {
            account.recovery.codes.clone_from(codes);
        }
        _ => {
            let codes = serde_json::from_value(own(row, map, "recovery_codes").clone());
            account.recovery.codes = codes.unwrap_or_default();
        }
    }
    Ok(account)
}
