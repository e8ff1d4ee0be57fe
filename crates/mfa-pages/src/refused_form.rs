//! What a refused form leaves for the page that shows it again.
//!
//! Every form answers by a redirect, so that the back button and a reload send nothing twice. Error and typed fields
//! travel in an encrypted cookie, bound to browser and session, to the page with the form, which shows them once.

use std::time::Duration;

use actix_web::http::StatusCode;
use mfa_core::{CipherError, SecretBytes, SecretText, Timestamp};
use mfa_http::problem::{ApiError, retry_after};
use mfa_infra::Mfa;
use serde::{Deserialize, Serialize};

use super::cookies::Cookie;
use super::form_error::FormError;

/// Lifetime: enough for a step-up in between.
pub(super) const LASTS: Duration = Duration::from_mins(10);
/// The fields that are kept. A field that is not named here may be a secret and is dropped.
const KEPT: [&str; 8] = ["username", "name", "phone", "country", "method", "reason", "minutes", "unlock"];
/// The most bytes of typed text that are kept: browsers refuse a cookie of more than 4,096 bytes.
const MAX_BYTES: usize = 1_600;

/// A form that was refused, or interrupted by a step-up.
#[derive(Clone, Debug)]
pub(crate) struct RefusedForm {
    /// Path of the page that shows it, below the first page and without a query.
    page: String,
    why: Reason,
    typed: Vec<(String, SecretText)>,
}

/// What the page shows.
#[derive(Clone, Debug)]
enum Reason {
    /// Nothing: the form was interrupted.
    Interrupted,
    /// An error on the form.
    OnForm { text: String, until: Option<Timestamp> },
    /// An error instead of the form.
    Instead { code: String, status: StatusCode, until: Option<Timestamp> },
}

/// The serialised form: page, reason, end of its wait, end of validity, typed fields.
#[derive(Serialize, Deserialize)]
struct Record {
    page: String,
    why: ReasonRecord,
    wait_until: Option<i64>,
    until: i64,
    typed: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
enum ReasonRecord {
    Interrupted,
    OnForm(String),
    Instead(String, u16),
}

/// An error that a page shows instead of the form.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(crate) code: String,
    pub(crate) status: StatusCode,
    /// Seconds to wait, if waiting helps.
    pub(crate) seconds: Option<u64>,
}

impl RefusedForm {
    /// Creates the state of a form with an error. `path` leads to the page with the form.
    pub(super) fn on_form(path: &str, error: &FormError, now: Timestamp) -> Self {
        let until = error.seconds().map(|it| now.plus(Duration::from_secs(it)));
        Self::new(path, Reason::OnForm { text: error.text().to_owned(), until })
    }

    /// Creates the state of a form whose page shows an error instead.
    pub(super) fn instead(path: &str, error: &ApiError, now: Timestamp) -> Self {
        let until = retry_after(error).map(|it| now.plus(Duration::from_secs(it)));
        let kind = error.kind();
        Self::new(path, Reason::Instead { code: kind.code().to_owned(), status: kind.status(), until })
    }

    /// Creates the state of a form that goes on after a step-up.
    pub(super) fn interrupted(path: &str) -> Self {
        Self::new(path, Reason::Interrupted)
    }

    /// Returns the cookie that has the state.
    pub(super) const fn cookie(&self) -> Cookie {
        match self.why {
            Reason::Interrupted => Cookie::InterruptedForm,
            Reason::OnForm { .. } | Reason::Instead { .. } => Cookie::RefusedForm,
        }
    }

    fn new(path: &str, why: Reason) -> Self {
        let page = path.split('?').next().unwrap_or_default().to_owned();
        Self { page, why, typed: Vec::new() }
    }

    /// Adds the typed fields that are no secrets.
    pub(super) fn with_typed<'a>(self, fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        fields
            .filter(|(name, _)| KEPT.contains(name))
            .fold(self, |form, (name, value)| form.with_field(name, value))
    }

    /// Adds a field, unless it is too long.
    pub(super) fn with_field(mut self, name: &str, value: &str) -> Self {
        let length = |(name, value): &(String, SecretText)| name.len().saturating_add(value.expose().len());
        let used: usize = self.typed.iter().map(length).sum();
        if used.saturating_add(name.len()).saturating_add(value.len()) <= MAX_BYTES {
            self.typed.push((name.to_owned(), SecretText::new(value.to_owned())));
        }
        self
    }

    /// Returns true if the page at this path, below the first page, shows the form.
    pub(super) fn is_for(&self, path: &str) -> bool {
        self.page == path.trim_end_matches('/')
    }

    /// Returns the error on the form.
    pub(super) fn error(&self, now: Timestamp) -> Option<FormError> {
        match &self.why {
            Reason::OnForm { text, until } => {
                let error = FormError::new(text.clone());
                Some(error.with_seconds(until.map(|it| it.since(now).as_secs())))
            }
            Reason::Interrupted | Reason::Instead { .. } => None,
        }
    }

    /// Returns the error that is shown instead of the form.
    pub(super) fn notice(&self, now: Timestamp) -> Option<Notice> {
        match &self.why {
            Reason::Instead { code, status, until } => {
                let seconds = until.map(|it| it.since(now).as_secs());
                Some(Notice { code: code.clone(), status: *status, seconds })
            }
            Reason::Interrupted | Reason::OnForm { .. } => None,
        }
    }

    /// Returns a field as it was typed.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        self.typed.iter().find(|(it, _)| it == name).map(|(_, value)| value.expose())
    }

    /// Encrypts the state for a cookie. `login` identifies browser and session.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`] if the operating system has no randomness.
    pub(super) fn seal(&self, mfa: &Mfa, login: &SecretText, now: Timestamp) -> Result<String, CipherError> {
        let (why, wait_until) = match &self.why {
            Reason::Interrupted => (ReasonRecord::Interrupted, None),
            Reason::OnForm { text, until } => (ReasonRecord::OnForm(text.clone()), *until),
            Reason::Instead { code, status, until } => {
                (ReasonRecord::Instead(code.clone(), status.as_u16()), *until)
            }
        };
        let record = Record {
            page: self.page.clone(),
            why,
            wait_until: wait_until.map(Timestamp::seconds),
            until: now.plus(LASTS).seconds(),
            typed: self.typed.iter().map(|(name, it)| (name.clone(), it.expose().to_owned())).collect(),
        };
        // Strings and numbers always serialise.
        let bytes = serde_json::to_vec(&record).map_err(|_| CipherError::Altered)?;
        mfa.page_cipher().seal(&SecretBytes::new(bytes), &bound_to(login))
    }

    /// Decrypts a cookie; `None` if it has expired, belongs to another session or was altered.
    pub(super) fn unseal(sealed: &SecretText, mfa: &Mfa, login: &SecretText, now: Timestamp) -> Option<Self> {
        let bytes = mfa.page_cipher().unseal(sealed.expose(), &bound_to(login)).ok()?;
        let record: Record = serde_json::from_slice(bytes.expose()).ok()?;
        if record.until <= now.seconds() {
            return None;
        }
        let until = record.wait_until.map(Timestamp::from_seconds);
        let why = match record.why {
            ReasonRecord::Interrupted => Reason::Interrupted,
            ReasonRecord::OnForm(text) => Reason::OnForm { text, until },
            ReasonRecord::Instead(code, status) => {
                Reason::Instead { code, status: StatusCode::from_u16(status).ok()?, until }
            }
        };
        let typed = record.typed.into_iter().map(|(name, it)| (name, SecretText::new(it))).collect();
        Some(Self { page: record.page, why, typed })
    }
}

/// Returns the associated data: other sealed cookies of the same login are not accepted in its place.
fn bound_to(login: &SecretText) -> String {
    format!("{} refused form", login.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_field_is_dropped_and_a_long_one_does_not_fill_the_cookie() {
        let long = "x".repeat(MAX_BYTES);
        let fields = [("username", "ada"), ("password", "secret"), ("code", "123456"), ("reason", &long)];
        let form = RefusedForm::interrupted("/login?then=x").with_typed(fields.into_iter());
        assert_eq!((form.typed("username"), form.typed("password")), (Some("ada"), None));
        assert_eq!((form.typed("code"), form.typed("reason")), (None, None));
        assert!(form.is_for("/login") && !form.is_for("/phone"));
        assert_eq!(form.with_field("code", "abcd").typed("code"), Some("abcd"));
    }

    #[test]
    fn the_time_to_wait_runs_on_while_the_browser_follows_the_redirect() {
        let now = Timestamp::from_seconds(1_000);
        let error = FormError::new("wait".to_owned()).with_seconds(Some(30));
        let form = RefusedForm::on_form("", &error, now);
        let shown = form.error(now.plus(Duration::from_secs(10))).unwrap();
        assert_eq!((shown.text(), shown.seconds()), ("wait", Some(20)));
        assert!(form.notice(now).is_none() && form.is_for("") && form.is_for("/"));
    }
}
