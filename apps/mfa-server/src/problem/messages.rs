//! Which text of `locales/` tells a problem, and what is wrong with a field.

use std::borrow::Cow;

use super::{FieldErrorKind, LengthUnit, ProblemKind};
use crate::caller::Caller;
use crate::i18n::Argument;

/// What a problem says to a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The kind of problem, in a few words.
    pub(super) title: String,
    /// What the reader may do about it.
    pub(super) detail: String,
}

/// The text of this kind of problem, for this caller.
pub(super) fn text(kind: ProblemKind, caller: &Caller) -> Text {
    let name = kind.name();
    let detail = format!("{name}.detail");
    Text { title: caller.say(name, &[]).into_owned(), detail: caller.say(&detail, &[]).into_owned() }
}

/// What is wrong with a field.
pub(super) fn field(error: FieldErrorKind, caller: &Caller) -> Cow<'_, str> {
    match error {
        FieldErrorKind::Length { most, unit: LengthUnit::Characters } => {
            caller.say("field-too-many-characters", &[("most", Argument::from(most))])
        }
        FieldErrorKind::Length { most, unit: LengthUnit::Bytes } => {
            caller.say("field-too-many-bytes", &[("most", Argument::from(most))])
        }
        FieldErrorKind::Missing => caller.say("field-missing", &[]),
        FieldErrorKind::Unknown => caller.say("field-unknown", &[]),
        FieldErrorKind::NotText => caller.say("field-not-text", &[]),
        FieldErrorKind::Nul => caller.say("field-nul", &[]),
        FieldErrorKind::NotSixDigits => caller.say("field-not-six-digits", &[]),
        FieldErrorKind::NotACode => caller.say("field-not-a-code", &[]),
        FieldErrorKind::NotAPhoneNumber => caller.say("field-not-a-phone-number", &[]),
        FieldErrorKind::NotACountry => caller.say("field-not-a-country", &[]),
        FieldErrorKind::NotABackupMethod => caller.say("field-not-a-backup-method", &[]),
        FieldErrorKind::Unusable => caller.say("field-unusable", &[]),
        FieldErrorKind::Taken => caller.say("field-taken", &[]),
        FieldErrorKind::Repeated => caller.say("field-repeated", &[]),
        FieldErrorKind::NotAFlag => caller.say("field-not-a-flag", &[]),
        FieldErrorKind::NotATime => caller.say("field-not-a-time", &[]),
        FieldErrorKind::NotOneOf => caller.say("field-not-one-of", &[]),
        FieldErrorKind::OutOfRange { least, most } => {
            let bounds = [("least", Argument::from(least)), ("most", Argument::from(most))];
            caller.say("field-out-of-range", &bounds)
        }
        FieldErrorKind::Period { most_days } => {
            caller.say("field-period", &[("days", Argument::from(most_days))])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mfa_core::Origin;

    use super::*;
    use crate::caller::Allowance;
    use crate::i18n::Texts;
    use crate::language::Language;

    fn callers() -> [Caller; 2] {
        let texts = Arc::new(Texts::load().unwrap());
        [Language::French, Language::English].map(|language| Caller {
            language,
            texts: Arc::clone(&texts),
            request_id: "r1".into(),
            origin: Origin::default(),
            allowance: Allowance::default(),
        })
    }

    #[test]
    fn every_problem_has_a_text_of_its_own_in_both_languages() {
        for caller in callers() {
            for kind in ProblemKind::ALL {
                let told = text(kind, &caller);
                assert!(!told.title.starts_with("problem-"), "{kind:?}");
                assert!(told.detail.ends_with('.'), "{kind:?}");
                for other in ProblemKind::ALL.into_iter().filter(|other| *other != kind) {
                    assert_ne!(text(other, &caller).detail, told.detail, "{kind:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_in_both_languages() {
        let errors = [
            FieldErrorKind::Missing,
            FieldErrorKind::Unknown,
            FieldErrorKind::NotText,
            FieldErrorKind::Nul,
            FieldErrorKind::NotSixDigits,
            FieldErrorKind::NotACode,
            FieldErrorKind::NotAPhoneNumber,
            FieldErrorKind::NotACountry,
            FieldErrorKind::NotABackupMethod,
            FieldErrorKind::Unusable,
            FieldErrorKind::Taken,
            FieldErrorKind::Repeated,
            FieldErrorKind::NotAFlag,
            FieldErrorKind::NotATime,
            FieldErrorKind::NotOneOf,
            FieldErrorKind::OutOfRange { least: 1, most: 200 },
            FieldErrorKind::Period { most_days: 31 },
            FieldErrorKind::Length { most: 254, unit: LengthUnit::Characters },
            FieldErrorKind::Length { most: 1024, unit: LengthUnit::Bytes },
        ];
        let [french, english] = callers();
        for error in errors {
            assert!(
                field(error, &french).ends_with('.') && field(error, &english).ends_with('.'),
                "{error:?}"
            );
            assert_ne!(field(error, &french), field(error, &english), "{error:?}");
        }
        assert!(
            field(FieldErrorKind::Length { most: 1024, unit: LengthUnit::Bytes }, &english)
                .contains("1024 bytes")
        );
    }
}
