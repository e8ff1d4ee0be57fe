//! Comparison of documented output with the output of a run.
//!
//! Another run has other tokens, times and numbers; everything else must match. `…` matches any text. As the last
//! member of a list, it matches any further members like the previous ones.

use serde_json::Value;

/// Members whose number is a time or changes with other parts of the product.
const VARYING: [&str; 7] = ["retry_after", "exp", "iat", "nbf", "auth_time", "id", "seq"];

/// Returns the first difference between documented and actual output, or `None`.
pub(super) fn difference(shown: &str, printed: &str, said: &str) -> Option<String> {
    let (shown, printed) = (plain(shown), plain(printed));
    let (shown_statuses, shown_rest) = statuses(&shown);
    let (printed_statuses, _) = statuses(said);
    if !shown_statuses.is_empty() && shown_statuses != printed_statuses {
        return Some(format!("statuses {shown_statuses:?} are shown, and there were {printed_statuses:?}"));
    }
    match (values(&shown_rest), values(&printed)) {
        (Some(shown), Some(printed)) => {
            if shown.len() != printed.len() {
                return Some(format!("{} answers are shown, and there were {}", shown.len(), printed.len()));
            }
            shown.iter().zip(&printed).find_map(|(shown, printed)| unlike("", shown, printed))
        }
        _ => unlike_texts(&shown_rest, &printed),
    }
}

/// Replaces typographic spaces and apostrophes by ASCII ones.
fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ").replace('’', "'")
}

/// Separates the lines with a status from the others.
fn statuses(text: &str) -> (Vec<&str>, String) {
    let (statuses, rest): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with("HTTP "));
    (statuses, rest.join("\n"))
}

/// Parses the text as consecutive JSON values.
fn values(text: &str) -> Option<Vec<Value>> {
    serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().ok()
}

fn unlike(place: &str, shown: &Value, printed: &Value) -> Option<String> {
    match (shown, printed) {
        (Value::Object(shown), Value::Object(printed)) => {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            if names(shown) != names(printed) {
                return Some(format!("{place}: {:?} shown, {:?} there", names(shown), names(printed)));
            }
            shown.iter().find_map(|(name, value)| {
                let varies =
                    VARYING.contains(&name.as_str()) && value.is_number() && printed[name].is_number();
                if varies { None } else { unlike(&format!("{place}.{name}"), value, &printed[name]) }
            })
        }
        (Value::Array(shown), Value::Array(printed)) => unlike_lists(place, shown, printed),
        (Value::String(shown), Value::String(printed)) if alike(shown, printed) => None,
        _ if shown == printed => None,
        _ => Some(format!("{place}: {shown} shown, {printed} there")),
    }
}

fn unlike_lists(place: &str, shown: &[Value], printed: &[Value]) -> Option<String> {
    let (shown, more) = match shown.split_last() {
        Some((last, before)) if last == "…" => (before, true),
        _ => (shown, false),
    };
    if printed.len() < shown.len() || (!more && printed.len() != shown.len()) {
        return Some(format!("{place}: {} members shown, {} there", shown.len(), printed.len()));
    }
    // Further members must match the last documented one.
    let like = shown.iter().chain(shown.last().into_iter().cycle());
    like.zip(printed)
        .enumerate()
        .find_map(|(n, (shown, printed))| unlike(&format!("{place}[{n}]"), shown, printed))
}

/// Whether a text matches, or is of the same kind if it differs in every run.
fn alike(shown: &str, printed: &str) -> bool {
    fits(shown, printed) || KINDS.iter().any(|kind| kind(shown) && kind(printed))
}

/// Whether a text matches, where `…` stands for any text.
fn fits(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn unlike_texts(shown: &str, printed: &str) -> Option<String> {
    let lines =
        |text: &str| text.trim_end().lines().map(str::trim_end).map(str::to_owned).collect::<Vec<_>>();
    let (shown, printed) = (lines(shown), lines(printed));
    let alike = shown.len() == printed.len()
        && shown.iter().zip(&printed).all(|(shown, printed)| fits(shown, printed));
    (!alike).then(|| format!("\n{}\nshown, and there was\n{}", shown.join("\n"), printed.join("\n")))
}

const KINDS: [fn(&str) -> bool; 5] = [is_time, is_recovery_code, is_hexadecimal, is_secret, is_token];

/// Whether this is a time such as `2026-11-22T23:47:01.732Z`.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (20..=30).contains(&text.len())
        && digits >= 14
        && text.ends_with('Z')
        && text.as_bytes().get(10) == Some(&b'T')
}

/// Whether this is a recovery code such as `5t7d-38by-vbkf-q0tb`.
fn is_recovery_code(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.len() == 4
        && groups
            .iter()
            .all(|it| it.len() == 4 && it.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()))
}

/// Whether this is a hexadecimal id, such as a request id.
fn is_hexadecimal(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|c| c.is_ascii_hexdigit())
}

/// Whether this is a TOTP secret.
fn is_secret(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|c| c.is_ascii_uppercase() || (b'2'..=b'7').contains(&c))
}

fn is_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(shown: &str, printed: &str) -> bool {
        difference(shown, printed, "").is_none()
    }

    #[test]
    fn only_times_tokens_and_ids_may_differ() {
        let shown = r#"{"at":"2026-11-22T23:47:01.732Z","n":1,"of":"totp","retry_after":898}"#;
        assert!(same(shown, r#"{"at":"2027-01-02T03:04:05.006Z","n":1,"of":"totp","retry_after":3}"#));
        for other in [
            r#"{"at":"2027-01-02T03:04:05.006Z","n":2,"of":"totp","retry_after":3}"#,
            r#"{"at":"2027-01-02T03:04:05.006Z","n":1,"of":"sms","retry_after":3}"#,
            r#"{"at":"yesterday","n":1,"of":"totp","retry_after":3}"#,
            r#"{"at":"2027-01-02T03:04:05.006Z","n":1,"of":"totp"}"#,
            r#"{"at":"2027-01-02T03:04:05.006Z","n":1,"of":"totp","retry_after":3,"more":1}"#,
            r#"{"at":"2027-01-02T03:04:05.006Z","n":1,"of":"totp","retry_after":"3"}"#,
        ] {
            assert!(!same(shown, other), "{other}");
        }
    }

    #[test]
    fn typographic_and_ascii_characters_are_equal() {
        assert!(same(r#"{"detail":"L'heure : 12 h"}"#, "{\"detail\":\"L’heure\u{202f}: 12\u{a0}h\"}"));
    }

    #[test]
    fn an_ellipsis_matches_any_text_and_further_members() {
        assert!(same(r#"{"qr":"data:image/png;base64,…"}"#, r#"{"qr":"data:image/png;base64,iVBOR"}"#));
        assert!(!same(r#"{"qr":"data:image/png;base64,…"}"#, r#"{"qr":"data:image/gif;base64,iVBOR"}"#));
        let codes = r#"["5t7d-38by-vbkf-q0tb","…"]"#;
        assert!(same(codes, r#"["216e-hnfz-y4dp-xmb7","xcry-1btd-wwr8-abcb","mn76-xn8w-bx55-h8qy"]"#));
        assert!(!same(codes, r#"["216e-hnfz-y4dp-xmb7","no code"]"#));
        assert!(!same(r#"["a","b"]"#, r#"["a"]"#));
        assert!(same("user … unlocked", "user 12 unlocked") && !same("a …b", "a c"));
    }

    #[test]
    fn a_status_is_compared_if_one_is_shown() {
        assert!(difference("HTTP 401\n{\"a\":1}", "{\"a\":1}", "HTTP 401\n").is_none());
        assert!(difference("HTTP 401\n{\"a\":1}", "{\"a\":1}", "HTTP 403\n").is_some());
    }
}
