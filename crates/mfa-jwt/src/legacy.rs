//! Tolerated forms of the claims of the Python backend.

use serde_json::Value;

use crate::strict_object::StrictObject;

/// Claims that are times in seconds. Python's `time.time()` has a fraction.
const TIMES: [&str; 4] = ["exp", "iat", "nbf", "auth_time"];
/// Largest time that is read with a fraction: far beyond any token, and exact as `f64`.
const MAX_SECONDS: f64 = 1e11;

/// Claims of a token of the Python backend, in the form that this service reads.
#[derive(Debug)]
pub(crate) struct RelaxedClaims {
    /// The claims.
    pub(crate) object: StrictObject,
    /// Whether a time had a fraction. Two times that are cut off separately can be a second further apart.
    pub(crate) has_fraction: bool,
}

/// Converts forms that change no meaning: the claim of the other stage as `false` or `null`, `is_superuser` as `null`, `email` as
/// `null` for a user without one, and times with a fraction, which is cut off.
pub(crate) fn relax(mut object: StrictObject) -> RelaxedClaims {
    let is_true = |object: &StrictObject, name| object.get(name) == Some(&Value::Bool(true));
    let is_off =
        |object: &StrictObject, name| matches!(object.get(name), Some(Value::Bool(false) | Value::Null));
    if is_true(&object, "mfa_pending") && is_off(&object, "mfa_ok") {
        object.remove("mfa_ok");
    } else if object.contains("mfa_ok") && is_off(&object, "mfa_pending") {
        object.remove("mfa_pending");
    }
    if object.get("is_superuser") == Some(&Value::Null) {
        object.remove("is_superuser");
    }
    if object.get("email") == Some(&Value::Null) {
        object.set("email", String::new().into());
    }
    let mut has_fraction = false;
    for name in TIMES {
        let seconds = object.get(name).filter(|it| it.is_f64()).and_then(Value::as_f64);
        if let Some(seconds) = seconds.filter(|it| (0.0..MAX_SECONDS).contains(it)) {
            has_fraction |= seconds.fract() != 0.0;
            object.set(name, whole(seconds).into());
        }
    }
    RelaxedClaims { object, has_fraction }
}

/// Returns the whole seconds of a time between 0 and [`MAX_SECONDS`].
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked, and the fraction is cut off on purpose"
)]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}
