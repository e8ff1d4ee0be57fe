//! The texts of problems, in French and English. Sober: they never say which part of a credential was wrong.

use std::borrow::Cow;

use super::{FieldError, ProblemKind, Unit};
use crate::language::Language;

/// What a problem says to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The kind of problem, in a few words.
    pub(super) title: &'static str,
    /// What the reader may do about it.
    pub(super) detail: &'static str,
}

/// The text of this kind of problem.
pub(super) const fn text(kind: ProblemKind, language: Language) -> Text {
    match language {
        Language::French => french(kind),
        Language::English => english(kind),
    }
}

/// What is wrong with a field.
pub(super) fn field(error: FieldError, language: Language) -> Cow<'static, str> {
    let (french, english) = match error {
        FieldError::Missing => ("Ce champ est obligatoire.", "This field is required."),
        FieldError::Unknown => ("Ce champ n'est pas connu.", "This field is not known."),
        FieldError::NotText => {
            ("Ce champ doit être une chaîne de caractères.", "This field must be a string.")
        }
        FieldError::Nul => {
            ("Ce champ contient un caractère interdit.", "This field has a character that is not allowed.")
        }
        FieldError::NotSixDigits => ("Le code est formé de six chiffres.", "A code is made of six digits."),
        FieldError::NotACode => (
            "Donnez un code à six chiffres ou un code de secours.",
            "Give a code of six digits or a recovery code.",
        ),
        FieldError::NotAPhoneNumber => (
            "Ce n'est pas un numéro de téléphone : donnez-le avec son indicatif (+33…), ou avec son pays.",
            "This is not a phone number: give it with its calling code (+33…), or with its country.",
        ),
        FieldError::NotACountry => (
            "Donnez un code de pays à deux lettres, comme FR.",
            "Give a country code of two letters, such as FR.",
        ),
        FieldError::NotABackupMethod => ("Donnez « sms » ou « none ».", "Give `sms` or `none`."),
        FieldError::Unusable => ("Cette valeur n'est pas utilisable.", "This value cannot be used."),
        FieldError::Taken => ("Cette valeur est déjà prise.", "This value is taken."),
        FieldError::Repeated => {
            ("Ce champ ne peut être donné qu'une fois.", "This field can be given only once.")
        }
        FieldError::NotAFlag => ("Donnez true ou false.", "Give true or false."),
        FieldError::NotATime => (
            "Donnez une date et une heure comme 2026-11-25T08:00:00Z.",
            "Give a date and time such as 2026-11-25T08:00:00Z.",
        ),
        FieldError::NotOneOf => {
            ("Cette valeur n'est pas admise ici.", "This value is none of those that are taken here.")
        }
        FieldError::OutOfRange { least, most } => {
            return match language {
                Language::French => format!("Donnez un nombre entier de {least} à {most}."),
                Language::English => format!("Give a whole number from {least} to {most}."),
            }
            .into();
        }
        FieldError::Period { most_days } => {
            return match language {
                Language::French => {
                    format!("La période doit finir après son début et durer {most_days} jours au plus.")
                }
                Language::English => {
                    format!("The period must end after it begins and last {most_days} days at most.")
                }
            }
            .into();
        }
        FieldError::Length { most, unit } => {
            return match (language, unit) {
                (Language::French, Unit::Characters) => format!("Ce champ compte de 1 à {most} caractères."),
                (Language::French, Unit::Bytes) => format!("Ce champ compte de 1 à {most} octets."),
                (Language::English, Unit::Characters) => format!("This field has 1 to {most} characters."),
                (Language::English, Unit::Bytes) => format!("This field has 1 to {most} bytes."),
            }
            .into();
        }
    };
    match language {
        Language::French => french.into(),
        Language::English => english.into(),
    }
}

const fn french(kind: ProblemKind) -> Text {
    let (title, detail) = match kind {
        ProblemKind::MalformedRequest => (
            "Requête mal formée",
            "Le corps de la requête doit être un objet JSON en UTF-8, sans clé répétée.",
        ),
        ProblemKind::BodyTooSlow => {
            ("Requête incomplète", "Le corps de la requête n'est pas arrivé à temps.")
        }
        ProblemKind::TokenMissing => {
            ("Jeton absent", "Cet appel demande un jeton dans l'en-tête Authorization.")
        }
        ProblemKind::TokenInvalid => ("Jeton non valable", "Le jeton n'est pas valable. Reconnectez-vous."),
        ProblemKind::TokenExpired => ("Jeton expiré", "Le jeton a expiré. Reconnectez-vous."),
        ProblemKind::TokenSpent => ("Jeton déjà utilisé", "Le jeton a déjà servi. Reconnectez-vous."),
        ProblemKind::TokenRevoked => ("Jeton révoqué", "Le jeton a été révoqué. Reconnectez-vous."),
        ProblemKind::StepUpRequired => (
            "Vérification récente exigée",
            "Présentez à nouveau un second facteur, puis recommencez avec le nouveau jeton.",
        ),
        ProblemKind::InvalidCode => ("Code refusé", "Le code est incorrect, expiré ou déjà utilisé."),
        ProblemKind::InvalidCredentials => ("Identifiants refusés", "Les identifiants sont incorrects."),
        ProblemKind::AccountLocked => {
            ("Compte verrouillé", "Trop de codes incorrects : le compte est verrouillé pour le moment.")
        }
        ProblemKind::AccountDisabled => {
            ("Compte désactivé", "Ce compte est désactivé. Adressez-vous à un administrateur.")
        }
        ProblemKind::WrongTokenStage => {
            ("Jeton d'une autre étape", "Ce jeton ne convient pas à cette étape de la connexion.")
        }
        ProblemKind::NotAllowed => ("Action non autorisée", "Cette action n'est pas autorisée."),
        ProblemKind::NotFound => ("Introuvable", "Il n'y a rien à cette adresse."),
        ProblemKind::MethodNotAllowed => {
            ("Méthode non admise", "Cette adresse n'admet que les méthodes de l'en-tête Allow.")
        }
        ProblemKind::TooLarge => ("Requête trop grande", "Le corps de la requête dépasse 16 Kio."),
        ProblemKind::UnsupportedMediaType => {
            ("Format non pris en charge", "Le corps de la requête doit être annoncé comme application/json.")
        }
        ProblemKind::NotEnrolled => {
            ("Aucune application enregistrée", "Ce compte n'a pas d'application d'authentification.")
        }
        ProblemKind::NoEnrolmentInProgress => {
            ("Aucun enregistrement en cours", "Commencez ou recommencez l'enregistrement de l'application.")
        }
        ProblemKind::MethodNotAvailable => (
            "Méthode non disponible",
            "Cette méthode n'est pas disponible pour ce compte. Choisissez-en une autre.",
        ),
        ProblemKind::PhoneRefused => (
            "Numéro refusé",
            "Aucun SMS ne peut être envoyé à ce numéro. Donnez un autre numéro de mobile, ou choisissez une autre méthode.",
        ),
        ProblemKind::SmsBudgetSpent => (
            "Trop de SMS",
            "Trop de SMS ont été demandés. Attendez avant d'en demander un autre, ou choisissez une autre méthode.",
        ),
        ProblemKind::SmsUnavailable => (
            "SMS non confirmé",
            "L'envoi du SMS n'a pas été confirmé. S'il arrive, son code est valable ; sinon, choisissez une autre méthode.",
        ),
        ProblemKind::FactorRequired => (
            "Facteur obligatoire",
            "Ce compte doit garder un second facteur : le dernier ne peut pas être retiré.",
        ),
        ProblemKind::InvalidField => ("Champ non valable", "Un champ de la requête n'est pas valable."),
        ProblemKind::RateLimited => {
            ("Trop de tentatives", "Trop de tentatives. Patientez avant de recommencer.")
        }
        ProblemKind::InternalError => {
            ("Erreur interne", "Une erreur interne est survenue. Elle a été consignée.")
        }
        ProblemKind::StoreUnavailable => {
            ("Service indisponible", "Le service est momentanément indisponible. Réessayez dans un instant.")
        }
        ProblemKind::StoreOutcomeUnknown => (
            "Service indisponible",
            "L'issue de l'appel n'est pas connue : ce code est peut-être consommé, utilisez le prochain.",
        ),
        ProblemKind::ClockSkew => {
            ("Horloge décalée", "L'horloge du service n'est pas fiable pour le moment. Réessayez plus tard.")
        }
        ProblemKind::Overloaded => {
            ("Service surchargé", "Le service est surchargé. Réessayez dans un instant.")
        }
    };
    Text { title, detail }
}

const fn english(kind: ProblemKind) -> Text {
    let (title, detail) = match kind {
        ProblemKind::MalformedRequest => (
            "Malformed request",
            "The body of the request must be a JSON object in UTF-8, with no key repeated.",
        ),
        ProblemKind::BodyTooSlow => ("Incomplete request", "The body of the request did not arrive in time."),
        ProblemKind::TokenMissing => ("No token", "This call needs a token in its Authorization header."),
        ProblemKind::TokenInvalid => ("Invalid token", "The token is not valid. Log in again."),
        ProblemKind::TokenExpired => ("Expired token", "The token has expired. Log in again."),
        ProblemKind::TokenSpent => ("Spent token", "The token has been used. Log in again."),
        ProblemKind::TokenRevoked => ("Revoked token", "The token has been revoked. Log in again."),
        ProblemKind::StepUpRequired => (
            "Recent verification required",
            "Show a second factor again, then repeat the call with the new token.",
        ),
        ProblemKind::InvalidCode => ("Code refused", "The code is wrong, expired or already used."),
        ProblemKind::InvalidCredentials => ("Credentials refused", "The credentials are wrong."),
        ProblemKind::AccountLocked => {
            ("Account locked", "Too many wrong codes: the account is locked for the moment.")
        }
        ProblemKind::AccountDisabled => {
            ("Account disabled", "This account is disabled. Ask an administrator.")
        }
        ProblemKind::WrongTokenStage => {
            ("Token of another stage", "This token does not fit this stage of the login.")
        }
        ProblemKind::NotAllowed => ("Not allowed", "This is not allowed."),
        ProblemKind::NotFound => ("Not found", "There is nothing at this address."),
        ProblemKind::MethodNotAllowed => {
            ("Method not allowed", "This address takes only the methods in the Allow header.")
        }
        ProblemKind::TooLarge => ("Request too large", "The body of the request is over 16 KiB."),
        ProblemKind::UnsupportedMediaType => {
            ("Unsupported format", "The body of the request must be announced as application/json.")
        }
        ProblemKind::NotEnrolled => ("No app enrolled", "This account has no authenticator app."),
        ProblemKind::NoEnrolmentInProgress => {
            ("No enrolment in progress", "Start the enrolment of the app, or start it anew.")
        }
        ProblemKind::MethodNotAvailable => {
            ("Method not available", "This method is not available for this account. Choose another one.")
        }
        ProblemKind::PhoneRefused => (
            "Number refused",
            "No SMS can be sent to this number. Give the number of another mobile, or choose another method.",
        ),
        ProblemKind::SmsBudgetSpent => (
            "Too many SMS",
            "Too many SMS were asked for. Wait before asking for another one, or choose another method.",
        ),
        ProblemKind::SmsUnavailable => (
            "SMS not confirmed",
            "The SMS was not confirmed as sent. If it arrives its code is good; if not, choose another method.",
        ),
        ProblemKind::FactorRequired => {
            ("Factor required", "This account must keep a second factor: the last one cannot be taken away.")
        }
        ProblemKind::InvalidField => ("Invalid field", "A field of the request is not valid."),
        ProblemKind::RateLimited => ("Too many tries", "Too many tries. Wait before the next one."),
        ProblemKind::InternalError => ("Internal error", "Something went wrong inside. It has been logged."),
        ProblemKind::StoreUnavailable => {
            ("Service unavailable", "The service is unavailable for the moment. Try again shortly.")
        }
        ProblemKind::StoreOutcomeUnknown => (
            "Service unavailable",
            "The outcome of the call is not known: this code may be spent, use the next one.",
        ),
        ProblemKind::ClockSkew => {
            ("Clock skew", "The clock of the service cannot be relied on for the moment. Try again later.")
        }
        ProblemKind::Overloaded => ("Service overloaded", "The service is overloaded. Try again shortly."),
    };
    Text { title, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_text_of_its_own_in_both_languages() {
        for kind in ProblemKind::ALL {
            let (french, english) = (text(kind, Language::French), text(kind, Language::English));
            assert!(!french.title.is_empty() && !english.title.is_empty(), "{kind:?}");
            assert!(french.detail.ends_with('.') && english.detail.ends_with('.'), "{kind:?}");
            assert_ne!(french.detail, english.detail, "{kind:?}");
            for other in ProblemKind::ALL.into_iter().filter(|other| *other != kind) {
                assert_ne!(text(other, Language::French).detail, french.detail, "{kind:?} {other:?}");
                assert_ne!(text(other, Language::English).detail, english.detail, "{kind:?} {other:?}");
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_in_both_languages() {
        let errors = [
            FieldError::Missing,
            FieldError::Unknown,
            FieldError::NotText,
            FieldError::Nul,
            FieldError::NotSixDigits,
            FieldError::NotACode,
            FieldError::NotAPhoneNumber,
            FieldError::NotACountry,
            FieldError::NotABackupMethod,
            FieldError::Unusable,
            FieldError::Taken,
            FieldError::Repeated,
            FieldError::NotAFlag,
            FieldError::NotATime,
            FieldError::NotOneOf,
            FieldError::OutOfRange { least: 1, most: 200 },
            FieldError::Period { most_days: 31 },
            FieldError::Length { most: 254, unit: Unit::Characters },
            FieldError::Length { most: 1024, unit: Unit::Bytes },
        ];
        for error in errors {
            assert_ne!(field(error, Language::French), field(error, Language::English), "{error:?}");
        }
    }
}
