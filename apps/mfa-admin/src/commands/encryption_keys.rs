//! Commands `keys status` and `keys rotate`.

use mfa_core::{EventKind, KeyId, Outcome};
use mfa_infra::settings::Settings;
use mfa_infra::{KeyReport, KeyStatus, RotationReport, UnreadableValue};
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, counted, yes_no};
use crate::error::CliError;
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Counts the values that use each encryption key.
///
/// # Errors
///
/// [`CliError::Flow`] if the database did not answer.
pub(super) fn status(settings: Settings, reason: Option<String>) -> Result<CommandOutput, CliError> {
    let session = AdminSession::open(settings, reason)?;
    let bar = CommandProgress::new("counting");
    let mut progress = |done, total| bar.update(done, total);
    let mfa = session.mfa();
    let status = mfa.block_on(mfa.keys().status(&mut progress))??;
    Ok(format_status(&status))
}

/// Re-encrypts all rows with the primary key.
///
/// # Errors
///
/// [`CliError::Rotate`]: run the command again. [`CliError::Unsuccessful`] if a value could not be read.
pub(super) fn rotate(settings: Settings, reason: Option<String>) -> Result<CommandOutput, CliError> {
    let session = AdminSession::open(settings, reason)?;
    let bar = CommandProgress::new("re-encrypting");
    let mut progress = |done, total| bar.update(done, total);
    let mfa = session.mfa();
    let rotation = mfa.block_on(mfa.keys().rotate(&mut progress))?;
    let is_complete = matches!(&rotation, Ok(it) if it.unreadable.is_empty());
    session.record(EventKind::AdminKeysRotate, if is_complete { Outcome::Success } else { Outcome::Failure });
    drop(bar);
    let rotation = rotation?;
    let output = format_rotation(&rotation);
    if rotation.unreadable.is_empty() {
        return Ok(output);
    }
    let message = format!(
        "{} unreadable and unchanged: reset the users named above (mfa-admin user reset), or restore the \
         values from a backup",
        counted(rotation.unreadable.len(), "value")
    );
    Err(CliError::Unsuccessful { message, output: Box::new(output) })
}

fn format_status(status: &KeyStatus) -> CommandOutput {
    let mut lines = vec![
        ["KEY", "STATUS", "ENCRYPTED", "SMS CODES", "ACCESS PASSES", "RECOVERY CODES", "EVENTS", "REMOVABLE"]
            .map(str::to_owned),
    ];
    lines.extend(status.keys.iter().map(|key| {
        let count = |kind: &str| needed_by(key, kind).to_string();
        [
            key.id.to_string(),
            key_status(key).to_owned(),
            key.sealed().to_string(),
            count("sms_code"),
            count("access_pass"),
            count("recovery_tag"),
            count("event"),
            yes_no(key.is_removable()).to_owned(),
        ]
    }));
    let mut text = columns(&lines);
    if status.unsealed > 0 {
        let values = counted(status.unsealed, "value");
        text = format!("{text}\n{values} not encrypted: run mfa-admin import nova-python");
    }
    if status.keys.iter().any(|key| key.is_required && !key.is_primary && key.blocking_values() == 0) {
        text.push_str("\nsome older keys are unused: run mfa-admin keys rotate to make them removable");
    }
    CommandOutput { text, json: document(status) }
}

fn document(status: &KeyStatus) -> Value {
    let keys = status.keys.iter().map(|key| {
        let needed: serde_json::Map<_, _> =
            key.usage.iter().map(|(kind, count)| (kind.as_str().to_owned(), json!(count))).collect();
        json!({
            "id": key.id.as_str(),
            "in_ring": key.in_ring,
            "seals": key.is_primary,
            "needed_by": needed,
            "demanded": key.is_required,
            "retained": key.is_retained,
            "may_go": key.is_removable(),
        })
    });
    json!({ "keys": keys.collect::<Vec<_>>(), "unsealed": status.unsealed })
}

fn needed_by(key: &KeyReport, kind: &str) -> u64 {
    key.usage.iter().find(|(it, _)| it.as_str() == kind).map_or(0, |(_, count)| *count)
}

fn key_status(key: &KeyReport) -> &'static str {
    match (key.is_primary, key.in_ring) {
        (true, _) => "primary",
        (false, true) => "decrypt only",
        (false, false) => "not configured",
    }
}

fn format_rotation(rotation: &RotationReport) -> CommandOutput {
    let CommandOutput { text, json } = format_status(&rotation.status);
    let mut lines = vec![format!("{} re-encrypted", counted(rotation.resealed, "value"))];
    lines.extend(rotation.unreadable.iter().map(|it| {
        let UnreadableRow { user, column, why } = UnreadableRow::new(it);
        format!("user {user}: {column}: {why}")
    }));
    lines.push(text);
    let released: Vec<&str> = rotation.released.iter().map(KeyId::as_str).collect();
    if !released.is_empty() {
        lines.push(format!(
            "keys that can now be removed from MFA_ENCRYPTION_KEYS on every server: {}",
            released.join(", ")
        ));
    }
    let unreadable = rotation.unreadable.iter().map(|it| {
        let UnreadableRow { user, column, why } = UnreadableRow::new(it);
        json!({ "user_id": user, "column": column, "why": why })
    });
    let json = json!({
        "resealed": rotation.resealed,
        "unreadable": unreadable.collect::<Vec<_>>(),
        "released": released,
        "status": json,
    });
    CommandOutput { text: lines.join("\n"), json }
}

/// Value that a rotation could not read, and the reason.
struct UnreadableRow {
    user: i64,
    column: &'static str,
    why: String,
}

impl UnreadableRow {
    fn new(unreadable: &UnreadableValue) -> Self {
        let user = unreadable.user.value();
        match unreadable.value {
            Some((column, error)) => Self { user, column: column.as_str(), why: error.to_string() },
            None => Self { user, column: "row", why: "the row contains an invalid value".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::SealedColumn;
    use mfa_infra::database::KeyedValue;

    use super::*;

    fn report(id: &str, is_primary: bool, sealed: u64) -> KeyReport {
        KeyReport {
            id: KeyId::parse(id).unwrap(),
            in_ring: true,
            is_primary,
            is_required: is_primary || sealed > 0,
            is_retained: true,
            usage: vec![(KeyedValue::Sealed(SealedColumn::TotpSecret), sealed), (KeyedValue::Event, 7)],
        }
    }

    #[test]
    fn a_key_is_removable_if_it_encrypts_no_value_whatever_events_it_signed() {
        let status = KeyStatus { keys: vec![report("new", true, 3), report("old", false, 0)], unsealed: 0 };
        let output = format_status(&status);
        assert_eq!(
            output.text,
            "KEY  STATUS        ENCRYPTED  SMS CODES  ACCESS PASSES  RECOVERY CODES  EVENTS  REMOVABLE\n\
             new  primary       3          0          0              0               7       no\n\
             old  decrypt only  0          0          0              0               7       yes"
        );
        assert_eq!(output.json["keys"][1]["may_go"], true);
        let held = KeyStatus { keys: vec![report("old", false, 1)], unsealed: 0 };
        assert_eq!(format_status(&held).json["keys"][0]["may_go"], false);
    }

    #[test]
    fn values_that_are_not_encrypted_are_reported() {
        let status = KeyStatus { keys: vec![report("k", true, 0)], unsealed: 2 };
        assert!(format_status(&status).text.contains("2 values not encrypted"));
    }
}
