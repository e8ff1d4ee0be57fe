//! Tests of the example programs: the results of those that end, and the routes of those that serve.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests may")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::ServiceConfig;
use actix_web::{App, rt};
use mfa_core::Origin;
use mfa_flows::{AdminCall, TokenKind, UserSelector};
use mfa_http::Embedded;
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use tower::ServiceExt as _;

#[path = "../embed_axum.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod embed_axum;
#[path = "../embed_flows.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod embed_flows;
#[path = "../embed_http.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod embed_http;
#[path = "../embed_pages.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod embed_pages;
#[path = "../own_login.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod own_login;
#[path = "../own_sms_gateway.rs"]
#[expect(dead_code, reason = "the tests call what `main` calls")]
mod own_sms_gateway;

#[tokio::test]
async fn embed_axum_opens_in_an_async_main_and_protects_its_route() {
    let folder = tempfile::tempdir().unwrap();
    let mfa = embed_axum::open(folder.path()).unwrap();
    let app = embed_axum::app(Arc::clone(&mfa));
    let status = async |path: &str, token: Option<String>, body: &str| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let mut request = axum::http::Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let request = request.header("Content-Type", "application/json");
        let mut request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        let address: std::net::SocketAddr = "192.0.2.7:1".parse().unwrap();
        request.extensions_mut().insert(axum::extract::ConnectInfo(address));
        app.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    let user = mfa.flows().select(&UserSelector::Login("demo".to_owned())).await.unwrap();
    let by = AdminCall { actor: "test".to_owned(), reason: None, origin: Origin::default() };
    let token = async |kind| {
        let issued = mfa.flows().mint_token(&by, user, kind).await.unwrap();
        Some(issued.token.token.expose().to_owned())
    };
    assert_eq!(status("/invoices", None, "").await, 401);
    assert_eq!(status("/invoices", token(TokenKind::OneFactor).await, "").await, 403);
    assert_eq!(status("/invoices", token(TokenKind::TwoFactors).await, "").await, 200);
    assert_eq!(status("/verify", token(TokenKind::Pending).await, r#"{"code": "12345"}"#).await, 422);
    assert_eq!(status("/verify", token(TokenKind::Pending).await, r#"{"code": "123456"}"#).await, 409);
    drop(app);
    mfa.stop(Duration::from_secs(10));
}

#[test]
fn embed_flows_verifies_a_code_once() {
    let folder = tempfile::tempdir().unwrap();
    let result = embed_flows::run(folder.path()).unwrap();
    assert_eq!(result, "demo logged in with totp\nsame code again: token spent");
}

#[test]
fn own_login_requires_a_second_factor_where_the_account_does() {
    let folder = tempfile::tempdir().unwrap();
    let result = own_login::run(folder.path()).unwrap();
    assert_eq!(result, "ada: second factor required, pending token for 300 s\nbob: logged in\nbob: rejected");
}

#[test]
fn own_sms_gateway_sends_the_code_that_confirms_the_number() {
    let folder = tempfile::tempdir().unwrap();
    let result = own_sms_gateway::run(folder.path()).unwrap();
    assert_eq!(result, "sent by ours to +33•••••••78\nconfirmed +33•••••••78");
}

#[test]
fn embed_http_protects_its_own_route_and_serves_the_api_without_pages() {
    let application = Application::open(|mfa| Embedded::new(mfa).unwrap(), embed_http::routes);
    application.check_invoices();
    assert_eq!(application.get("/api/mfa/status", None).0, StatusCode::UNAUTHORIZED);
    assert_eq!(application.get("/docs", None).0, StatusCode::OK);
    assert_eq!(application.get("/health", None).0, StatusCode::OK);
    assert_eq!(application.get("/interface/itspirit", None).0, StatusCode::NOT_FOUND);
}

#[test]
fn embed_pages_protects_its_own_route_and_serves_the_pages() {
    let application = Application::open(|mfa| embed_pages::embed(&mfa).unwrap(), embed_pages::routes);
    application.check_invoices();
    let (status, page) = application.get("/interface/itspirit", None);
    assert_eq!(status, StatusCode::OK);
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
}

#[test]
fn the_guide_names_every_program() {
    let guide = include_str!("../../docs/embedding.md");
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).read_dir().unwrap().map(|file| file.unwrap().path());
    let programs =
        files.filter(|file| file.extension().is_some_and(|it| it == "rs") && !file.ends_with("lib.rs"));
    let programs: Vec<_> = programs.map(|file| file.file_stem().unwrap().to_owned()).collect();
    assert_eq!(programs.len(), 6);
    for program in programs {
        let program = program.to_str().unwrap();
        assert!(guide.contains(&format!("`examples/{program}.rs`")), "{program}");
    }
}

/// Serving program on an empty database, called without a network.
struct Application {
    mfa: Arc<Mfa>,
    embedded: Embedded,
    routes: fn(&mut ServiceConfig, &Embedded),
    _folder: tempfile::TempDir,
}

impl Application {
    fn open(embed: impl FnOnce(Arc<Mfa>) -> Embedded, routes: fn(&mut ServiceConfig, &Embedded)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = Sources { dir: folder.path().to_owned(), env: BTreeMap::new() };
        let mfa = Arc::new(Mfa::open(Settings::load(&sources).unwrap()).unwrap());
        Self { embedded: embed(Arc::clone(&mfa)), mfa, routes, _folder: folder }
    }

    /// Calls the protected route with tokens of each stage.
    fn check_invoices(&self) {
        let (status, problem) = self.get("/invoices", None);
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(problem.contains("\"token_missing\""), "{problem}");
        let (status, problem) = self.get("/invoices", Some(&self.token(TokenKind::OneFactor)));
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(problem.contains("\"wrong_token_stage\""), "{problem}");
        let answer = self.get("/invoices", Some(&self.token(TokenKind::TwoFactors)));
        assert_eq!(answer, (StatusCode::OK, "Invoices of demo".to_owned()));
    }

    fn token(&self, kind: TokenKind) -> String {
        let by = AdminCall { actor: "test".to_owned(), reason: None, origin: Origin::default() };
        let flows = self.mfa.flows();
        let minted = self.mfa.block_on(async {
            let user = flows.select(&UserSelector::Login("demo".to_owned())).await?;
            flows.mint_token(&by, user, kind).await
        });
        minted.unwrap().unwrap().token.token.expose().to_owned()
    }

    fn get(&self, path: &str, bearer: Option<&str>) -> (StatusCode, String) {
        rt::System::new().block_on(async {
            let app =
                init_service(App::new().configure(|config| (self.routes)(config, &self.embedded))).await;
            let mut request = TestRequest::get().uri(path).peer_addr("192.0.2.7:5".parse().unwrap());
            if let Some(bearer) = bearer {
                request = request.insert_header(("Authorization", format!("Bearer {bearer}")));
            }
            let response = call_service(&app, request.to_request()).await;
            let status = response.status();
            (status, String::from_utf8(read_body(response).await.to_vec()).unwrap())
        })
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.mfa.stop(Duration::from_secs(10));
    }
}
