use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::test::{self, TestRequest};
use actix_web::{App, HttpResponse, web};
use mfa_core::testing::SeededEntropy;
use mfa_infra::settings::RateSetting;
use slog::{Drain, KV, Never, OwnedKVList, Record};

use super::*;
use crate::problem::PublicRateLimits;

/// Drain that keeps each line as its message and the values of its keys.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn logger(&self) -> slog::Logger {
        slog::Logger::root(self.clone().fuse(), slog::o!())
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Drain for Lines {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, _: &OwnedKVList) -> Result<(), Never> {
        let mut values = Values(format!("{} {}", record.level().as_short_str(), record.msg()));
        record.kv().serialize(record, &mut values).unwrap();
        self.0.lock().unwrap().push(values.0);
        Ok(())
    }
}

struct Values(String);

impl slog::Serializer for Values {
    fn emit_arguments(&mut self, key: slog::Key, value: &fmt::Arguments<'_>) -> slog::Result {
        Ok(write!(self.0, " {key}={value}")?)
    }
}

fn config(lines: &Lines) -> MiddlewareConfig {
    let rate = RateSetting { max: 10, window: Duration::from_mins(1) };
    let proxies =
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], "x-forwarded-for".parse().unwrap());
    MiddlewareConfig {
        proxies,
        fallback: Language::French,
        texts: Arc::new(Translations::load(&[]).unwrap()),
        over_tls: false,
        rates: PublicRateLimits::from_rates(rate, rate),
        latencies: HttpMetrics::default(),
        entropy: Arc::new(SeededEntropy::default()),
        overloaded: Box::new(|| false),
        droppable: lines.logger(),
        log: lines.logger(),
    }
}

async fn panics() -> HttpResponse {
    panic!("a secret");
}

async fn answer(config: MiddlewareConfig, request: TestRequest) -> HttpResponse {
    let config = Arc::new(config);
    let app = App::new()
        .route("/good/{id}", web::get().to(|| async { "good" }))
        .route("/api/good", web::get().to(|| async { "good" }))
        .route("/panics", web::get().to(panics))
        .route("/text", web::post().to(|_: web::Json<u8>| async { "text" }))
        .default_service(web::to(|| async { Err::<&str, _>(ApiError::NotFound) }))
        .wrap(from_fn(move |request, next| {
            let config = Arc::clone(&config);
            async move { config.handle(request, next).await }
        }));
    let app = test::init_service(app).await;
    match test::try_call_service(&app, request.peer_addr("10.0.0.1:5".parse().unwrap()).to_request()).await {
        Ok(response) => response.into_parts().1,
        Err(error) => error.error_response(),
    }
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn code(response: HttpResponse) -> String {
    let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
    let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
    document["code"].as_str().unwrap().to_owned()
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

#[actix_web::test]
async fn every_response_has_the_security_headers() {
    for (path, status) in [("/good/1", 200), ("/none", 404), ("/panics", 500), ("/%zz", 404)] {
        let response = answer(config(&Lines::default()), get(path)).await;
        assert_eq!(response.status(), status, "{path}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(header(&response, name), Some(value), "{path}");
        }
        assert_eq!(header(&response, "x-request-id").map(str::len), Some(32), "{path}");
        assert_eq!(header(&response, "strict-transport-security"), None);
    }
}

#[actix_web::test]
async fn responses_over_tls_have_hsts() {
    let config = MiddlewareConfig { over_tls: true, ..config(&Lines::default()) };
    let response = answer(config, get("/none")).await;
    assert_eq!(header(&response, "strict-transport-security"), Some("max-age=31536000"));
}

#[actix_web::test]
async fn a_panic_is_a_500_with_a_problem_document_and_a_log_line_without_details() {
    let lines = Lines::default();
    let response = answer(config(&lines), get("/panics").insert_header(("x-request-id", "r1"))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(header(&response, "x-request-id"), Some("r1"));
    assert_eq!(code(response).await, "internal_error");
    let lines = lines.all();
    assert!(lines.iter().any(|line| line.starts_with("ERRO request failed")), "{lines:?}");
    assert!(!lines.concat().contains("a secret"));
}

#[actix_web::test]
async fn errors_of_the_framework_are_never_shown() {
    let request = TestRequest::post().uri("/text").set_payload("x");
    assert_eq!(code(answer(config(&Lines::default()), request).await).await, "internal_error");
}

#[actix_web::test]
async fn an_overloaded_server_rejects_requests_except_health_checks() {
    let busy = || MiddlewareConfig { overloaded: Box::new(|| true), ..config(&Lines::default()) };
    let response = answer(busy(), get("/api/good")).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, "retry-after"), Some("1"));
    assert_eq!(code(response).await, "overloaded");
    assert_eq!(answer(busy(), get("/good/1")).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn an_access_line_has_the_route_and_the_client_and_nothing_else_of_the_request() {
    let lines = Lines::default();
    let request = get("/good/secret?code=123456")
        .insert_header(("x-forwarded-for", "198.51.100.7"))
        .insert_header(("x-request-id", "r1"));
    answer(config(&lines), request).await;
    let line = lines.all().concat();
    assert!(line.starts_with("INFO request"), "{line}");
    for part in ["http_method=GET", "route=/good/{id}", "status=200", "ip=198.51.100.7", "request_id=r1"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!line.contains("secret") && !line.contains("123456"), "{line}");
}

#[actix_web::test]
async fn an_unknown_path_is_not_logged() {
    let lines = Lines::default();
    answer(config(&lines), get("/none/secret")).await;
    let lines = lines.all();
    assert!(lines.iter().any(|line| line.starts_with("WARN request rejected") && line.contains("not_found")));
    assert!(lines.iter().any(|line| line.contains("route=unmatched")), "{lines:?}");
    assert!(!lines.concat().contains("secret"));
}
