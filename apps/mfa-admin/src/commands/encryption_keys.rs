//! `keys status`, `keys rotate`

use mfa_core::{EventKind, KeyId, Outcome};
use mfa_infra::settings::Settings;
use mfa_infra::{KeyReport, KeyStatus, RotationReport, UnreadableValue};
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, yes};
use crate::error::CliError;
use crate::progress::CommandProgress;
use crate::session::AdminSession;

/// Counts what each key is needed for.
///
/// # Errors
///
/// [`CliError::Refused`] where the database gave no answer.
pub(super) fn status(settings: Settings, reason: Option<String>) -> Result<CommandOutput, CliError> {
    let administration = AdminSession::open(settings, reason)?;
    let bar = CommandProgress::new("counting");
    let mut show = |done, total| bar.show(done, total);
    let mfa = administration.mfa();
    let status = mfa.block_on(mfa.keys().status(&mut show))??;
    Ok(render(&status))
}

/// Seals everything anew with the first key.
///
/// # Errors
///
/// [`CliError::Rotate`], after which it is run again; [`CliError::Partly`] where something cannot be read.
pub(super) fn rotate(settings: Settings, reason: Option<String>) -> Result<CommandOutput, CliError> {
    let administration = AdminSession::open(settings, reason)?;
    let bar = CommandProgress::new("sealing anew");
    let mut show = |done, total| bar.show(done, total);
    let mfa = administration.mfa();
    let rotation = mfa.block_on(mfa.keys().rotate(&mut show))?;
    let whole = matches!(&rotation, Ok(it) if it.unreadable.is_empty());
    administration
        .record(EventKind::AdminKeysRotate, if whole { Outcome::Success } else { Outcome::Failure });
    drop(bar);
    let rotation = rotation?;
    let answer = tell_rotation(&rotation);
    if rotation.unreadable.is_empty() {
        return Ok(answer);
    }
    let sentence = format!(
        "{} values could not be read and stay as they are: reset those users (mfa-admin user reset), or restore the \
         values from a backup",
        rotation.unreadable.len()
    );
    Err(CliError::Partly { sentence, answer: Box::new(answer) })
}

fn render(status: &KeyStatus) -> CommandOutput {
    let mut lines = vec![["KEY", "STATE", "SEALED", "CODES", "TAGS", "EVENTS", "MAY GO"].map(str::to_owned)];
    lines.extend(status.keys.iter().map(|key| {
        let count = |name: &str| needed(key, name).to_string();
        [
            key.id.to_string(),
            state(key).to_owned(),
            key.sealed().to_string(),
            count("sms_code"),
            count("recovery_tag"),
            count("event"),
            yes(key.is_removable()).to_owned(),
        ]
    }));
    let mut text = columns(&lines);
    if status.unsealed > 0 {
        let hint = "should be sealed and are not: mfa-admin import nova-python seals them";
        text = format!("{text}\n{} values {hint}", status.unsealed);
    }
    if status.keys.iter().any(|key| key.is_required && !key.is_primary && key.blocking_values() == 0) {
        text.push_str("\nnothing is sealed with some of the older keys: mfa-admin keys rotate lets them go");
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

fn needed(key: &KeyReport, kind: &str) -> u64 {
    key.usage.iter().find(|(it, _)| it.as_str() == kind).map_or(0, |(_, count)| *count)
}

fn state(key: &KeyReport) -> &'static str {
    match (key.is_primary, key.in_ring) {
        (true, _) => "seals",
        (false, true) => "unseals",
        (false, false) => "gone",
    }
}

fn tell_rotation(rotation: &RotationReport) -> CommandOutput {
    let CommandOutput { text, json } = render(&rotation.status);
    let mut lines = vec![format!("{} values were sealed anew", rotation.resealed)];
    lines.extend(rotation.unreadable.iter().map(|it| {
        let UnreadableRow { user, column, why } = UnreadableRow::new(it);
        format!("user {user}: {column}: {why}")
    }));
    lines.push(text);
    let released: Vec<&str> = rotation.released.iter().map(KeyId::as_str).collect();
    if !released.is_empty() {
        lines.push(format!(
            "may be taken out of MFA_ENCRYPTION_KEYS now, on every server: {}",
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
            None => Self { user, column: "row", why: "the row holds what it must not hold".to_owned() },
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
    fn a_key_may_go_when_nothing_is_sealed_with_it_whatever_events_it_made() {
        let status = KeyStatus { keys: vec![report("new", true, 3), report("old", false, 0)], unsealed: 0 };
        let answer = render(&status);
        assert_eq!(
            answer.text,
            "KEY  STATE    SEALED  CODES  TAGS  EVENTS  MAY GO\n\
             new  seals    3       0      0     7       no\n\
             old  unseals  0       0      0     7       yes"
        );
        assert_eq!(answer.json["keys"][1]["may_go"], true);
        let held = KeyStatus { keys: vec![report("old", false, 1)], unsealed: 0 };
        assert_eq!(render(&held).json["keys"][0]["may_go"], false);
    }

    #[test]
    fn what_is_not_sealed_is_said() {
        let status = KeyStatus { keys: vec![report("k", true, 0)], unsealed: 2 };
        assert!(render(&status).text.contains("2 values should be sealed and are not"));
    }
}
