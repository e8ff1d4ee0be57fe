//! Translated texts of problems and field errors.

use std::borrow::Cow;

use super::{FieldErrorKind, LengthUnit, ProblemKind};
use crate::i18n::Argument;
use crate::request_context::RequestContext;

/// Title and detail of a problem document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProblemText {
    /// Short name of the kind of problem.
    pub(super) title: String,
    /// Advice for the user.
    pub(super) detail: String,
}

/// Returns the text of a kind of problem in the language of the request.
pub(super) fn text(kind: ProblemKind, context: &RequestContext) -> ProblemText {
    let name = kind.name();
    let detail = format!("{name}.detail");
    ProblemText {
        title: context.translate(name, &[]).into_owned(),
        detail: context.translate(&detail, &[]).into_owned(),
    }
}

/// Returns the message of a field error in the language of the request.
pub(super) fn field(error: FieldErrorKind, context: &RequestContext) -> Cow<'_, str> {
    match error {
        FieldErrorKind::Length { most, unit: LengthUnit::Characters } => {
            context.translate("field-too-many-characters", &[("most", Argument::from(most))])
        }
        FieldErrorKind::Length { most, unit: LengthUnit::Bytes } => {
            context.translate("field-too-many-bytes", &[("most", Argument::from(most))])
        }
        FieldErrorKind::Missing => context.translate("field-missing", &[]),
        FieldErrorKind::Unknown => context.translate("field-unknown", &[]),
        FieldErrorKind::NotText => context.translate("field-not-text", &[]),
        FieldErrorKind::Nul => context.translate("field-nul", &[]),
        FieldErrorKind::NotSixDigits => context.translate("field-not-six-digits", &[]),
        FieldErrorKind::NotTotpCode => context.translate("field-not-totp-code", &[]),
        FieldErrorKind::NotACode => context.translate("field-not-a-code", &[]),
        FieldErrorKind::NotAPhoneNumber => context.translate("field-not-a-phone-number", &[]),
        FieldErrorKind::NotACountry => context.translate("field-not-a-country", &[]),
        FieldErrorKind::NotACredential => context.translate("field-not-a-credential", &[]),
        FieldErrorKind::NotABackupMethod => context.translate("field-not-a-backup-method", &[]),
        FieldErrorKind::Unusable => context.translate("field-unusable", &[]),
        FieldErrorKind::Taken => context.translate("field-taken", &[]),
        FieldErrorKind::Repeated => context.translate("field-repeated", &[]),
        FieldErrorKind::NotAFlag => context.translate("field-not-a-flag", &[]),
        FieldErrorKind::NotIds { most } => {
            context.translate("field-not-ids", &[("most", most.to_string().into())])
        }
        FieldErrorKind::NotATime => context.translate("field-not-a-time", &[]),
        FieldErrorKind::NotAnAddress => context.translate("field-not-an-address", &[]),
        FieldErrorKind::NotOneOf => context.translate("field-not-one-of", &[]),
        FieldErrorKind::OutOfRange { least, most } => {
            let bounds = [("least", Argument::from(least)), ("most", Argument::from(most))];
            context.translate("field-out-of-range", &bounds)
        }
        FieldErrorKind::Period { most_days } => {
            context.translate("field-period", &[("days", Argument::from(most_days))])
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

    fn contexts() -> [RequestContext; 2] {
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
        for context in contexts() {
            for kind in ProblemKind::ALL {
                let shown = text(kind, &context);
                assert!(!shown.title.starts_with("problem-"), "{kind:?}");
                assert!(shown.detail.ends_with('.'), "{kind:?}");
                for other in ProblemKind::ALL.into_iter().filter(|other| *other != kind) {
                    assert_ne!(text(other, &context).detail, shown.detail, "{kind:?} {other:?}");
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
            FieldErrorKind::NotTotpCode,
            FieldErrorKind::NotACode,
            FieldErrorKind::NotAPhoneNumber,
            FieldErrorKind::NotACountry,
            FieldErrorKind::NotACredential,
            FieldErrorKind::NotABackupMethod,
            FieldErrorKind::Unusable,
            FieldErrorKind::Taken,
            FieldErrorKind::Repeated,
            FieldErrorKind::NotAFlag,
            FieldErrorKind::NotATime,
            FieldErrorKind::NotIds { most: 5_000 },
            FieldErrorKind::NotAnAddress,
            FieldErrorKind::NotOneOf,
            FieldErrorKind::OutOfRange { least: 1, most: 200 },
            FieldErrorKind::Period { most_days: 31 },
            FieldErrorKind::Length { most: 254, unit: LengthUnit::Characters },
            FieldErrorKind::Length { most: 1024, unit: LengthUnit::Bytes },
        ];
        let [french, english] = contexts();
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
