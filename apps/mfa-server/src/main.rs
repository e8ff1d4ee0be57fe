//! Starts the server: settings, data, listener, banner; and stops it in the reverse order.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_server::{Banner, Signals};

/// For what has begun, once HTTP has ended.
const DRAIN: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the banner is for whoever started the server")]
fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::load(&Sources::from_process()?)?;
    let bind = settings.server.bind;
    // First, so that a second server on the same address leaves the data of the first alone.
    let listener = mfa_server::listen(bind).map_err(|error| {
        format!("cannot listen on {bind} ({error}): stop what listens there, or set MFA_BIND")
    })?;
    let mfa = Arc::new(Mfa::open(settings)?);
    // From here on there is something to end in order.
    let signals = Signals::catch()?;
    let running = mfa_server::serve(Arc::clone(&mfa), listener)?;
    println!("{}", Banner::new(&mfa, &running));
    let ended = running.until_signalled(signals, || {
        if let Err(error) = mfa.telemetry().reopen() {
            eprintln!("error: {error}");
        }
    });
    mfa.stop(DRAIN);
    Ok(ended?)
}
