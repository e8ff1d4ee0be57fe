//! Data of the page that verifies the second factor.

use mfa_core::{FactorKind, Stage};
use mfa_flows::{Authenticator, AuthenticatorDetails, Call, FlowError, MethodChoice, MethodState, Profile};
use mfa_http::problem::ApiError;

use crate::request::PageRequest;
use crate::return_to::ReturnTo;

/// The data of the page.
pub(super) struct VerifyView {
    pub(super) profile: Profile,
    pub(super) choices: Vec<MethodChoice>,
    /// Seconds after which the codes of the user's apps change, if it is the same for all of them.
    pub(super) app_period: Option<u64>,
    pub(super) is_step_up: bool,
    pub(super) then: ReturnTo,
}

/// Loads the data of the page.
pub(super) async fn view(request: &PageRequest, call: Call) -> Result<VerifyView, ApiError> {
    let is_step_up = call.token.stage != Stage::Pending;
    let asked = request.query("then").map(str::to_owned);
    let (profile, choices, list) = request
        .run(|flows| async move {
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>((profile, flows.methods(&call).await?, flows.authenticators(&call).await?))
        })
        .await?;
    let app_period = common_period(&list);
    Ok(VerifyView { profile, choices, app_period, is_step_up, then: ReturnTo::parse(asked.as_deref()) })
}

/// Returns the seconds after which the codes of these apps change, if it is the same for all of them.
fn common_period(list: &[Authenticator]) -> Option<u64> {
    let mut periods = list.iter().filter_map(|it| match &it.details {
        AuthenticatorDetails::Totp(parameters) => Some(u64::from(parameters.period.seconds())),
        _ => None,
    });
    let first = periods.next()?;
    periods.all(|it| it == first).then_some(first)
}

impl VerifyView {
    pub(super) fn has(&self, method: FactorKind) -> bool {
        self.offered().any(|it| it.method == method)
    }

    /// Returns true if the policy accepts a passkey only, although the user has another factor or none.
    pub(super) const fn accepts_passkey_only(&self) -> bool {
        self.profile.status.phishing_resistant_required && self.profile.status.phishing_resistant
    }

    /// Returns the methods that the user has and the policy accepts.
    fn offered(&self) -> impl Iterator<Item = &MethodChoice> {
        let is_offered =
            |it: &&MethodChoice| !matches!(it.state, MethodState::NotEnrolled | MethodState::NotAccepted);
        self.choices.iter().filter(is_offered)
    }

    /// Returns true if a passkey is accepted now, which may be so during a lock.
    pub(super) fn accepts_passkey(&self) -> bool {
        self.choices.iter().any(|it| it.method == FactorKind::Passkey && it.state == MethodState::Available)
    }

    /// Returns the number of digits of a code, if it is known.
    pub(super) fn code_digits(&self, method: FactorKind) -> Option<u8> {
        self.choices.iter().find(|it| it.method == method).and_then(|it| it.code_digits)
    }

    pub(super) fn best(&self) -> FactorKind {
        let is_good = |it: &&MethodChoice| it.state == MethodState::Available;
        let best = self.choices.iter().find(is_good).map(|it| it.method);
        best.or_else(|| self.choices.iter().map(|it| it.method).find(|it| self.has(*it)))
            .unwrap_or(FactorKind::Totp)
    }

    pub(super) fn others(&self, method: FactorKind) -> impl Iterator<Item = &MethodChoice> {
        self.offered().filter(move |it| it.method != method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfa_totp::{Parameters, Period};

    fn app(seconds: u32) -> Authenticator {
        let period = Period::try_from(seconds).unwrap();
        Authenticator {
            id: format!("app-{seconds}"),
            kind: FactorKind::Totp,
            name: String::new(),
            is_named: false,
            created_at: None,
            last_used_at: None,
            details: AuthenticatorDetails::Totp(Parameters { period, ..Parameters::default() }),
        }
    }

    #[test]
    fn a_period_is_shown_only_if_all_apps_share_it() {
        let phone =
            Authenticator { kind: FactorKind::Sms, details: AuthenticatorDetails::Sms(None), ..app(30) };
        assert_eq!(common_period(std::slice::from_ref(&phone)), None);
        assert_eq!(common_period(&[phone, app(60)]), Some(60));
        assert_eq!(common_period(&[app(30), app(30)]), Some(30));
        assert_eq!(common_period(&[app(30), app(60)]), None);
    }
}
