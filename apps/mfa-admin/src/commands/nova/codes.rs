//! Parser of recovery codes that the Python service stored.

use mfa_core::{RecoveryCode, Timestamp};
use mfa_recovery::{LegacyDigestError, legacy_digest};
use serde_json::Value;

use crate::column_map::CodeFormat;
use crate::command_output::visible;

/// Members that may contain the hash of a code. All names are compared without case, `_`, `-` and blanks.
const HASH: &[&str] = &["hash", "codehash", "hashed", "hashedcode", "digest", "code"];
/// Members that may mark a code as used; some contain the time.
const USED: &[&str] = &[
    "usedat",
    "usedon",
    "consumedat",
    "consumedon",
    "redeemedat",
    "redeemedon",
    "spentat",
    "spenton",
    "used",
    "isused",
    "consumed",
    "isconsumed",
    "redeemed",
    "isredeemed",
    "spent",
    "isspent",
];
/// Members that may contain the list of codes.
const LIST: &[&str] = &["codes", "recoverycodes", "hashes"];
/// Members that say nothing about whether a code is used.
const NEUTRAL: &[&str] = &[
    "id",
    "uuid",
    "userid",
    "index",
    "number",
    "position",
    "label",
    "algorithm",
    "created",
    "createdat",
    "createdon",
    "generated",
    "generatedat",
    "generatedon",
    "issuedat",
];

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

/// Recovery codes that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodesError {
    #[error("{0}")]
    Form(&'static str),
    #[error("unknown member {0}: set recovery_codes.used in the map to the member that marks a code as used")]
    UnknownMember(String),
}

impl CodesError {
    /// Returns the reason without names.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Form(why) => why,
            Self::UnknownMember(_) => "a recovery code has an unknown member",
        }
    }
}

/// Parses the recovery codes of a row.
///
/// Accepts a list of bcrypt hashes, or of objects with one hash each; also an object that contains such a list, or a
/// text with this JSON. A list of hashes contains only unused codes; an object marks each code as used or not. Of
/// several codes with one hash, one is returned, which is used if any of them is.
///
/// # Errors
///
/// The reason in words, if it is none of these, or has a member that may mark used codes in an unknown way. The row must
/// then stay unchanged.
pub(super) fn parse(value: &Value, format: &CodeFormat, now: Timestamp) -> Result<StoredCodes, CodesError> {
    match value {
        Value::Null => Ok(StoredCodes::None),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Array(_) | Value::Object(_) | Value::Null)) => parse(&inner, format, now),
            _ => Err(CodesError::Form("the recovery codes are text that is not JSON")),
        },
        Value::Object(members) => {
            let mut lists = members.iter().filter(|(name, _)| LIST.contains(&plain(name).as_str()));
            let (name, list) =
                lists.next().ok_or(CodesError::Form("the recovery codes are an object without a list"))?;
            let unknown = |(other, value): &(&String, &Value)| {
                *other != name && !is_empty(value) && !NEUTRAL.contains(&plain(other).as_str())
            };
            match members.iter().find(unknown) {
                Some((name, _)) => Err(CodesError::UnknownMember(shown(name))),
                None => parse(list, format, now),
            }
        }
        Value::Array(list) if list.is_empty() => Ok(StoredCodes::None),
        Value::Array(list) => {
            if serde_json::from_value::<Vec<RecoveryCode>>(value.clone()).is_ok_and(|it| are_ours(&it)) {
                return Ok(StoredCodes::Current);
            }
            let codes = (1_u32..).zip(list).map(|(number, element)| parse_code(number, element, format, now));
            codes.collect::<Result<Vec<_>, _>>().map(|codes| StoredCodes::Legacy(without_duplicates(codes)))
        }
        Value::Bool(_) | Value::Number(_) => Err(CodesError::Form("the recovery codes are not a list")),
    }
}

/// Returns whether this product stored the codes. A bcrypt hash with other members comes from elsewhere.
fn are_ours(codes: &[RecoveryCode]) -> bool {
    codes.iter().all(|it| it.rest.is_empty() || !mfa_recovery::is_legacy(it))
}

/// Returns a name without case, `_`, `-` and blanks.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|it| !matches!(it, '_' | '-') && !it.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns the beginning of a name, for a message.
fn shown(name: &str) -> String {
    visible(&name.chars().take(40).collect::<String>())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Merges codes with one hash: the used one wins, and an unused one is accepted once.
fn without_duplicates(codes: Vec<RecoveryCode>) -> Vec<RecoveryCode> {
    // `$2a$`, `$2b$` and `$2y$` are names of one function.
    let hash =
        |code: &RecoveryCode| code.digest.split_once("$2").map(|(_, it)| it.get(1..).map(str::to_owned));
    let mut kept: Vec<RecoveryCode> = Vec::with_capacity(codes.len());
    for code in codes {
        match kept.iter_mut().find(|it| hash(it) == hash(&code)) {
            Some(first) => first.used_at = first.used_at.or(code.used_at),
            None => kept.push(code),
        }
    }
    kept
}

fn parse_code(
    number: u32,
    element: &Value,
    format: &CodeFormat,
    now: Timestamp,
) -> Result<RecoveryCode, CodesError> {
    let (hash, used_at) = match element {
        Value::String(hash) => (hash.as_str(), None),
        Value::Object(members) => members_of_code(members, format, now)?,
        _ => return Err(CodesError::Form("a recovery code is neither text nor an object")),
    };
    let digest = legacy_digest(hash, format.hashed_format()).map_err(|error| {
        CodesError::Form(match error {
            LegacyDigestError::Cost => {
                "the bcrypt cost of a recovery code is too high or too low to verify it"
            }
            _ => "a recovery code is not a bcrypt hash",
        })
    })?;
    Ok(RecoveryCode {
        id: number.to_string(),
        digest,
        tag_key: None,
        tag: None,
        used_at,
        rest: serde_json::Map::new(),
    })
}

/// Returns the hash of a code, and when it was used.
fn members_of_code<'a>(
    members: &'a serde_json::Map<String, Value>,
    format: &CodeFormat,
    now: Timestamp,
) -> Result<(&'a str, Option<Timestamp>), CodesError> {
    let members: Vec<(String, &str, &Value)> =
        members.iter().map(|(name, value)| (plain(name), name.as_str(), value)).collect();
    let find = |wanted: &str, has: &dyn Fn(&Value) -> bool| {
        members.iter().find(|(name, _, value)| name == wanted && has(value)).map(|(_, _, value)| *value)
    };
    let hash_name = format.hash.as_deref().map(plain);
    let hash = match &hash_name {
        Some(name) => find(name, &|_| true),
        None => HASH.iter().find_map(|it| find(it, &|value| !value.is_null())),
    };
    let hash = hash.and_then(Value::as_str);
    let hash = hash
        .ok_or(CodesError::Form("a recovery code has no hash: set recovery_codes.hash in the column map"))?;
    let used_name = format.used.as_deref().map(plain);
    let is_used = |value: &Value| used_at(value, now).is_some();
    let marker = used_name.as_deref().and_then(|it| find(it, &is_used).or_else(|| find(it, &|_| true)));
    // Any other member may be what marks a code as used.
    let unknown = members.iter().find(|(name, _, _)| {
        let is_known = [HASH, USED, NEUTRAL].iter().any(|it| it.contains(&name.as_str()));
        !is_known && hash_name.as_ref() != Some(name)
    });
    if let (Some((_, name, _)), None) = (unknown, marker) {
        return Err(CodesError::UnknownMember(shown(name)));
    }
    // One that marks it as used is enough. Members with the time come first.
    let known = USED.iter().find_map(|it| find(it, &is_used));
    Ok((hash, marker.into_iter().chain(known).find_map(|it| used_at(it, now))))
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

    fn parsed(value: &Value) -> Result<Vec<(String, Option<Timestamp>)>, CodesError> {
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
    fn a_member_that_may_mark_a_used_code_is_never_overlooked() {
        for (member, value) in [
            ("isUsed", json!(true)),
            ("usedAt", json!("2025-10-16T10:27:26")),
            ("Used-On", json!("2025-10-16")),
            ("redeemed_at", json!("2025-10-16T10:27:26")),
            ("consumedOn", json!(1)),
            ("IS USED", json!("no")),
        ] {
            let list = json!([{ "hash": ONE, member: value }]);
            assert!(parsed(&list).unwrap()[0].1.is_some(), "{list}");
        }
        for (member, value) in [
            ("status", json!("used")),
            ("state", json!("consumed")),
            ("revoked", json!(true)),
            ("deleted_at", json!("2025-10-16")),
            ("utilisé", json!(true)),
            ("valid", json!(false)),
            ("active", json!(false)),
            ("is_valid", json!(0)),
            ("available", json!(false)),
            ("unused", json!(false)),
            ("remaining_uses", json!(0)),
            ("expires_at", json!("2020-01-01")),
        ] {
            for value in [value, json!(null)] {
                let list = json!([{ "hash": TWO }, { "hash": ONE, "id": 2, "created_at": 5, member: value }]);
                assert_eq!(parsed(&list), Err(CodesError::UnknownMember(member.to_owned())), "{list}");
                let list = json!([{ "id": "1", "digest": ONE, "used_at": null, member: value }]);
                assert_eq!(parsed(&list), Err(CodesError::UnknownMember(member.to_owned())), "{list}");
                let wrapped = json!({ "codes": [ONE], member: [ONE] });
                assert_eq!(parsed(&wrapped), Err(CodesError::UnknownMember(member.to_owned())), "{wrapped}");
            }
        }
        let named: CodeFormat = toml::from_str("used = \"redeemed_by\"").unwrap();
        let list = json!([{ "hash": ONE, "redeemedBy": "ada", "note": 1 }, { "hash": TWO, "redeemedBy": null, "note": 1 }]);
        let Ok(StoredCodes::Legacy(codes)) = parse(&list, &named, NOW) else { panic!("{list}") };
        assert_eq!(codes.iter().map(|it| it.used_at).collect::<Vec<_>>(), [Some(NOW), None]);
        let misspelt = json!([{ "hash": ONE, "redeemed": false, "note": 1 }]);
        assert!(
            parse(&misspelt, &named, NOW).is_err(),
            "the named member is absent, and another may be meant"
        );
    }

    #[test]
    fn of_two_codes_with_one_hash_the_used_one_wins() {
        let other_prefix = ONE.replace("$2b$", "$2y$");
        for list in [
            json!([{ "hash": ONE, "used": false }, { "hash": ONE, "used": true }]),
            json!([{ "hash": ONE, "used": true }, { "hash": ONE, "used": false }]),
            json!([{ "hash": ONE, "used": true }, other_prefix]),
        ] {
            assert_eq!(parsed(&list).unwrap(), [(ONE.to_owned(), Some(NOW))], "{list}");
        }
        assert_eq!(parsed(&json!([ONE, ONE, TWO])).unwrap().len(), 2, "a code is accepted once");
    }

    #[test]
    fn a_hash_that_no_attempt_could_be_compared_with_is_named() {
        for cost in ["03", "00", "31", "99"] {
            let error = parsed(&json!([ONE.replace("$12$", &format!("${cost}$"))])).unwrap_err();
            assert!(error.to_string().contains("cost"), "{cost}: {error}");
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
