//! What every call passes before a flow sees it, in the order that the contract fixes.
//!
//! size (413) → content type and method → token (401, 403) → IP limit (429) → body (400, 422) → the flow. Size and
//! content type are checked as the [`ApiRequest`] is made, the method by the routes; the rest is in the order in which a
//! handler can call: [`ApiRequest::open`] hands out the body, [`ApiRequest::code_check`] has the limit between.

mod body;
mod headers;
mod json;
mod query;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use mfa_core::{RateRule, SecretText};
use mfa_flows::{AcceptedStages, Call, FlowError, Flows};
use mfa_infra::Mfa;
use mfa_recovery::RecoveryCodeInput;
use mfa_sms::SmsCode;
use mfa_totp::TotpCode;

pub use headers::bearer;
pub use json::JsonObject;

use crate::problem::{ApiError, FieldErrorKind, LengthUnit};
use crate::request_context::RequestContext;

/// How large a body may be.
const MOST_BYTES: usize = 16 * 1024;

/// A call whose size and content type are right.
#[derive(Debug)]
pub struct ApiRequest {
    mfa: Arc<Mfa>,
    caller: RequestContext,
    bearer: Option<SecretText>,
    query: SecretText,
    body: UnparsedBody,
}

/// A body that nobody has looked at yet.
#[derive(Clone, Debug)]
pub enum UnparsedBody {
    /// As a client of the API sends it: JSON, where the call says nothing else.
    Raw(Bytes),
    /// The fields of a form, of which the page has taken its own.
    Form(Vec<(String, SecretText)>),
}

/// A form as it was posted, of which nothing but the size and the media type is right.
#[derive(Debug)]
pub struct RawForm(Bytes);

impl RawForm {
    /// The bytes of the body.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A call whose body may be a form as well as JSON, for what a standard demands a form of.
#[derive(Debug)]
pub struct ApiOrFormRequest {
    intake: ApiRequest,
    is_form: bool,
}

impl ApiOrFormRequest {
    /// The call itself.
    pub const fn intake(&self) -> &ApiRequest {
        &self.intake
    }

    /// The fields of the body. Of a form only those of these names: whoever posts one may add others (RFC 6749 §3.2).
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`], also for a field of a form that stands there twice.
    pub fn object(&self, names: &[&str]) -> Result<JsonObject, ApiError> {
        match &self.intake.body {
            UnparsedBody::Raw(bytes) if self.is_form => JsonObject::from_form(bytes, names),
            body => body.object(),
        }
    }
}

/// A call of which nothing but the size is right, for handlers that read nothing of it.
#[derive(Debug)]
pub struct BodyLimit;

impl ApiRequest {
    /// A call by a form of ours: its token comes from a cookie.
    pub fn for_page(
        mfa: Arc<Mfa>,
        caller: RequestContext,
        token: Option<SecretText>,
        form: Vec<(String, SecretText)>,
    ) -> Self {
        // What stands in a page's address, the page itself reads: nothing there is for a flow.
        Self {
            mfa,
            caller,
            bearer: token,
            query: SecretText::new(String::new()),
            body: UnparsedBody::Form(form),
        }
    }

    /// The caller.
    pub const fn caller(&self) -> &RequestContext {
        &self.caller
    }

    /// The body, for a call that needs no token.
    pub const fn body(&self) -> &UnparsedBody {
        &self.body
    }

    /// The fields of the query string. Only for who has shown the right token.
    ///
    /// # Errors
    ///
    /// [`ApiError::Fields`] for a name that is given twice.
    pub fn query(&self) -> Result<JsonObject, ApiError> {
        query::fields(self.query.expose())
    }

    /// Reads the token; the body is handed out only to who has the right one.
    ///
    /// # Errors
    ///
    /// 401 and 403 for the token.
    pub fn open(&self, accepts: AcceptedStages) -> Result<(Call, &UnparsedBody), ApiError> {
        let bearer = self.bearer.as_ref().map(SecretText::expose);
        let call = self.mfa.flows().open(bearer, accepts, self.caller.origin.clone())?;
        Ok((call, &self.body))
    }

    /// What was presented in `Authorization: Bearer`.
    pub const fn bearer(&self) -> Option<&SecretText> {
        self.bearer.as_ref()
    }

    /// Runs a flow to its end, whether or not the client waits for it.
    ///
    /// # Errors
    ///
    /// What the flow refuses; 503 while the server is being stopped.
    pub async fn run<T, E, F>(&self, flow: impl FnOnce(Arc<Flows>) -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        let flow = AssertUnwindSafe(flow(Arc::clone(self.mfa.flows()))).catch_unwind();
        let outcome = self.mfa.run(flow).await.map_err(|_| ApiError::Stopping)?;
        outcome.map_err(|_| ApiError::Bug("a flow panicked"))?.map_err(Into::into)
    }

    /// Runs a flow that checks a code. Each such call takes one try of its address, before anything is read from its
    /// body.
    ///
    /// # Errors
    ///
    /// 401 and 403 for the token, 429 for the address, 400 and 422 for the body; then what the flow refuses.
    pub async fn code_check<C, T, F>(
        &self,
        accepts: AcceptedStages,
        parse: impl FnOnce(&str) -> Result<C, FieldErrorKind> + Send + 'static,
        flow: impl FnOnce(Arc<Flows>, Call, C) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        C: Send + 'static,
        F: Future<Output = Result<T, FlowError>> + Send + 'static,
        T: Send + 'static,
    {
        let (call, body) = self.open(accepts)?;
        let (body, allowance) = (body.clone(), self.caller.allowance.clone());
        self.run(|flows| async move {
            let left = flows.limit_code_checks(Some(call.token.user), &call.origin).await?;
            allowance.taken(RateRule::CodeCheckPerIp, left);
            let mut object = body.object()?;
            let code = object.required("code", parse);
            let code = object.finish(code)?;
            flow(flows, call, code).await.map_err(ApiError::from)
        })
        .await
    }
}

impl UnparsedBody {
    /// The object of a body that must be there.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`].
    pub fn object(&self) -> Result<JsonObject, ApiError> {
        match self {
            Self::Raw(bytes) => JsonObject::parse(bytes),
            Self::Form(fields) => JsonObject::for_page(fields),
        }
    }

    /// The object of a body that may be left out.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`].
    pub fn optional_object(&self) -> Result<JsonObject, ApiError> {
        if self.is_blank() { Ok(JsonObject::empty()) } else { self.object() }
    }

    /// Demands that there is nothing in it.
    ///
    /// # Errors
    ///
    /// [`ApiError::Malformed`]; [`ApiError::Fields`] for any field.
    pub fn nothing(&self) -> Result<(), ApiError> {
        self.optional_object()?.finish(Some(()))
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Raw(bytes) => bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')),
            Self::Form(fields) => fields.is_empty(),
        }
    }
}

/// A code of an app is six ASCII digits and nothing else; how it is spelled is never mended.
pub fn totp_code(text: &str) -> Result<TotpCode, FieldErrorKind> {
    TotpCode::parse(text).map_err(|_| FieldErrorKind::NotSixDigits)
}

/// A whole number of this range, in digits.
pub fn whole_number(least: i64, most: i64) -> impl FnOnce(&str) -> Result<i64, FieldErrorKind> {
    move |text| {
        let digits = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let number = text.parse().ok().filter(|it| digits && (least..=most).contains(it));
        number.ok_or(FieldErrorKind::OutOfRange { least, most })
    }
}

/// A code by SMS is six ASCII digits as well.
pub fn sms_code(text: &str) -> Result<SmsCode, FieldErrorKind> {
    SmsCode::parse(text).map_err(|_| FieldErrorKind::NotSixDigits)
}

/// What may be a recovery code: any text of 1 to 64 characters.
pub fn recovery_code(text: &str) -> Result<RecoveryCodeInput, FieldErrorKind> {
    RecoveryCodeInput::parse(text)
        .map_err(|_| FieldErrorKind::Length { most: 64, unit: LengthUnit::Characters })
}

/// A code of an app, or one that has the form of a recovery code.
pub fn either_code(text: &str) -> Result<DisableCode, FieldErrorKind> {
    if let Ok(code) = TotpCode::parse(text) {
        return Ok(DisableCode::Totp(code));
    }
    match RecoveryCodeInput::parse(text) {
        Ok(typed) if typed.is_code() => Ok(DisableCode::Recovery(typed)),
        Ok(_) | Err(_) => Err(FieldErrorKind::NotACode),
    }
}

/// A code by which TOTP may be switched off.
#[derive(Debug)]
pub enum DisableCode {
    /// Of the app.
    Totp(TotpCode),
    /// Of the recovery codes.
    Recovery(RecoveryCodeInput),
}

async fn sized_body(headers: &HeaderMap, payload: Payload) -> Result<Bytes, ApiError> {
    headers::announced_size(headers)?;
    if headers::has_body(headers) { body::read(payload).await } else { Ok(Bytes::new()) }
}

impl ApiRequest {
    fn new(request: &HttpRequest, body: UnparsedBody) -> Result<Self, ApiError> {
        let mfa = request.app_data::<Data<Mfa>>().ok_or(ApiError::Bug("no Mfa in the application"))?;
        let caller = request.extensions().get::<RequestContext>().cloned();
        Ok(Self {
            mfa: Arc::clone(mfa),
            caller: caller.ok_or(ApiError::Bug("no caller in the request"))?,
            query: SecretText::new(request.query_string().to_owned()),
            bearer: bearer(request.headers()).map(|token| SecretText::new(token.to_owned())),
            body,
        })
    }
}

impl FromRequest for ApiRequest {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = UnparsedBody::Raw(sized_body(request.headers(), payload).await?);
            if !body.is_blank() {
                headers::media_type(request.headers())?;
            }
            Ok(Self::new(&request, body)?)
        })
    }
}

impl FromRequest for ApiOrFormRequest {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = UnparsedBody::Raw(sized_body(request.headers(), payload).await?);
            let is_form = headers::form(request.headers()).is_ok();
            if !is_form && !body.is_blank() {
                headers::media_type(request.headers())?;
            }
            Ok(Self { intake: ApiRequest::new(&request, body)?, is_form })
        })
    }
}

impl FromRequest for RawForm {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = sized_body(request.headers(), payload).await?;
            headers::form(request.headers())?;
            Ok(Self(body))
        })
    }
}

impl FromRequest for BodyLimit {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            sized_body(request.headers(), payload).await?;
            Ok(Self)
        })
    }
}
