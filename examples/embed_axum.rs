//! Routes of another framework, here axum, that check a code and protect a resource. Opened in an async `main`.
//!
//! ```sh
//! cargo run -p nova-mfa-examples --example embed_axum
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use mfa_core::Origin;
use mfa_flows::{AcceptedStages, FlowError};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_totp::TotpCode;
use serde::Deserialize;
use serde_json::{Value, json};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the address is for the user who started the program")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mfa = open(Path::new("."))?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}", listener.local_addr()?);
    let service = app(Arc::clone(&mfa)).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(interrupted()).await?;
    mfa.stop(Duration::from_secs(10));
    Ok(())
}

async fn interrupted() {
    // Without a signal handler the server runs until it is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Opens the installation in this directory.
pub(crate) fn open(dir: &Path) -> Result<Arc<Mfa>, Box<dyn Error>> {
    let sources = Sources { dir: dir.to_owned(), env: BTreeMap::new() };
    Ok(Arc::new(Mfa::open(Settings::load(&sources)?)?))
}

/// Returns the routes of the backend.
pub(crate) fn app(mfa: Arc<Mfa>) -> Router {
    Router::new().route("/verify", post(verify)).route("/invoices", get(invoices)).with_state(mfa)
}

/// Status and code of a response.
struct ApiError(u16, &'static str);

/// Each error of a use case knows its status and its code.
impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        Self(error.status(), error.code())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(json!({ "code": self.1 }))).into_response()
    }
}

/// User who is logged in with two factors. Handlers with this parameter reject everyone else.
struct MfaUser(i64);

impl FromRequestParts<Arc<Mfa>> for MfaUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, mfa: &Arc<Mfa>) -> Result<Self, ApiError> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|it| it.0);
        let origin = origin(&parts.headers, address);
        let call = mfa.flows().open(bearer(&parts.headers), AcceptedStages::TwoFactors, origin)?;
        // The token is genuine. The account decides whether it was revoked.
        Ok(Self(mfa.flows().holder(&call).await?.user.value()))
    }
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// Checks the code of an authenticator app and returns an access token.
async fn verify(
    State(mfa): State<Arc<Mfa>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(body): Json<Code>,
) -> Result<Json<Value>, ApiError> {
    let flows = Arc::clone(mfa.flows());
    // Keep this order: token, rate limit by address, format of the code, then the account.
    let call = flows.open(bearer(&headers), AcceptedStages::SecondFactor, origin(&headers, Some(address)))?;
    flows.limit_code_checks(Some(call.token.user), &call.origin).await?;
    let code = TotpCode::parse(&body.code).map_err(|_| ApiError(422, "invalid_field"))?;
    // `run` completes the flow even if the client disconnects.
    let granted = mfa.run(async move { flows.verify_totp(&call, code).await }).await;
    let granted = granted.map_err(|_| ApiError(503, "store_unavailable"))??;
    // Without passkeys, no user gets an enrolment token instead.
    Ok(Json(json!({ "access_token": granted.access()?.token.token.expose() })))
}

async fn invoices(MfaUser(user): MfaUser) -> Json<Value> {
    Json(json!({ "user": user, "invoices": [] }))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn origin(headers: &HeaderMap, address: Option<SocketAddr>) -> Origin {
    let agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
    Origin::new(address.map(|it| it.ip()), agent, None)
}
