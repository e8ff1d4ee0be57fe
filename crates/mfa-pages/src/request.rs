//! Request of a page: language, cookies, form and the checks that the form is ours, read once.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::HOST;
use actix_web::web::Data;
use actix_web::{FromRequest as _, HttpMessage as _, HttpRequest};
use mfa_core::{SecretText, Timestamp};
use mfa_flows::{AcceptedStages, Call, FlowError, Flows, Profile};
use mfa_http::i18n::Argument;
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::{ApiRequest, CodeKind, RawForm, UnparsedBody};
use mfa_http::{Language, RequestContext};
use mfa_infra::Mfa;
use url::form_urlencoded;

use super::SiteConfig;
use super::cookies::{Cookie, YEAR};
use super::csrf::{self, form_key, is_same_origin, new_browser_id};
use super::error::PageError;
use super::flash::Flash;
use super::sealed_state::SealedState;

/// The most form fields that are read; no form of ours has as many.
const MAX_FIELDS: usize = 16;
/// The hidden field with the CSRF key.
pub(crate) const FORM_KEY: &str = "key";
/// Hidden fields that the pages read themselves. The others are for the flows.
const CONTROL_FIELDS: [&str; 3] = [FORM_KEY, "then", "sent"];

type Fields = Vec<(String, SecretText)>;

/// The request of a page. It is read once and does not change; what the answer changes is in
/// [`PageResponse`](super::response::PageResponse).
#[derive(Debug)]
pub(crate) struct PageRequest {
    pub(crate) site: Arc<SiteConfig>,
    mfa: Arc<Mfa>,
    api: ApiRequest,
    path: String,
    query: Fields,
    control: Fields,
    flash: Option<Flash>,
    sealed_state: Option<SealedState>,
    browser_id: SecretText,
    session: Option<SecretText>,
    cookies: Vec<String>,
    is_loopback: bool,
    is_from_login_page: bool,
    is_form: bool,
}

impl PageRequest {
    /// Reads a request. The second part of the result is the reason why it must not reach its handler, if there is one.
    ///
    /// # Errors
    ///
    /// [`ApiError`] if not even an error page can be made: a defect, or no randomness for the id of a new browser.
    pub(crate) async fn read(
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<(Self, Result<(), PageError>), ApiError> {
        let mfa = request.app_data::<Data<Mfa>>().ok_or(ApiError::Bug("no Mfa in the application"))?;
        let site = request
            .app_data::<Data<SiteConfig>>()
            .ok_or(ApiError::Bug("no SiteConfig in the application"))?;
        let (mfa, site) = (Arc::clone(mfa), Arc::clone(site));
        let context = request.extensions().get::<RequestContext>().cloned();
        let mut context = context.ok_or(ApiError::Bug("no context in the request"))?;
        let headers = request.headers();
        let query = parse_fields(request.query_string().as_bytes());
        let mut cookies = Vec::new();
        if let Some(language) = value(&query, "lang").and_then(Language::from_tag) {
            cookies.push(Cookie::Language.set(language.tag(), Some(YEAR), &site));
            context.language = language;
        } else if let Some(tag) = Cookie::Language.read(headers, &site) {
            context.language = Language::from_tag(tag.expose()).unwrap_or(context.language);
        }
        let flash = Cookie::Flash.read(headers, &site);
        if flash.is_some() {
            cookies.push(Cookie::Flash.clear(&site));
        }
        let session = Cookie::Session.read(headers, &site);
        let browser_id = if let Some(browser_id) = Cookie::Browser.read(headers, &site) {
            browser_id
        } else {
            let browser_id = new_browser_id(mfa.flows().entropy().as_ref()).map_err(FlowError::from)?;
            cookies.push(Cookie::Browser.set(browser_id.expose(), None, &site));
            browser_id
        };
        let sealed_state = Cookie::SealedState.read(headers, &site).and_then(|sealed| {
            let key = form_key(&browser_id, session.as_ref());
            SealedState::unseal(&sealed, &mfa, &key, mfa.flows().now())
        });
        let (form, error) = match read_form(request, payload).await {
            Ok(fields) => (fields, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let (control, form): (Fields, Fields) =
            form.into_iter().partition(|(name, _)| CONTROL_FIELDS.contains(&name.as_str()));
        let page = Self {
            api: ApiRequest::for_page(Arc::clone(&mfa), context, session.clone(), form),
            is_loopback: is_loopback(request),
            is_form: request.method() == Method::POST,
            is_from_login_page: site.handover_from().is_some_and(|origin| csrf::is_from(headers, origin)),
            path: request.path().to_owned(),
            flash: flash.and_then(|it| Flash::parse(it.expose())),
            sealed_state,
            query,
            control,
            site,
            mfa,
            browser_id,
            session,
            cookies,
        };
        let admitted = match error {
            Some(error) => Err(error.into()),
            None => page.admit(request),
        };
        Ok((page, admitted))
    }

    fn admit(&self, request: &HttpRequest) -> Result<(), PageError> {
        if self.mfa.database().is_overloaded() {
            return Err(ApiError::Overloaded.into());
        }
        // The one form that another site sends has its own check: `require_handover`.
        let is_handover = self.path.strip_prefix(self.site.base()) == Some("/handover");
        if request.method() != Method::POST || is_handover {
            return Ok(());
        }
        let key = self.control_value(FORM_KEY).map(|it| SecretText::new(it.to_owned()));
        let is_ours = is_same_origin(request.headers(), self.site.public_origin());
        if is_ours && key == Some(self.form_key()) {
            return Ok(());
        }
        // The session of the form's page has ended meanwhile, and the browser has dropped its cookie.
        let is_over = is_ours && !self.has_session() && !self.path.ends_with("/login");
        Err(if is_over { FlowError::TokenMissing.into() } else { PageError::NotOurForm })
    }

    /// Checks that the form comes from the login page at `MFA_LOGIN_URL`.
    pub(crate) const fn require_handover(&self) -> Result<(), PageError> {
        if self.is_from_login_page { Ok(()) } else { Err(PageError::NotOurForm) }
    }

    /// Returns the CSRF key for the forms of this page.
    pub(crate) fn form_key(&self) -> SecretText {
        form_key(&self.browser_id, self.session.as_ref())
    }

    /// Returns the random id of the browser.
    pub(crate) const fn browser_id(&self) -> &SecretText {
        &self.browser_id
    }

    /// Returns the token in the session cookie, valid or not.
    pub(crate) const fn session(&self) -> Option<&SecretText> {
        self.session.as_ref()
    }

    /// Returns the `Set-Cookie` values that reading the request requires: a chosen language, a new browser id, the
    /// end of a flash message.
    pub(crate) fn cookies(&self) -> &[String] {
        &self.cookies
    }

    /// Returns a text in the reader's language.
    pub(crate) fn translate(&self, name: &str) -> String {
        self.translate_with(name, &[])
    }

    /// Returns a text with these arguments.
    pub(crate) fn translate_with(&self, name: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.context().translate(name, arguments).into_owned()
    }

    /// Returns the language of the page.
    pub(crate) const fn language(&self) -> Language {
        self.context().language
    }

    /// Returns what the middleware found out about the request.
    pub(crate) const fn context(&self) -> &RequestContext {
        self.api.context()
    }

    /// Returns the use cases.
    pub(crate) fn flows(&self) -> &Arc<Flows> {
        self.mfa.flows()
    }

    /// Returns the service.
    pub(crate) fn mfa(&self) -> &Mfa {
        &self.mfa
    }

    /// Returns the current time.
    pub(crate) fn now(&self) -> Timestamp {
        self.flows().now()
    }

    /// Returns the path of this page.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the path of this page below the first page.
    pub(crate) fn path_below_base(&self) -> &str {
        self.path.strip_prefix(self.site.base()).unwrap_or_default()
    }

    /// Returns the URL of a path below the first page.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site.base())
    }

    /// Returns the parameters of the query string.
    pub(crate) fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// Returns a parameter of the query string that occurs once.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// Returns a hidden field that the pages read themselves.
    pub(crate) fn control_value(&self, name: &str) -> Option<&str> {
        value(&self.control, name)
    }

    /// Returns a form field as it was typed, to show it again.
    pub(crate) fn form_value(&self, name: &str) -> Option<&str> {
        match self.api.body() {
            UnparsedBody::Form(fields) => value(fields, name),
            UnparsedBody::Raw(_) => None,
        }
    }

    /// Returns the message that the previous page left.
    pub(crate) const fn flash(&self) -> Option<Flash> {
        self.flash
    }

    /// Returns the state that a previous page sealed for this browser and session.
    pub(crate) const fn sealed_state(&self) -> Option<&SealedState> {
        self.sealed_state.as_ref()
    }

    /// Returns true if there is a session cookie, valid or not.
    pub(crate) const fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// Returns true if a form was posted.
    pub(crate) const fn is_form(&self) -> bool {
        self.is_form
    }

    /// Returns true if the browser runs on this machine and no proxy is in between.
    pub(crate) const fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Returns the form, for a flow that needs no session.
    pub(crate) const fn form(&self) -> &UnparsedBody {
        self.api.body()
    }

    /// Verifies the token of the session.
    pub(crate) fn open(&self, accepts: AcceptedStages) -> Result<Call, ApiError> {
        self.open_token(self.session.as_ref().map(SecretText::expose), accepts)
    }

    /// Verifies a token that the login page handed over.
    pub(crate) fn open_token(&self, token: Option<&str>, accepts: AcceptedStages) -> Result<Call, ApiError> {
        Ok(self.flows().open(token, accepts, self.context().origin.clone())?)
    }

    /// Verifies the token of the session and returns the user's profile.
    pub(crate) async fn profile(&self, accepts: AcceptedStages) -> Result<Profile, ApiError> {
        let call = self.open(accepts)?;
        self.run(|flows| async move { flows.profile(&call).await }).await
    }

    /// Runs a flow to completion, even if the browser disconnects.
    pub(crate) async fn run<T, E, F>(&self, flow: impl FnOnce(Arc<Flows>) -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        self.api.run(flow).await
    }

    /// Parses the form and runs a flow with it, after the rate limit by address.
    pub(crate) async fn rate_limited<B, T, F>(
        &self,
        accepts: AcceptedStages,
        parse: impl FnOnce(&UnparsedBody) -> Result<B, ApiError> + Send + 'static,
        flow: impl FnOnce(Arc<Flows>, Call, B) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        B: Send + 'static,
        F: Future<Output = Result<T, FlowError>> + Send + 'static,
        T: Send + 'static,
    {
        self.api.rate_limited(accepts, parse, flow).await
    }

    /// Runs a flow that verifies the code of the form, after the rate limit by address.
    pub(crate) async fn code_check<C, T, F>(
        &self,
        accepts: AcceptedStages,
        parse: impl FnOnce(&str) -> Result<C, FieldErrorKind> + Send + 'static,
        flow: impl FnOnce(Arc<Flows>, Call, C) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        C: CodeKind + Send + 'static,
        F: Future<Output = Result<T, FlowError>> + Send + 'static,
        T: Send + 'static,
    {
        self.api.code_check(accepts, parse, flow).await
    }
}

async fn read_form(request: &HttpRequest, mut payload: Payload) -> Result<Fields, ApiError> {
    if request.method() != Method::POST {
        return Ok(Vec::new());
    }
    let form = RawForm::from_request(request, &mut payload).await;
    let form = form.map_err(|error| match error.as_error::<ApiError>() {
        Some(ApiError::TooLarge) => ApiError::TooLarge,
        Some(ApiError::BodyTooSlow) => ApiError::BodyTooSlow,
        Some(ApiError::UnsupportedMediaType) => ApiError::UnsupportedMediaType,
        _ => ApiError::Malformed,
    })?;
    Ok(parse_fields(form.bytes()))
}

fn parse_fields(text: &[u8]) -> Fields {
    let pairs = form_urlencoded::parse(text).take(MAX_FIELDS);
    pairs.map(|(name, value)| (name.into_owned(), SecretText::new(value.into_owned()))).collect()
}

/// Returns the value of a field that occurs once.
fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let mut values = fields.iter().filter(|(it, _)| it == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.expose()),
        _ => None,
    }
}

/// Returns true if peer and host are this machine and no proxy header is present. The host is checked because a name of
/// another site may resolve to this machine (DNS rebinding).
fn is_loopback(request: &HttpRequest) -> bool {
    let is_loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    let headers = request.headers();
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    let host = csrf::only(headers, HOST.as_str()).map(|it| match it.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => it,
    });
    request.peer_addr().is_some_and(|peer| is_loopback(peer.ip()))
        && matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
        && !forwarded.iter().any(|name| headers.contains_key(*name))
}
