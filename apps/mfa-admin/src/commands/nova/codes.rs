//! Recovery codes as the Python service wrote them.

use mfa_core::{RecoveryCode, Timestamp};
use mfa_recovery::legacy_digest;
use serde_json::Value;

use super::map::CodeFormat;

/// Members that services keep a hash in.
const HASH: &[&str] = &["hash", "code_hash", "hashed", "hashed_code", "digest", "code"];
/// Members that say that a code is spent, and some of them when.
const USED: &[&str] = &["used_at", "consumed_at", "used", "is_used", "consumed"];
/// Members that a list may stand in.
const LIST: &[&str] = &["codes", "recovery_codes", "hashes"];

/// What stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Findings {
    /// Nothing.
    None,
    /// Codes as we keep them.
    Ours,
    /// Codes of the Python service, as we are to keep them.
    Theirs(Vec<RecoveryCode>),
}

/// Reads what stands in a row: a list of bcrypt hashes, or of objects that hold one each; in a list's place an object
/// with one, or a text that is such JSON. A list of hashes has lost its spent codes; an object says it of each.
///
/// # Errors
///
/// A sentence, where it is nothing of that: the row stays as it is.
pub(super) fn read(value: &Value, shape: &CodeFormat, now: Timestamp) -> Result<Findings, &'static str> {
    match value {
        Value::Null => Ok(Findings::None),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Array(_) | Value::Object(_) | Value::Null)) => read(&inner, shape, now),
            _ => Err("the recovery codes are a text that is no JSON"),
        },
        Value::Object(members) => match LIST.iter().find_map(|name| members.get(*name)) {
            Some(list) => read(list, shape, now),
            None => Err("the recovery codes are an object without a list"),
        },
        Value::Array(list) if list.is_empty() => Ok(Findings::None),
        Value::Array(list) => {
            if serde_json::from_value::<Vec<RecoveryCode>>(value.clone()).is_ok() {
                return Ok(Findings::Ours);
            }
            let codes = (1_u32..).zip(list).map(|(number, element)| code(number, element, shape, now));
            codes.collect::<Result<Vec<_>, _>>().map(Findings::Theirs)
        }
        Value::Bool(_) | Value::Number(_) => Err("the recovery codes are no list"),
    }
}

fn code(
    number: u32,
    element: &Value,
    shape: &CodeFormat,
    now: Timestamp,
) -> Result<RecoveryCode, &'static str> {
    let (hash, used_at) = match element {
        Value::String(hash) => (hash.as_str(), None),
        Value::Object(members) => {
            let named = |name: &Option<String>, usual: &[&str]| match name {
                Some(name) => members.get(name),
                None => usual.iter().filter_map(|it| members.get(*it)).find(|it| !it.is_null()),
            };
            let hash = named(&shape.hash, HASH).and_then(Value::as_str);
            let used = match &shape.used {
                Some(name) => members.get(name).and_then(|it| used_at(it, now)),
                // One of them saying so is enough; one that knows when goes first.
                None => USED.iter().filter_map(|it| members.get(*it)).find_map(|it| used_at(it, now)),
            };
            (hash.ok_or("a recovery code has no hash (recovery_codes.hash in the map)")?, used)
        }
        _ => return Err("a recovery code is neither a text nor an object"),
    };
    let digest = legacy_digest(hash, shape.spelling()).map_err(|_| "a recovery code is no bcrypt hash")?;
    Ok(RecoveryCode {
        id: number.to_string(),
        digest,
        tag_key: None,
        tag: None,
        used_at,
        rest: serde_json::Map::new(),
    })
}

/// When a code was spent; now, where it is only said that it was. What is not understood counts as spent: a code that
/// works once too often is worse than one that does not.
fn used_at(value: &Value, now: Timestamp) -> Option<Timestamp> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => None,
            // A flag, or seconds since 1970.
            Some(1.0) | None => Some(now),
            Some(_) => Some(number.as_i64().map_or(now, Timestamp::from_seconds)),
        },
        Value::String(text) if text.is_empty() || text.eq_ignore_ascii_case("false") => None,
        Value::String(text) => Some(parse_time(text).unwrap_or(now)),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => Some(now),
    }
}

/// RFC 3339, and as Python's `isoformat` writes it: without a zone, which is UTC.
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

    fn found(value: &Value) -> Result<Vec<(String, Option<Timestamp>)>, &'static str> {
        match read(value, &CodeFormat::default(), NOW)? {
            Findings::Theirs(codes) => Ok(codes.into_iter().map(|it| (it.digest, it.used_at)).collect()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_list_of_hashes_in_every_wrapping_is_a_set_of_unspent_codes() {
        let expected = [(ONE.to_owned(), None), (TWO.to_owned(), None)];
        for value in [
            json!([ONE, TWO]),
            json!({ "codes": [ONE, TWO] }),
            json!(json!([ONE, TWO]).to_string()),
            json!([{ "hash": ONE, "used": false }, { "code_hash": TWO, "used_at": null }]),
            json!([{ "hash": ONE, "used": 0 }, { "hash": TWO, "used": "" }]),
        ] {
            assert_eq!(found(&value).unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn a_spent_code_stays_spent_however_that_is_written() {
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
            assert_eq!(found(&list).unwrap(), [(ONE.to_owned(), Some(expected))], "{list}");
        }
        let both = json!([{ "hash": ONE, "used": true, "used_at": "2025-10-16T10:27:26.500" }]);
        assert_eq!(found(&both).unwrap(), [(ONE.to_owned(), Some(at))]);
    }

    #[test]
    fn what_is_not_understood_is_refused_as_a_whole() {
        for value in [
            json!(7),
            json!("text"),
            json!({ "a": [] }),
            json!(["ABCD-1234"]),
            json!([ONE, "ABCD-1234"]),
            json!([{ "salt": "x" }]),
            json!([[ONE]]),
        ] {
            assert!(read(&value, &CodeFormat::default(), NOW).is_err(), "{value}");
        }
    }

    #[test]
    fn nothing_and_what_is_ours_are_told_apart() {
        for value in [json!(null), json!([]), json!("null"), json!({ "codes": [] })] {
            assert_eq!(read(&value, &CodeFormat::default(), NOW), Ok(Findings::None), "{value}");
        }
        let ours = json!([{ "id": "1", "digest": "$argon2id$x", "used_at": null }]);
        assert_eq!(read(&ours, &CodeFormat::default(), NOW), Ok(Findings::Ours));
    }
}
