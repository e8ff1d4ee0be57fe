//! The program `mfa-server`: command line, settings, listener and banner, and the orderly end.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_server::{Banner, Signals};

/// How long running work may take after HTTP has stopped.
const DRAIN: Duration = Duration::from_secs(10);

/// Run the NOVA MFA server
///
/// Settings come from the environment, `.env` and `config/` in the working directory; see `.env.example`. Without any
/// setting the server runs in development mode with an embedded database in `data/`.
#[derive(Debug, Parser)]
#[command(name = "mfa-server", version)]
struct Args {
    /// Check the settings and exit, without opening the database
    #[arg(long, conflicts_with = "print_openapi")]
    check_config: bool,
    /// Print the OpenAPI document of these settings and exit
    #[arg(long)]
    print_openapi: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "what the user asked for")]
fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let settings = Settings::load(&Sources::from_process()?)?;
    if args.check_config {
        println!("The settings are valid.");
        return Ok(());
    }
    if args.print_openapi {
        println!("{}", mfa_http::openapi_json(&settings, true)?);
        return Ok(());
    }
    serve(settings)
}

#[expect(clippy::print_stdout, reason = "the banner is for the user who started the server")]
fn serve(settings: Settings) -> Result<(), Box<dyn Error>> {
    let bind = settings.server.bind;
    // Before the database, so that a second server on the same address does not touch the data of the first.
    let listener = mfa_server::listen(bind).map_err(|error| {
        format!("cannot listen on {bind} ({error}): stop the program that uses it, or set MFA_BIND")
    })?;
    let mfa = Arc::new(Mfa::open(settings)?);
    // From here on an orderly stop is needed.
    let signals = Signals::catch()?;
    let server = mfa_server::serve(Arc::clone(&mfa), listener)?;
    println!("{}", Banner::new(&mfa, &server));
    let ended = server.until_signalled(signals, || {
        if let Err(error) = mfa.telemetry().reopen() {
            eprintln!("error: {error}");
        }
    });
    mfa.stop(DRAIN);
    Ok(ended?)
}
