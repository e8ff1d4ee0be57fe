//! One call for a page: who, in which language, with which cookies and which form.

use std::cell::RefCell;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::HOST;
use actix_web::web::Data;
use actix_web::{FromRequest as _, HttpMessage as _, HttpRequest};
use data_encoding::BASE64URL_NOPAD;
use mfa_core::{Entropy, SecretText, Timestamp};
use mfa_flows::{AcceptedStages, Call, FlowError, Flows};
use mfa_infra::Mfa;
use mfa_jwt::IssuedToken;
use url::form_urlencoded;

use super::cookies::Cookie;
use super::csrf::{self, form_key, is_same_origin};
use super::error::PageError;
use super::parts::Flash;
use super::sealed_state::{self, SealedState};
use super::{SiteConfig, response};
use mfa_http::Language;
use mfa_http::RequestContext;
use mfa_http::i18n::Argument;
use mfa_http::problem::{ApiError, FieldErrorKind};
use mfa_http::request::{ApiRequest, CodeKind, RawForm, UnparsedBody};

/// More fields than any form of ours has.
const MOST_FIELDS: usize = 16;
/// The field that shows that a form is ours.
pub(super) const FORM_KEY: &str = "key";
/// Fields that a page hands itself, beside those that a flow reads.
const ASIDE: [&str; 3] = [FORM_KEY, "then", "sent"];

type Fields = Vec<(String, SecretText)>;

/// One call for a page.
#[derive(Debug)]
pub(super) struct PageRequest {
    pub(super) site: Arc<SiteConfig>,
    mfa: Arc<Mfa>,
    intake: ApiRequest,
    path: String,
    query: Fields,
    aside: Fields,
    told: Option<Flash>,
    carried: Option<SealedState>,
    is_loopback: bool,
    is_handed_over: bool,
    is_form: bool,
    state: RefCell<State>,
}

/// What the answer changes.
#[derive(Debug)]
struct State {
    browser: SecretText,
    session: Option<SecretText>,
    cookies: Vec<String>,
}

impl PageRequest {
    /// Reads a call, and says whether it may go on to its handler.
    ///
    /// # Errors
    ///
    /// [`ApiError::Bug`] alone; what is wrong with the call comes as the second part, so that it can be told on a page.
    pub(super) async fn begin(
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<(Self, Result<(), PageError>), ApiError> {
        let mfa = request.app_data::<Data<Mfa>>().ok_or(ApiError::Bug("no Mfa in the application"))?;
        let site =
            request.app_data::<Data<SiteConfig>>().ok_or(ApiError::Bug("no Site in the application"))?;
        let (mfa, site) = (Arc::clone(mfa), Arc::clone(site));
        let caller = request.extensions().get::<RequestContext>().cloned();
        let mut caller = caller.ok_or(ApiError::Bug("no caller in the request"))?;
        let headers = request.headers();
        let query = fields_of(request.query_string().as_bytes());
        let mut cookies = Vec::new();
        if let Some(language) = value(&query, "lang").and_then(Language::from_tag) {
            cookies.push(Cookie::Language.set(language.tag(), Some(YEAR), &site));
            caller.language = language;
        } else if let Some(tag) = Cookie::Language.read(headers, &site) {
            caller.language = Language::from_tag(tag.expose()).unwrap_or(caller.language);
        }
        let told = Cookie::Told.read(headers, &site);
        if told.is_some() {
            cookies.push(Cookie::Told.clear(&site));
        }
        let session = Cookie::Session.read(headers, &site);
        let browser = match Cookie::Browser.read(headers, &site) {
            Some(browser) => browser,
            None => new_browser(mfa.flows().ports().entropy.as_ref(), &site, &mut cookies)?,
        };
        let carried = Cookie::Carried.read(headers, &site).and_then(|sealed| {
            let login = form_key(&browser, session.as_ref());
            SealedState::unseal(&sealed, &mfa, &login, mfa.flows().ports().clock.now())
        });
        let posted = posted(request, payload).await;
        let (form, fault) = match posted {
            Ok(fields) => (fields, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        let (aside, form): (Fields, Fields) =
            form.into_iter().partition(|(name, _)| ASIDE.contains(&name.as_str()));
        let visit = Self {
            intake: ApiRequest::for_page(Arc::clone(&mfa), caller, session.clone(), form),
            is_loopback: is_loopback(request),
            is_form: request.method() == Method::POST,
            is_handed_over: site.handover_from().is_some_and(|origin| csrf::is_from(headers, origin)),
            path: request.path().to_owned(),
            told: told.and_then(|it| Flash::parse(it.expose())),
            carried,
            query,
            aside,
            site,
            mfa,
            state: RefCell::new(State { browser, session, cookies }),
        };
        let admitted = match fault {
            Some(fault) => Err(fault.into()),
            None => visit.admit(request),
        };
        Ok((visit, admitted))
    }

    fn admit(&self, request: &HttpRequest) -> Result<(), PageError> {
        if self.mfa.overloaded() {
            return Err(ApiError::Overloaded.into());
        }
        // The one form that comes from elsewhere has a check of its own.
        let is_handover = self.path.strip_prefix(self.site.base()) == Some("/handover");
        if request.method() != Method::POST || is_handover {
            return Ok(());
        }
        let key = self.aside(FORM_KEY).map(|it| SecretText::new(it.to_owned()));
        let is_ours = is_same_origin(request.headers(), self.site.public_origin());
        if is_ours && key == Some(self.form_key()) {
            return Ok(());
        }
        // The login of the form's page has ended meanwhile, and the browser has dropped its cookie.
        let is_over = is_ours && !self.has_session() && !self.path.ends_with("/login");
        Err(if is_over { FlowError::TokenMissing.into() } else { PageError::NotOurForm })
    }

    /// Demands that a page of the login that may hand users over sent this.
    pub(super) const fn require_handover(&self) -> Result<(), PageError> {
        if self.is_handed_over { Ok(()) } else { Err(PageError::NotOurForm) }
    }

    /// The key for a form of this page.
    pub(super) fn form_key(&self) -> SecretText {
        let state = self.state.borrow();
        form_key(&state.browser, state.session.as_ref())
    }

    /// A text in the reader's language.
    pub(super) fn translate(&self, name: &str) -> String {
        self.translate_with(name, &[])
    }

    /// A text with these arguments.
    pub(super) fn translate_with(&self, name: &str, arguments: &[(&str, Argument<'_>)]) -> String {
        self.caller().translate(name, arguments).into_owned()
    }

    /// The language of the page.
    pub(super) fn language(&self) -> Language {
        self.caller().language
    }

    /// Who calls.
    pub(super) const fn caller(&self) -> &RequestContext {
        self.intake.context()
    }

    /// The product.
    pub(super) fn flows(&self) -> &Arc<Flows> {
        self.mfa.flows()
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        self.flows().ports().clock.now()
    }

    /// The path of this page.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// A path below the first page.
    pub(super) fn to(&self, path: &str) -> String {
        format!("{}{path}", self.site.base())
    }

    /// The address's query, field by field.
    pub(super) fn fields_of_query(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// A value of the address's query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// A field that a page of ours handed itself.
    pub(super) fn aside(&self, name: &str) -> Option<&str> {
        value(&self.aside, name)
    }

    /// A field of the form as it was typed, to be shown again.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        match self.intake.body() {
            UnparsedBody::Form(fields) => value(fields, name),
            UnparsedBody::Raw(_) => None,
        }
    }

    /// What the page before wanted to be told here.
    pub(super) const fn told(&self) -> Option<Flash> {
        self.told
    }

    /// What a page before handed on to this one.
    pub(super) const fn carried(&self) -> Option<&SealedState> {
        self.carried.as_ref()
    }

    /// Hands this on to the next pages of this login, in the place of what was handed on before.
    pub(super) fn store_state(&self, carried: &SealedState) -> Result<(), ApiError> {
        let sealed = carried.seal(&self.mfa, &self.form_key(), self.now()).map_err(FlowError::from)?;
        let seconds = Some(sealed_state::LASTS.as_secs());
        self.state.borrow_mut().cookies.push(Cookie::Carried.set(&sealed, seconds, &self.site));
        Ok(())
    }

    /// Hands nothing on any more.
    pub(super) fn clear_state(&self) {
        self.state.borrow_mut().cookies.push(Cookie::Carried.clear(&self.site));
    }

    /// Whether a login stands in the cookie, good or not.
    pub(super) fn has_session(&self) -> bool {
        self.state.borrow().session.is_some()
    }

    /// Whether a form was sent.
    pub(super) const fn is_form(&self) -> bool {
        self.is_form
    }

    /// Whether the browser runs on this very machine, with nothing in between.
    pub(super) const fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// The form, for a call that needs no login.
    pub(super) const fn form(&self) -> &UnparsedBody {
        self.intake.body()
    }

    /// Reads the login.
    ///
    /// A token that this call was given replaces the one that it came with.
    pub(super) fn open(&self, accepts: AcceptedStages) -> Result<Call, ApiError> {
        let state = self.state.borrow();
        let token = state.session.as_ref().map(SecretText::expose);
        Ok(self.flows().open(token, accepts, self.caller().origin.clone())?)
    }

    /// Reads a login that was handed over.
    pub(super) fn open_this(&self, token: &str, accepts: AcceptedStages) -> Result<Call, ApiError> {
        Ok(self.flows().open(Some(token), accepts, self.caller().origin.clone())?)
    }

    /// Runs a flow to its end.
    pub(super) async fn run<T, E, F>(&self, flow: impl FnOnce(Arc<Flows>) -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Into<ApiError> + Send + 'static,
    {
        self.intake.run(flow).await
    }

    /// Runs a flow that checks the code of the form, behind the limit by address.
    pub(super) async fn code_check<C, T, F>(
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
        self.intake.code_check(accepts, parse, flow).await
    }

    /// Puts a fresh token into the cookie. Forms that are made from now on are of the new login.
    pub(super) fn sign_in(&self, issued: &IssuedToken) {
        self.adopt_token(&issued.token, issued.expires_in);
    }

    /// The same for a token that was handed over.
    pub(super) fn adopt_token(&self, token: &SecretText, seconds: u64) {
        let mut state = self.state.borrow_mut();
        state.cookies.push(Cookie::Session.set(token.expose(), Some(seconds), &self.site));
        state.session = Some(token.clone());
    }

    /// Gives this browser a new name, so that no form from before a login is good after it.
    pub(super) fn rename_browser(&self) -> Result<(), ApiError> {
        let mut state = self.state.borrow_mut();
        let entropy = Arc::clone(&self.flows().ports().entropy);
        state.browser = new_browser(entropy.as_ref(), &self.site, &mut state.cookies)?;
        drop(state);
        Ok(())
    }

    /// Takes the login out of the browser.
    pub(super) fn forget_session(&self) {
        let mut state = self.state.borrow_mut();
        state.cookies.extend([Cookie::Session, Cookie::Carried].map(|it| it.clear(&self.site)));
        state.session = None;
    }

    /// Has the next page tell this.
    pub(super) fn set_flash(&self, told: Flash) {
        self.state.borrow_mut().cookies.push(Cookie::Told.set(told.as_str(), Some(60), &self.site));
    }

    /// The answer with the cookies that this visit has set; of two by one name the later counts.
    pub(super) fn with_cookies(&self, answer: actix_web::HttpResponse) -> actix_web::HttpResponse {
        response::with_cookies(answer, &self.state.borrow().cookies)
    }
}

const YEAR: u64 = 365 * 24 * 3600;

fn new_browser(
    entropy: &dyn Entropy,
    site: &SiteConfig,
    cookies: &mut Vec<String>,
) -> Result<SecretText, ApiError> {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes).map_err(FlowError::from)?;
    let name = SecretText::new(BASE64URL_NOPAD.encode(&bytes));
    cookies.push(Cookie::Browser.set(name.expose(), None, site));
    Ok(name)
}

async fn posted(request: &HttpRequest, mut payload: Payload) -> Result<Fields, ApiError> {
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
    Ok(fields_of(form.bytes()))
}

fn fields_of(text: &[u8]) -> Fields {
    let pairs = form_urlencoded::parse(text).take(MOST_FIELDS);
    pairs.map(|(name, value)| (name.into_owned(), SecretText::new(value.into_owned()))).collect()
}

/// The value of a field that was sent once.
fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let mut values = fields.iter().filter(|(it, _)| it == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.expose()),
        _ => None,
    }
}

/// Whether peer, address and host are all of this machine, and no proxy says that it speaks for another: a page of
/// another site whose name was made to point here calls by that name.
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
