//! actix-web application with the API and a route of its own that requires a second factor.
//!
//! ```sh
//! cargo run -p nova-mfa-examples --example embed_http
//! ```
//!
//! Settings are those of `mfa-server`. Without any, the database is in `data/` of the working directory.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpServer, rt};
use mfa_http::{Embedded, MfaOk};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};

fn main() -> Result<(), Box<dyn Error>> {
    let mfa = Arc::new(Mfa::open(Settings::load(&Sources::from_process()?)?)?);
    let embedded = Embedded::new(Arc::clone(&mfa))?;
    let served = rt::System::new().block_on(serve(mfa.settings().server.bind, embedded));
    mfa.stop(Duration::from_secs(10));
    Ok(served?)
}

#[expect(clippy::print_stdout, reason = "the addresses are for the user who started the program")]
async fn serve(bind: SocketAddr, embedded: Embedded) -> io::Result<()> {
    let server = HttpServer::new(move || App::new().configure(|config| routes(config, &embedded)));
    let server = server.bind(bind)?;
    for address in server.addrs() {
        println!("Protected route: http://{address}/invoices");
        println!("Documentation: http://{address}/docs");
    }
    server.run().await
}

/// Routes of the application. Mount the API at the root, beside other scopes.
pub(crate) fn routes(config: &mut ServiceConfig, embedded: &Embedded) {
    embedded.mount(config);
    // Optional: `/health` and `/metrics`, then `/openapi.json` and `/docs`.
    embedded.mount_for_operators(config);
    embedded.mount_documentation(config);
    config.route("/invoices", web::get().to(invoices));
}

/// Requires an access token with a verified second factor.
async fn invoices(caller: MfaOk) -> String {
    format!("Invoices of {}", caller.holder.username)
}
