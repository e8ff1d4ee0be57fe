use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, rt, web};
use mfa_http::Embedded;
use mfa_infra::settings::{Settings, Sources};

use super::*;

#[test]
fn an_application_mounts_the_pages_beside_its_own_routes() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::load(&Sources { dir: folder.path().to_owned(), env: BTreeMap::new() }).unwrap();
    let mfa = Arc::new(Mfa::open(settings).unwrap());
    let pages = Arc::new(Pages::new(&mfa).unwrap());
    let embedded = Embedded::with_extension(Arc::clone(&mfa), pages).unwrap();
    rt::System::new().block_on(async {
        let app = App::new()
            .configure(|config| embedded.mount(config))
            .route("/", web::get().to(|| async { "the first page of the application" }));
        let app = init_service(app).await;
        let page = call_service(&app, TestRequest::get().uri("/interface/itspirit").to_request()).await;
        assert_eq!(page.status(), 200);
        let policy = page.headers().get("content-security-policy").unwrap().to_str().unwrap().to_owned();
        assert!(policy.contains("require-trusted-types-for"), "{policy}");
        let body = String::from_utf8(read_body(page).await.to_vec()).unwrap();
        assert!(body.contains("/interface/itspirit/login") && body.contains("<form"), "{body}");
        let first = call_service(&app, TestRequest::get().uri("/").to_request()).await;
        assert_eq!(read_body(first).await, "the first page of the application");
    });
    mfa.stop(Duration::from_secs(5));
}
