use std::collections::BTreeMap;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{App, HttpRequest, HttpResponse, rt, web};
use mfa_core::testing::ManualClock;
use mfa_core::{Origin, SecretText, Timestamp, UserId};
use mfa_flows::{AdminCall, NewUserRequest, TokenKind};
use mfa_infra::settings::{Settings, Sources};
use serde_json::{Value, json};

use super::*;

/// A product of one test's own, with one user.
struct World {
    mfa: Arc<Mfa>,
    clock: Arc<ManualClock>,
    ada: UserId,
    _folder: tempfile::TempDir,
}

impl World {
    fn new(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let usual = [("DATABASE_URL", "sqlite://data/mfa.db"), ("INTROSPECTION_KEY", "sixteen-characters")];
        let env: BTreeMap<_, _> = usual
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let settings = Settings::load(&Sources { dir: folder.path().to_owned(), env }).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let mfa = Arc::new(Mfa::open_with(settings, clock.clone()).unwrap());
        let request = NewUserRequest {
            email: "ada@example.com".to_owned(),
            username: "ada".to_owned(),
            full_name: None,
            password: SecretText::new("correct horse battery".to_owned()),
            is_superuser: false,
            mfa_enforced: false,
        };
        let ada = mfa.block_on(mfa.flows().create_user(&by(), request)).unwrap().unwrap();
        Self { mfa, clock, ada, _folder: folder }
    }

    fn token(&self, kind: TokenKind) -> String {
        let minted = self.mfa.block_on(self.mfa.flows().mint_token(&by(), self.ada, kind));
        minted.unwrap().unwrap().token.token.expose().to_owned()
    }

    fn stop(self) {
        self.mfa.stop(std::time::Duration::from_secs(5));
    }
}

fn by() -> AdminCall {
    AdminCall { actor: "test".to_owned(), reason: None, origin: Origin::default() }
}

async fn home() -> &'static str {
    "home"
}

async fn pay(caller: MfaOk) -> String {
    format!("{} paid", caller.holder.username)
}

async fn transfer(caller: MfaOk<300>) -> String {
    format!("{} transferred", caller.user())
}

async fn wait(caller: MfaPending) -> String {
    format!("{} waits", caller.holder.email)
}

async fn nothing_here(request: HttpRequest) -> HttpResponse {
    HttpResponse::NotFound().body(format!("the host has no {}", request.path()))
}

struct TestResponse {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl TestResponse {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    #[track_caller]
    fn says(&self, status: u16, code: &str) {
        assert_eq!((self.status, &self.json()["code"]), (status, &json!(code)), "{}", self.body);
        assert_eq!(self.headers.get("content-type").unwrap(), "application/problem+json");
        assert_eq!(self.headers.get("cache-control").unwrap(), "no-store");
        assert!(self.headers.contains_key("x-request-id"));
    }
}

/// A call to an application of somebody else's, with routes before and after ours.
fn get(world: &World, path: &str, token: Option<&str>) -> TestResponse {
    let embedded = Embedded::new(Arc::clone(&world.mfa)).unwrap();
    let app = App::new()
        .route("/", web::get().to(home))
        .configure(|config| embedded.mount(config))
        .route("/pay", web::get().to(pay))
        .route("/transfer", web::get().to(transfer))
        .route("/wait", web::get().to(wait))
        .route("/health", web::get().to(home))
        .route("/api/mfa-statistics", web::get().to(home))
        .default_service(web::to(nothing_here));
    called(app, path, token)
}

/// Makes an application, and calls it once.
fn called<T>(app: App<T>, path: &str, token: Option<&str>) -> TestResponse
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
{
    rt::System::new().block_on(async {
        let app = init_service(app).await;
        let mut request = TestRequest::get().uri(path).peer_addr("192.0.2.7:5".parse().unwrap());
        if let Some(token) = token {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        let response = match try_call_service(&app, request.to_request()).await {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.into_body().try_into_bytes().unwrap_or_default();
        TestResponse { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    })
}

#[test]
fn the_routes_of_the_host_are_met_as_if_ours_were_not_there() {
    let world = World::new(&[]);
    for path in ["/", "/health", "/api/mfa-statistics"] {
        let told = get(&world, path, None);
        assert_eq!((told.status, told.body.as_str()), (200, "home"), "{path}");
        assert!(!told.headers.contains_key("content-security-policy"), "{path}");
    }
    for path in ["/none", "/health/ready", "/metrics", "/docs", "/api/mfaa/status", "/hooks"] {
        let told = get(&world, path, None);
        assert_eq!((told.status, told.body), (404, format!("the host has no {path}")));
    }
    world.stop();
}

#[test]
fn our_routes_stand_in_the_host_with_their_problems_and_their_headers() {
    let world = World::new(&[]);
    let access = world.token(TokenKind::OneFactor);
    let status = get(&world, "/api/mfa/status", Some(&access));
    assert_eq!((status.status, &status.json()["user_id"]), (200, &json!(world.ada.value())));
    assert_eq!(status.headers.get("x-content-type-options").unwrap(), "nosniff");
    assert_eq!(get(&world, "/.well-known/jwks.json", None).status, 200);
    get(&world, "/api/mfa/status", None).says(401, "token_missing");
    get(&world, "/api/mfa/none", None).says(404, "not_found");
    get(&world, "/api/mfa/verify/totp", None).says(405, "method_not_allowed");
    get(&world, "/api/auth/login", None).says(405, "method_not_allowed");
    world.stop();
}

#[test]
fn without_a_login_of_ours_its_path_is_the_hosts() {
    let world = World::new(&[("LOGIN_ENABLED", "false")]);
    assert_eq!(get(&world, "/api/auth/login", None).body, "the host has no /api/auth/login");
    assert_eq!(get(&world, "/interface/itspirit", None).body, "the host has no /interface/itspirit");
    world.stop();
}

#[test]
fn a_route_that_asks_for_a_second_factor_lets_nobody_else_in() {
    let world = World::new(&[]);
    let [pending, one, two] =
        [TokenKind::Pending, TokenKind::OneFactor, TokenKind::TwoFactors].map(|kind| world.token(kind));
    assert_eq!(get(&world, "/pay", Some(&two)).body, "ada paid");
    assert_eq!(get(&world, "/transfer", Some(&two)).body, format!("{} transferred", world.ada));
    assert_eq!(get(&world, "/wait", Some(&pending)).body, "ada@example.com waits");
    for path in ["/pay", "/transfer", "/wait"] {
        get(&world, path, None).says(401, "token_missing");
        get(&world, path, Some("a.b.c")).says(401, "token_invalid");
        get(&world, path, Some(&one)).says(403, "wrong_token_stage");
    }
    get(&world, "/pay", Some(&pending)).says(403, "wrong_token_stage");
    get(&world, "/wait", Some(&two)).says(403, "wrong_token_stage");
    world.stop();
}

#[test]
fn a_logout_counts_at_once_and_so_does_an_end_of_all_sessions() {
    let world = World::new(&[]);
    let [two, other, pending] =
        [TokenKind::TwoFactors, TokenKind::TwoFactors, TokenKind::Pending].map(|kind| world.token(kind));
    let flows = Arc::clone(world.mfa.flows());
    let call = flows.open(Some(&two), mfa_flows::AcceptedStages::Any, Origin::default()).unwrap();
    world.mfa.block_on(flows.revoke(&call)).unwrap().unwrap();
    get(&world, "/pay", Some(&two)).says(401, "token_revoked");
    assert_eq!(get(&world, "/pay", Some(&other)).status, 200);
    world.mfa.block_on(flows.reset_user(&by(), world.ada)).unwrap().unwrap();
    get(&world, "/pay", Some(&other)).says(401, "token_revoked");
    get(&world, "/wait", Some(&pending)).says(401, "token_revoked");
    world.stop();
}

#[test]
fn a_route_for_recent_factors_asks_for_another_one_when_it_is_too_old() {
    let world = World::new(&[]);
    let token = world.token(TokenKind::TwoFactors);
    world.clock.advance(std::time::Duration::from_mins(5));
    assert_eq!(get(&world, "/transfer", Some(&token)).status, 200);
    world.clock.advance(std::time::Duration::from_secs(1));
    let told = get(&world, "/transfer", Some(&token));
    told.says(401, "step_up_required");
    assert_eq!(
        told.headers.get("www-authenticate").unwrap(),
        r#"Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="300""#
    );
    assert_eq!(get(&world, "/pay", Some(&token)).status, 200);
    world.stop();
}

#[test]
fn an_extractor_without_a_mounted_product_is_a_fault_of_the_application() {
    let told = called(App::new().route("/pay", web::get().to(pay)), "/pay", Some("a.b.c"));
    assert_eq!((told.status, told.body.as_str()), (500, ""));
}

#[test]
fn operators_find_their_routes_where_the_host_mounts_them() {
    let world = World::new(&[]);
    let embedded = Embedded::new(Arc::clone(&world.mfa)).unwrap();
    let host = || {
        App::new().configure(|config| embedded.mount_for_operators(config)).route("/", web::get().to(home))
    };
    assert_eq!(called(host(), "/", None).body, "home");
    assert_eq!(called(host(), "/health/ready", None).json()["status"], "ready");
    assert_eq!(called(host(), "/api/mfa/status", None).status, 404);
    world.stop();
}

#[test]
fn the_documentation_describes_what_is_mounted_where_the_host_mounts_it() {
    let world = World::new(&[("LOGIN_ENABLED", "false")]);
    let embedded = Embedded::new(Arc::clone(&world.mfa)).unwrap();
    let host = || {
        App::new().configure(|config| embedded.mount_documentation(config)).route("/", web::get().to(home))
    };
    assert_eq!(called(host(), "/", None).body, "home");
    let document = called(host(), "/openapi.json", None).json();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    for path in ["/api/mfa/verify/totp", "/.well-known/jwks.json", "/openapi.json"] {
        assert!(paths.contains(&path), "{path} is not in {paths:?}");
    }
    for path in ["/api/auth/login", "/health", "/health/ready", "/interface/{brand}", "/metrics"] {
        assert!(!paths.contains(&path), "{path} is in {paths:?}");
    }
    assert_eq!(paths.contains(&"/docs"), cfg!(feature = "swagger-ui"));
    let page = called(host(), "/docs", None);
    if cfg!(feature = "swagger-ui") {
        assert_eq!((page.status, page.body.contains("docs/swagger-ui.css")), (200, true), "{}", page.body);
        assert_eq!(called(host(), "/docs/swagger-ui.css", None).status, 200);
        called(host(), "/docs/none", None).says(404, "not_found");
    } else {
        assert_eq!(page.status, 404);
    }
    assert_eq!(called(host(), "/docs-of-the-host", None).status, 404);
    world.stop();
}
