//! Authenticator apps of an account and their parameters.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Account;
use crate::{Sealed, Timestamp};

/// ID of the app in the columns of the guide, unless it took the place of a removed one.
const FIRST_ID: &str = "totp";

/// Authenticator apps of an account.
///
/// The first app is in the columns of the guide (`totp_secret` and others), further ones in the column
/// `mfa_authenticators`. There are further apps only if there is a first one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotpState {
    /// Whether the first app is active as a factor.
    pub enabled: bool,
    /// Active secret of the first app, sealed.
    pub secret: Option<Sealed>,
    /// New secret whose enrolment is not confirmed.
    pub pending: Option<PendingTotp>,
    /// Time when the first app was confirmed.
    pub enrolled_at: Option<Timestamp>,
    /// Newest time step whose code of the first app was used. Every code up to this step is spent (RFC 6238 §5.2).
    pub last_step: Option<i64>,
    /// ID of the first app if it was added beside another one, which was removed since. `None` stands for `totp`.
    pub id: Option<String>,
    /// Parameters of the first app.
    pub parameters: TotpParameters,
    /// Further apps, in the order of their enrolment. Their last used steps are in
    /// [`AuthenticatorUse`](crate::AuthenticatorUse).
    pub further: Vec<TotpApp>,
}

/// TOTP secret whose enrolment is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTotp {
    /// The secret, sealed.
    pub secret: Sealed,
    /// Time when the enrolment expires.
    pub expires_at: Timestamp,
    /// ID of the app if it is added beside others. `None`: it replaces all apps.
    pub added_as: Option<String>,
    /// Name that the user gave to the app.
    pub name: Option<String>,
}

/// Authenticator app besides the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpApp {
    /// ID of the authenticator, unique for the user.
    pub id: String,
    /// Secret, sealed for the column `totp_secret`: the app moves there when the first one is removed.
    pub secret: Sealed,
    /// Time when the app was confirmed.
    pub enrolled_at: Option<Timestamp>,
    /// Parameters of its codes.
    pub parameters: TotpParameters,
}

/// Active authenticator app, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub struct TotpAppRef<'a> {
    /// ID of the authenticator, unique for the user.
    pub id: &'a str,
    /// Secret, sealed for the column `totp_secret`.
    pub secret: &'a Sealed,
    /// Time when the app was confirmed.
    pub enrolled_at: Option<Timestamp>,
    /// Newest time step whose code was used.
    pub last_step: Option<i64>,
    /// Parameters of its codes.
    pub parameters: TotpParameters,
}

/// Entry of the column `mfa_authenticators` about an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpEntry {
    /// ID of the authenticator.
    pub id: String,
    /// Time of the confirmation.
    #[serde(rename = "at", default, skip_serializing_if = "Option::is_none")]
    pub enrolled_at: Option<Timestamp>,
    /// Sealed secret of a further app. `None`: the entry describes the first app, whose secret is in its column, as long as
    /// that app was confirmed at the time of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Sealed>,
    /// Parameters of its codes.
    #[serde(flatten)]
    pub parameters: TotpParameters,
}

impl TotpState {
    /// Returns the ID of the first app.
    pub fn first_id(&self) -> &str {
        self.id.as_deref().unwrap_or(FIRST_ID)
    }
}

impl Account {
    /// Returns the active authenticator apps, the first one first.
    pub fn totp_apps(&self) -> impl Iterator<Item = TotpAppRef<'_>> {
        let totp = &self.totp;
        let first = totp.secret.as_ref().filter(|_| totp.enabled).map(|secret| TotpAppRef {
            id: totp.first_id(),
            secret,
            enrolled_at: totp.enrolled_at,
            last_step: totp.last_step,
            parameters: totp.parameters,
        });
        let further = totp.further.iter().map(|app| TotpAppRef {
            id: &app.id,
            secret: &app.secret,
            enrolled_at: app.enrolled_at,
            last_step: self.internal.authenticators.get(&app.id).and_then(|it| it.last_step),
            parameters: app.parameters,
        });
        first.into_iter().chain(further)
    }

    /// Returns whether the enrolment in progress adds an app, and replaces none.
    pub fn adds_totp_app(&self) -> bool {
        self.totp.pending.as_ref().is_some_and(|it| it.added_as.is_some())
    }

    /// Marks the steps of an app up to this one as used, and notes the time of its use.
    pub fn use_totp_app(&mut self, id: &str, step: i64, now: Timestamp) {
        let is_first = id == self.totp.first_id();
        let state = self.internal.authenticators.entry(id.to_owned()).or_default();
        state.last_used_at = Some(now);
        if is_first {
            self.totp.last_step = Some(step);
        } else {
            state.last_step = Some(step);
        }
    }

    /// Removes an app and returns whether it existed. If it was the first, the oldest of the others takes its place in the
    /// columns. If it was the last factor, the recovery codes are removed too. An enrolment in progress ends.
    pub fn remove_totp_app(&mut self, id: &str) -> bool {
        if id == self.totp.first_id() {
            if self.totp.secret.is_none() && !self.totp.enabled && self.totp.pending.is_none() {
                return false;
            }
            let further = std::mem::take(&mut self.totp.further);
            self.totp = TotpState { further, ..TotpState::default() };
            self.promote_totp_app();
        } else if let Some(index) = self.totp.further.iter().position(|app| app.id == id) {
            self.totp.further.remove(index);
            self.totp.pending = None;
        } else {
            return false;
        }
        self.internal.enrolment_failures = 0;
        self.forget_authenticator(id);
        true
    }

    /// Moves the oldest further app to the place of the first one, if that is empty.
    pub fn promote_totp_app(&mut self) {
        if self.totp.secret.is_some() || self.totp.further.is_empty() {
            return;
        }
        let TotpApp { id, secret, enrolled_at, parameters } = self.totp.further.remove(0);
        let last_step = self.internal.authenticators.get_mut(&id).and_then(|it| it.last_step.take());
        let totp = &mut self.totp;
        totp.enabled = true;
        totp.secret = Some(secret);
        totp.id = Some(id).filter(|it| it != FIRST_ID);
        (totp.enrolled_at, totp.last_step, totp.parameters) = (enrolled_at, last_step, parameters);
    }

    /// Marks every step whose code is accepted at this time as used, for all apps.
    pub(super) fn spend_totp_steps(&mut self, at: Timestamp) {
        let step_after = |parameters: TotpParameters| {
            let period = i64::from(parameters.period.seconds());
            Some(at.seconds().div_euclid(period).saturating_add(1))
        };
        self.totp.last_step = self.totp.last_step.max(step_after(self.totp.parameters));
        for app in &self.totp.further {
            let state = self.internal.authenticators.entry(app.id.clone()).or_default();
            state.last_step = state.last_step.max(step_after(app.parameters));
        }
    }
}

/// Parameters that an app and the server must share besides the secret (RFC 6238 §4).
///
/// New enrolments use the default (SHA-1, six digits, 30 seconds): several apps ignore other values in the URI and would
/// display codes that never match. Apps from other systems keep theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct TotpParameters {
    /// Hash function.
    #[serde(skip_serializing_if = "is_default")]
    pub algorithm: TotpAlgorithm,
    /// Number of digits.
    #[serde(skip_serializing_if = "is_default")]
    pub digits: TotpDigits,
    /// Duration of a time step.
    #[serde(skip_serializing_if = "is_default")]
    pub period: TotpPeriod,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Hash function of the HMAC (RFC 6238 §1.2).
///
/// Exhaustive, so that each function is implemented and displayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TotpAlgorithm {
    /// SHA-1, which every app supports. Its collisions do not affect HMAC (RFC 4226 §B.2).
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl TotpAlgorithm {
    /// Returns the name used in otpauth URIs and responses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// Number of digits of a code, never fewer than six (RFC 4226 §5.3).
///
/// Exhaustive, so that each length is parsed and displayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum TotpDigits {
    /// Six digits, which every app supports.
    #[default]
    Six,
    /// Seven digits.
    Seven,
    /// Eight digits.
    Eight,
}

impl TotpDigits {
    /// Returns the number of digits.
    pub const fn count(self) -> u8 {
        match self {
            Self::Six => 6,
            Self::Seven => 7,
            Self::Eight => 8,
        }
    }
}

impl fmt::Display for TotpDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count().fmt(f)
    }
}

impl TryFrom<u32> for TotpDigits {
    type Error = &'static str;

    fn try_from(digits: u32) -> Result<Self, Self::Error> {
        match digits {
            6 => Ok(Self::Six),
            7 => Ok(Self::Seven),
            8 => Ok(Self::Eight),
            _ => Err("a code has 6 to 8 digits"),
        }
    }
}

impl From<TotpDigits> for u32 {
    fn from(digits: TotpDigits) -> Self {
        digits.count().into()
    }
}

/// Duration of a time step, 15 to 120 seconds. The default is 30 (RFC 6238 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TotpPeriod(u8);

impl TotpPeriod {
    /// Returns the duration in seconds.
    pub const fn seconds(self) -> u8 {
        self.0
    }
}

impl Default for TotpPeriod {
    fn default() -> Self {
        Self(30)
    }
}

impl TryFrom<u32> for TotpPeriod {
    type Error = &'static str;

    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        match u8::try_from(seconds) {
            Ok(seconds @ 15..=120) => Ok(Self(seconds)),
            _ => Err("a period has 15 to 120 seconds"),
        }
    }
}

impl From<TotpPeriod> for u32 {
    fn from(period: TotpPeriod) -> Self {
        period.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthenticatorUse, UserId};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn sealed(text: &str) -> Sealed {
        Sealed::from_column(text.to_owned())
    }

    fn account() -> Account {
        let mut account = Account::new(UserId::new(1), "a@b.c", "a");
        account.totp.enabled = true;
        account.totp.secret = Some(sealed("first"));
        account.totp.last_step = Some(5);
        let app = |id: &str| TotpApp {
            id: id.into(),
            secret: sealed(id),
            enrolled_at: Some(NOW),
            parameters: TotpParameters { digits: TotpDigits::Eight, ..TotpParameters::default() },
        };
        account.totp.further = vec![app("b"), app("c")];
        account.names.insert("totp".into(), "Phone".into());
        let state = AuthenticatorUse { last_step: Some(7), ..AuthenticatorUse::default() };
        account.internal.authenticators.insert("b".into(), state);
        account
    }

    fn ids(account: &Account) -> Vec<&str> {
        account.totp_apps().map(|it| it.id).collect()
    }

    #[test]
    fn the_oldest_app_takes_the_place_of_the_first_with_its_last_step() {
        let mut account = account();
        assert_eq!(ids(&account), ["totp", "b", "c"]);
        assert!(account.remove_totp_app("totp"));
        assert_eq!(ids(&account), ["b", "c"]);
        let TotpState { secret, last_step, parameters, .. } = &account.totp;
        assert_eq!((secret, last_step), (&Some(sealed("b")), &Some(7)));
        assert_eq!(parameters.digits, TotpDigits::Eight);
        assert!(account.names.is_empty());
        account.use_totp_app("b", 8, NOW);
        assert_eq!((account.totp.last_step, account.internal.authenticators["b"].last_step), (Some(8), None));
        assert!(account.remove_totp_app("b") && account.remove_totp_app("c"));
        assert_eq!((account.has_totp(), account.totp), (false, TotpState::default()));
    }

    #[test]
    fn only_the_named_app_is_removed() {
        let mut account = account();
        assert!(!account.remove_totp_app("d"));
        assert!(account.remove_totp_app("b"));
        assert_eq!(ids(&account), ["totp", "c"]);
        assert!(!account.internal.authenticators.contains_key("b"));
    }

    #[test]
    fn each_app_has_its_own_last_step_and_use() {
        let mut account = account();
        account.use_totp_app("c", 9, NOW);
        let steps: Vec<_> = account.totp_apps().map(|it| it.last_step).collect();
        assert_eq!(steps, [Some(5), Some(7), Some(9)]);
        assert_eq!(account.internal.authenticators["c"].last_used_at, Some(NOW));
        account.spend_totp_steps(NOW);
        assert!(account.totp_apps().all(|it| it.last_step == Some(1_000_000 / 30 + 1)));
    }

    #[test]
    fn parameters_are_stored_only_if_they_differ_and_bad_ones_are_errors() {
        let text = |parameters: TotpParameters| serde_json::to_string(&parameters).unwrap();
        assert_eq!(text(TotpParameters::default()), "{}");
        let other = r#"{"algorithm":"SHA256","digits":8,"period":60}"#;
        let parsed: TotpParameters = serde_json::from_str(other).unwrap();
        assert_eq!((parsed.digits.count(), parsed.period.seconds(), text(parsed).as_str()), (8, 60, other));
        for bad in [
            r#"{"digits":5}"#,
            r#"{"digits":9}"#,
            r#"{"period":14}"#,
            r#"{"period":121}"#,
            r#"{"algorithm":"MD5"}"#,
        ] {
            assert!(serde_json::from_str::<TotpParameters>(bad).is_err(), "{bad}");
        }
    }
}
