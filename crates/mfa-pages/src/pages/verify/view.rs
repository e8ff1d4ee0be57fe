//! Data of the page that verifies the second factor.

use mfa_core::{FactorKind, Stage};
use mfa_flows::{Call, FlowError, MethodChoice, MethodState, Profile};
use mfa_http::problem::ApiError;

use crate::request::PageRequest;
use crate::return_to::ReturnTo;

/// The data of the page.
pub(super) struct VerifyView {
    pub(super) profile: Profile,
    pub(super) choices: Vec<MethodChoice>,
    pub(super) is_step_up: bool,
    pub(super) then: ReturnTo,
}

/// Loads the data of the page.
pub(super) async fn view(request: &PageRequest, call: Call) -> Result<VerifyView, ApiError> {
    let is_step_up = call.token.stage != Stage::Pending;
    let asked = request.query("then").or_else(|| request.control_value("then")).map(str::to_owned);
    let (profile, choices) = request
        .run(|flows| async move {
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>((profile, flows.methods(&call).await?))
        })
        .await?;
    Ok(VerifyView { profile, choices, is_step_up, then: ReturnTo::parse(asked.as_deref()) })
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
