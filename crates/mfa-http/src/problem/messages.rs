//! Which text of `locales/` tells a problem, and what is wrong with a field.

use std::borrow::Cow;

use super::{FieldErrorKind, LengthUnit, ProblemKind};
use crate::i18n::Argument;
use crate::request_context::RequestContext;

/// What a problem says to a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProblemText {
    /// The kind of problem, in a few words.
    pub(super) title: String,
    /// What the reader may do about it.
    pub(super) detail: String,
}

/// The text of this kind of problem, for this caller.
pub(super) fn text(kind: ProblemKind, caller: &RequestContext) -> ProblemText {
    let name = kind.name();
    let detail = format!("{name}.detail");
    ProblemText {
        title: caller.translate(name, &[]).into_owned(),
        detail: caller.translate(&detail, &[]).into_owned(),
    }
}

/// What is wrong with a field.
pub(super) fn field(error: FieldErrorKind, caller: &RequestContext) -> Cow<'_, str> {
    match error {
        FieldErrorKind::Length { most, unit: LengthUnit::Characters } => {
            caller.translate("field-too-many-characters", &[("most", Argument::from(most))])
        }
        FieldErrorKind::Length { most, unit: LengthUnit::Bytes } => {
            caller.translate("field-too-many-bytes", &[("most", Argument::from(most))])
        }
        FieldErrorKind::Missing => caller.translate("field-missing", &[]),
        FieldErrorKind::Unknown => caller.translate("field-unknown", &[]),
        FieldErrorKind::NotText => caller.translate("field-not-text", &[]),
        FieldErrorKind::Nul => caller.translate("field-nul", &[]),
        FieldErrorKind::NotSixDigits => caller.translate("field-not-six-digits", &[]),
        FieldErrorKind::NotACode => caller.translate("field-not-a-code", &[]),
        FieldErrorKind::NotAPhoneNumber => caller.translate("field-not-a-phone-number", &[]),
        FieldErrorKind::NotACountry => caller.translate("field-not-a-country", &[]),
        FieldErrorKind::NotABackupMethod => caller.translate("field-not-a-backup-method", &[]),
        FieldErrorKind::Unusable => caller.translate("field-unusable", &[]),
        FieldErrorKind::Taken => caller.translate("field-taken", &[]),
        FieldErrorKind::Repeated => caller.translate("field-repeated", &[]),
        FieldErrorKind::NotAFlag => caller.translate("field-not-a-flag", &[]),
        FieldErrorKind::NotATime => caller.translate("field-not-a-time", &[]),
        FieldErrorKind::NotOneOf => caller.translate("field-not-one-of", &[]),
        FieldErrorKind::OutOfRange { least, most } => {
            let bounds = [("least", Argument::from(least)), ("most", Argument::from(most))];
            caller.translate("field-out-of-range", &bounds)
        }
        FieldErrorKind::Period { most_days } => {
            caller.translate("field-period", &[("days", Argument::from(most_days))])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mfa_core::Origin;

    use super::*;
    use crate::i18n::Translations;
    use crate::language::Language;
    use crate::request_context::RateLimitStatus;

    fn callers() -> [RequestContext; 2] {
        let texts = Arc::new(Translations::load(&[]).unwrap());
        [Language::French, Language::English].map(|language| RequestContext {
            language,
            texts: Arc::clone(&texts),
            request_id: "r1".into(),
            origin: Origin::default(),
            allowance: RateLimitStatus::default(),
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
