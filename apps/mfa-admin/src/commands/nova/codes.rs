//! Parser of recovery codes that the Python service stored.

use mfa_core::{RecoveryCode, Timestamp};
use mfa_recovery::legacy_digest;
use serde_json::Value;

use crate::column_map::CodeFormat;

/// Members that may contain the hash of a code.
const HASH: &[&str] = &["hash", "code_hash", "hashed", "hashed_code", "digest", "code"];
/// Members that may mark a code as used; some contain the time.
const USED: &[&str] = &["used_at", "consumed_at", "used", "is_used", "consumed"];
/// Members that may contain the list of codes.
const LIST: &[&str] = &["codes", "recovery_codes", "hashes"];

/// Recovery codes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoredCodes {
    /// No codes.
    None,
    /// Codes in the format of NOVA MFA.
    Current,
    /// Codes of the Python service, converted to the format of NOVA MFA.
    Legacy(Vec<RecoveryCode>),
}

/// Parses the recovery codes of a row.
///
/// Accepts a list of bcrypt hashes, or of objects with one hash each; also an object that contains such a list, or a
/// text with this JSON. A list of hashes contains only unused codes; an object marks each code as used or not.
///
/// # Errors
///
/// The reason in words, if it is none of these. The row must then stay unchanged.
pub(super) fn parse(value: &Value, format: &CodeFormat, now: Timestamp) -> Result<StoredCodes, &'static str> {
    match value {
        Value::Null => Ok(StoredCodes::None),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Array(_) | Value::Object(_) | Value::Null)) => parse(&inner, format, now),
            _ => Err("the recovery codes are text that is not JSON"),
        },
        Value::Object(members) => match LIST.iter().find_map(|name| members.get(*name)) {
            Some(list) => parse(list, format, now),
            None => Err("the recovery codes are an object without a list"),
        },
        Value::Array(list) if list.is_empty() => Ok(StoredCodes::None),
        Value::Array(list) => {
            if serde_json::from_value::<Vec<RecoveryCode>>(value.clone()).is_ok() {
                return Ok(StoredCodes::Current);
            }
            let codes = (1_u32..).zip(list).map(|(number, element)| parse_code(number, element, format, now));
            codes.collect::<Result<Vec<_>, _>>().map(StoredCodes::Legacy)
        }
        Value::Bool(_) | Value::Number(_) => Err("the recovery codes are not a list"),
    }
}

fn parse_code(
    number: u32,
    element: &Value,
    format: &CodeFormat,
    now: Timestamp,
) -> Result<RecoveryCode, &'static str> {
    let (hash, used_at) = match element {
        Value::String(hash) => (hash.as_str(), None),
        Value::Object(members) => {
            let named = |name: &Option<String>, usual: &[&str]| match name {
                Some(name) => members.get(name),
                None => usual.iter().filter_map(|it| members.get(*it)).find(|it| !it.is_null()),
            };
            let hash = named(&format.hash, HASH).and_then(Value::as_str);
            let used = match &format.used {
                Some(name) => members.get(name).and_then(|it| used_at(it, now)),
                // One that marks it as used is enough. Members with the time come first.
                None => USED.iter().filter_map(|it| members.get(*it)).find_map(|it| used_at(it, now)),
            };
            (hash.ok_or("a recovery code has no hash: set recovery_codes.hash in the column map")?, used)
        }
        _ => return Err("a recovery code is neither text nor an object"),
    };
    let digest =
        legacy_digest(hash, format.hashed_format()).map_err(|_| "a recovery code is not a bcrypt hash")?;
    Ok(RecoveryCode {
        id: number.to_string(),
        digest,
        tag_key: None,
        tag: None,
        used_at,
        rest: serde_json::Map::new(),
    })
}

/// Returns when a code was used, or `now` if the time is unknown.
///
/// An unknown value counts as used: a code that can be used again is worse than one that is rejected.
fn used_at(value: &Value, now: Timestamp) -> Option<Timestamp> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => None,
            // A flag, or Unix time in seconds.
            Some(1.0) | None => Some(now),
            Some(_) => Some(number.as_i64().map_or(now, Timestamp::from_seconds)),
        },
        Value::String(text) if text.is_empty() || text.eq_ignore_ascii_case("false") => None,
        Value::String(text) => Some(parse_time(text).unwrap_or(now)),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => Some(now),
    }
}

/// Parses RFC 3339, and the format of Python's `isoformat` without a time zone, which is UTC.
fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.replacen(' ', "T", 1);
    Timestamp::parse_rfc3339(&text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}Z")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(2_000_000_000);
    const ONE: &str = "$2b$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";
    const TWO: &str = "$2b$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3v";

    fn parsed(value: &Value) -> Result<Vec<(String, Option<Timestamp>)>, &'static str> {
        match parse(value, &CodeFormat::default(), NOW)? {
            StoredCodes::Legacy(codes) => Ok(codes.into_iter().map(|it| (it.digest, it.used_at)).collect()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_list_of_hashes_in_every_form_is_a_set_of_unused_codes() {
        let expected = [(ONE.to_owned(), None), (TWO.to_owned(), None)];
        for value in [
            json!([ONE, TWO]),
            json!({ "codes": [ONE, TWO] }),
            json!(json!([ONE, TWO]).to_string()),
            json!([{ "hash": ONE, "used": false }, { "code_hash": TWO, "used_at": null }]),
            json!([{ "hash": ONE, "used": 0 }, { "hash": TWO, "used": "" }]),
        ] {
            assert_eq!(parsed(&value).unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn a_used_code_stays_used_in_every_notation() {
        let at = Timestamp::from_millis(1_760_610_446_500);
        for (member, value, expected) in [
            ("used", json!(true), NOW),
            ("used", json!(1), NOW),
            ("consumed", json!("true"), NOW),
            ("used", json!({ "by": "?" }), NOW),
            ("used_at", json!("2025-10-16T10:27:26.500"), at),
            ("used_at", json!("2025-10-16 10:27:26.5+00:00"), at),
            ("used_at", json!("2025-10-16T12:27:26.500+02:00"), at),
            ("used_at", json!(1_760_610_446), Timestamp::from_seconds(1_760_610_446)),
        ] {
            let list = json!([{ "hash": ONE, member: value }]);
            assert_eq!(parsed(&list).unwrap(), [(ONE.to_owned(), Some(expected))], "{list}");
        }
        let both = json!([{ "hash": ONE, "used": true, "used_at": "2025-10-16T10:27:26.500" }]);
        assert_eq!(parsed(&both).unwrap(), [(ONE.to_owned(), Some(at))]);
    }

    #[test]
    fn an_unknown_format_is_rejected_as_a_whole() {
        for value in [
            json!(7),
            json!("text"),
            json!({ "a": [] }),
            json!(["ABCD-1234"]),
            json!([ONE, "ABCD-1234"]),
            json!([{ "salt": "x" }]),
            json!([[ONE]]),
        ] {
            assert!(parse(&value, &CodeFormat::default(), NOW).is_err(), "{value}");
        }
    }

    #[test]
    fn no_codes_and_current_codes_are_distinguished() {
        for value in [json!(null), json!([]), json!("null"), json!({ "codes": [] })] {
            assert_eq!(parse(&value, &CodeFormat::default(), NOW), Ok(StoredCodes::None), "{value}");
        }
        let ours = json!([{ "id": "1", "digest": "$argon2id$x", "used_at": null }]);
        assert_eq!(parse(&ours, &CodeFormat::default(), NOW), Ok(StoredCodes::Current));
    }
}
