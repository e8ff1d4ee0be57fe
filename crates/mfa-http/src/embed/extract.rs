//! Extractors for the application's routes: the user of a token and its stage.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};
use futures::future::LocalBoxFuture;
use mfa_core::{FactorKind, Stage, Timestamp, UserId};
use mfa_flows::{AcceptedStages, Call, FlowError, Flows, TokenHolder};

use super::Embedded;
use crate::middleware::MiddlewareConfig;
use crate::problem::ApiError;
use crate::request::bearer;
use crate::request_context::RequestContext;

/// User who has verified a second factor, with an active account and a token that is not revoked.
///
/// With a number, the second factor was verified at most that many seconds ago: use `MfaOk<300>` for payments or changes of
/// permissions. An older verification gives 401 `step_up_required` with a challenge (RFC 9470); the client then verifies
/// again and sends the new token.
///
/// Each request reads the account, so that a logout is effective at once.
#[derive(Clone, Debug)]
pub struct MfaOk<const SECONDS: u64 = { u64::MAX }> {
    /// Current data of the user.
    pub holder: TokenHolder,
    /// Factor that was verified, if the token has it.
    pub factor: Option<FactorKind>,
    /// Time of the verification.
    pub auth_time: Option<Timestamp>,
}

/// User who has verified the first factor and must verify the second one.
#[derive(Clone, Debug)]
pub struct MfaPending {
    /// Current data of the user.
    pub holder: TokenHolder,
    /// Expiry of the pending token.
    pub expires_at: Timestamp,
}

impl<const SECONDS: u64> MfaOk<SECONDS> {
    /// Returns the id of the user.
    pub const fn user(&self) -> UserId {
        self.holder.user
    }
}

impl MfaPending {
    /// Returns the id of the user.
    pub const fn user(&self) -> UserId {
        self.holder.user
    }
}

impl<const SECONDS: u64> FromRequest for MfaOk<SECONDS> {
    type Error = ExtractorError;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, AcceptedStages::TwoFactors, |flows, call| async move {
            let holder = flows.holder(&call).await?;
            if SECONDS < u64::MAX {
                flows.demand_recent(&call, Duration::from_secs(SECONDS))?;
            }
            let factor = match call.token.stage {
                Stage::TwoFactors(factor) => factor,
                Stage::Pending | Stage::Enrolment | Stage::OneFactor => return Err(FlowError::WrongStage),
            };
            Ok(Self { holder, factor, auth_time: call.token.auth_time })
        })
    }
}

impl FromRequest for MfaPending {
    type Error = ExtractorError;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, AcceptedStages::Pending, |flows, call| async move {
            let holder = flows.holder(&call).await?;
            Ok(Self { holder, expires_at: call.token.expires_at })
        })
    }
}

/// Verifies the token of a request against the account. The flow runs to its end even if the client disconnects.
fn extract<T, F>(
    request: &HttpRequest,
    accepts: AcceptedStages,
    flow: impl FnOnce(Arc<Flows>, Call) -> F + 'static,
) -> LocalBoxFuture<'static, Result<T, ExtractorError>>
where
    F: Future<Output = Result<T, FlowError>> + Send + 'static,
    T: Send + 'static,
{
    let Some(embedded) = request.app_data::<Data<Embedded>>() else {
        return Box::pin(async { Err(ExtractorError::unmounted()) });
    };
    let Embedded { mfa, middleware, .. } = embedded.get_ref().clone();
    let context = middleware.request_context(request.headers(), request.peer_addr());
    let call = mfa.flows().open(bearer(request.headers()), accepts, context.origin.clone());
    Box::pin(async move {
        let outcome = match call {
            Ok(call) => {
                let flow = flow(Arc::clone(mfa.flows()), call);
                mfa.run(flow).await.map_err(|_| ApiError::Stopping).and_then(|it| it.map_err(ApiError::from))
            }
            Err(error) => Err(ApiError::from(error)),
        };
        outcome.map_err(|error| ExtractorError::new(&middleware, context, error))
    })
}

/// Error of an extractor. Its response is a problem document.
pub struct ExtractorError {
    error: ApiError,
    context: Option<Box<(Arc<MiddlewareConfig>, RequestContext)>>,
}

impl ExtractorError {
    fn new(middleware: &Arc<MiddlewareConfig>, context: RequestContext, error: ApiError) -> Self {
        middleware.log(&error, &context);
        Self { error, context: Some(Box::new((Arc::clone(middleware), context))) }
    }

    fn unmounted() -> Self {
        let error = ApiError::Bug("the application uses an extractor without Embedded::mount");
        Self { error, context: None }
    }
}

impl ResponseError for ExtractorError {
    fn status_code(&self) -> StatusCode {
        self.error.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        match &self.context {
            Some(context) => context.0.problem(&self.error, &context.1),
            None => HttpResponse::InternalServerError().finish(),
        }
    }
}

impl fmt::Display for ExtractorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for ExtractorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExtractorError").field(&self.error).finish()
    }
}
