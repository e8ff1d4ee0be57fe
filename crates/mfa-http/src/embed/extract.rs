//! Extractors: who calls a route of the application, and how far that login has come.

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

/// A caller who has shown a second factor, whose account goes on and whose token nobody has ended.
///
/// With a number, the second factor was shown no more than that many seconds ago: `MfaOk<300>` is for routes that move
/// money or change who may come in. Whoever has shown it earlier gets 401 `step_up_required` with a challenge by RFC
/// 9470, and comes back with the fresh token of a `verify/*` call.
///
/// The account's row is asked at each call, so that a logout counts at once.
#[derive(Clone, Debug)]
pub struct MfaOk<const SECONDS: u64 = { u64::MAX }> {
    /// The user, as the row has it now.
    pub holder: TokenHolder,
    /// By which factor, where the token tells.
    pub factor: Option<FactorKind>,
    /// When it was shown.
    pub auth_time: Option<Timestamp>,
}

/// A caller who has passed the first factor and owes the second one.
#[derive(Clone, Debug)]
pub struct MfaPending {
    /// The user, as the row has it now.
    pub holder: TokenHolder,
    /// When the pending token ends.
    pub expires_at: Timestamp,
}

impl<const SECONDS: u64> MfaOk<SECONDS> {
    /// Who it is.
    pub const fn user(&self) -> UserId {
        self.holder.user
    }
}

impl MfaPending {
    /// Who it is.
    pub const fn user(&self) -> UserId {
        self.holder.user
    }
}

impl<const SECONDS: u64> FromRequest for MfaOk<SECONDS> {
    type Error = ExtractorError;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        admitted(request, AcceptedStages::TwoFactors, |flows, call| async move {
            let holder = flows.holder(&call).await?;
            if SECONDS < u64::MAX {
                flows.demand_recent(&call, Duration::from_secs(SECONDS))?;
            }
            let factor = match call.token.stage {
                Stage::TwoFactors(factor) => factor,
                Stage::Pending | Stage::OneFactor => return Err(FlowError::WrongStage),
            };
            Ok(Self { holder, factor, auth_time: call.token.auth_time })
        })
    }
}

impl FromRequest for MfaPending {
    type Error = ExtractorError;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        admitted(request, AcceptedStages::Pending, |flows, call| async move {
            let holder = flows.holder(&call).await?;
            Ok(Self { holder, expires_at: call.token.expires_at })
        })
    }
}

/// Reads the token of a call and asks the row about it, as a flow that ends also when the client hangs up.
fn admitted<T, F>(
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
    let caller = middleware.caller(request.headers(), request.peer_addr());
    let call = mfa.flows().open(bearer(request.headers()), accepts, caller.origin.clone());
    Box::pin(async move {
        let outcome = match call {
            Ok(call) => {
                let flow = flow(Arc::clone(mfa.flows()), call);
                mfa.run(flow).await.map_err(|_| ApiError::Stopping).and_then(|it| it.map_err(ApiError::from))
            }
            Err(refusal) => Err(ApiError::from(refusal)),
        };
        outcome.map_err(|fault| ExtractorError::at(&middleware, caller, fault))
    })
}

/// A call that did not get into a route. Its answer is a problem document, as those of the product's own routes.
pub struct ExtractorError {
    fault: ApiError,
    told: Option<Box<(Arc<MiddlewareConfig>, RequestContext)>>,
}

impl ExtractorError {
    fn at(middleware: &Arc<MiddlewareConfig>, caller: RequestContext, fault: ApiError) -> Self {
        middleware.log(&fault, &caller);
        Self { fault, told: Some(Box::new((Arc::clone(middleware), caller))) }
    }

    fn unmounted() -> Self {
        Self { fault: ApiError::Bug("an extractor in an application without Embedded::mount"), told: None }
    }
}

impl ResponseError for ExtractorError {
    fn status_code(&self) -> StatusCode {
        self.fault.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        match &self.told {
            Some(told) => told.0.problem(&self.fault, &told.1),
            None => HttpResponse::InternalServerError().finish(),
        }
    }
}

impl fmt::Display for ExtractorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl fmt::Debug for ExtractorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rejected").field(&self.fault).finish()
    }
}
