//! actix-web application with the API, the web pages and a route of its own that requires a second factor.
//!
//! ```sh
//! cargo run -p nova-mfa-examples --example embed_pages
//! ```
//!
//! Settings are those of `mfa-server`. Without any, the database is in `data/` of the working directory.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer, rt};
use mfa_http::{Embedded, MfaOk};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_pages::Pages;

fn main() -> Result<(), Box<dyn Error>> {
    let mfa = Arc::new(Mfa::open(Settings::load(&Sources::from_process()?)?)?);
    let embedded = embed(&mfa)?;
    let served = rt::System::new().block_on(serve(&mfa, embedded));
    mfa.stop(Duration::from_secs(10));
    Ok(served?)
}

/// Creates the API with the pages under `/interface/`.
pub(crate) fn embed(mfa: &Arc<Mfa>) -> io::Result<Embedded> {
    let pages = Pages::new(mfa)?;
    Embedded::with_extension(Arc::clone(mfa), Arc::new(pages))
}

#[expect(clippy::print_stdout, reason = "the addresses are for the user who started the program")]
async fn serve(mfa: &Mfa, embedded: Embedded) -> io::Result<()> {
    let settings = mfa.settings();
    let server = HttpServer::new(move || App::new().configure(|config| routes(config, &embedded)));
    let server = server.bind(settings.server.bind)?;
    for address in server.addrs() {
        println!("Pages: http://{address}/interface/{}", settings.brand.path);
        println!("Protected route: http://{address}/invoices");
    }
    if let Some(demo) = mfa.demo() {
        println!("Demo user (development only): {}, password {}", demo.username, demo.password.expose());
    }
    server.run().await
}

/// Routes of the application. `mount` adds the pages beside the API.
pub(crate) fn routes(config: &mut ServiceConfig, embedded: &Embedded) {
    embedded.mount(config);
    config.route("/invoices", web::get().to(invoices));
}

/// Requires a second factor verified within the last five minutes.
async fn invoices(caller: MfaOk<300>) -> String {
    format!("Invoices of {}", caller.holder.username)
}
