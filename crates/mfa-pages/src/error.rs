//! Errors of pages.

use mfa_flows::FlowError;
use mfa_http::problem::ApiError;

/// Reason why a page cannot be shown.
#[derive(Debug)]
pub(crate) enum PageError {
    /// An error that the API would report too.
    Api(ApiError),
    /// The form was not sent by a page of this browser and session.
    NotOurForm,
    /// The browser keeps no cookies, which forms and sessions need.
    NoCookies,
    /// A part of a login, although another tab has logged in.
    LoggedInElsewhere,
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<FlowError> for PageError {
    fn from(error: FlowError) -> Self {
        Self::Api(error.into())
    }
}

/// Returns true if the error is about the input or passes with time, and is shown on the form.
pub(crate) fn belongs_on_the_form(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Fields(_)
            | ApiError::Flow(
                FlowError::InvalidCode
                    | FlowError::InvalidCredentials
                    | FlowError::RateLimited { .. }
                    | FlowError::PhoneRefused
                    | FlowError::SmsBudgetSpent { .. }
                    | FlowError::SmsUnavailable { .. }
                    | FlowError::FactorRequired
                    | FlowError::PhishingResistantRequired
                    | FlowError::MethodNotAvailable
                    | FlowError::NotEnrolled
                    | FlowError::NoChallenge
                    | FlowError::AlreadyRegistered
                    | FlowError::TooManyAuthenticators
                    | FlowError::AuthenticatorRequired
                    | FlowError::NameTaken
                    | FlowError::InvalidLabel
            )
    )
}
