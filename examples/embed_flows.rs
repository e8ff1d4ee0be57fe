//! Verification of a TOTP code by calling the use cases, in any framework and without HTTP.
//!
//! ```sh
//! cargo run -p nova-mfa-examples --example embed_flows
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::{Origin, SecretText, Timestamp};
use mfa_flows::{AcceptedStages, AccessGrant, AdminCall, TotpImport, TotpImportOutcome, UserSelector};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_totp::{Parameters, TimeStep, TotpCode};
use tokio::runtime::Runtime;

/// Secret of the user's authenticator app, in base32.
const APP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

#[expect(clippy::print_stdout, reason = "the result is for the user who started the program")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    println!("{}", run(folder.path())?);
    Ok(())
}

/// Opens an empty database in this directory, verifies a code and returns the result as text.
pub(crate) fn run(dir: &Path) -> Result<String, Box<dyn Error>> {
    let sources = Sources { dir: dir.to_owned(), env: BTreeMap::new() };
    // Blocks, so call it before the runtime of the backend serves requests.
    let mfa = Mfa::open(Settings::load(&sources)?)?;
    let result = Runtime::new()?.block_on(log_in(&mfa));
    mfa.stop(Duration::from_secs(10));
    result
}

/// Logs a user in with an authenticator app.
async fn log_in(mfa: &Mfa) -> Result<String, Box<dyn Error>> {
    let flows = mfa.flows();
    let origin = Origin::new("192.0.2.7".parse().ok(), Some("Firefox"), Some("request 1"));

    // The demo user exists in development. Here it gets an app whose secret this program knows.
    let user = flows.select(&UserSelector::Login("demo".to_owned())).await?;
    let by = AdminCall { actor: "example".to_owned(), reason: None, origin: origin.clone() };
    let import = TotpImport { user, app: mfa_totp::import_secret(APP_SECRET)?.into(), user_is_new: false };
    let TotpImportOutcome::Done = flows.import_totp(&by, import).await? else {
        return Err("the user has another app".into());
    };

    // First factor: the backend verifies it and issues a pending token.
    let pending = flows.issue_pending_token(user).await?.ok_or("the app is not a factor")?;

    // Second factor: the user types the code of the app.
    let typed = code_of_app(flows.now())?;
    let granted = verify_totp(mfa, pending.token.expose(), typed.expose(), origin.clone()).await?;
    let session =
        flows.open(Some(granted.token.token.expose()), AcceptedStages::TwoFactors, origin.clone())?;
    let holder = flows.holder(&session).await?;

    // The pending token and the code are spent.
    let Err(error) = verify_totp(mfa, pending.token.expose(), typed.expose(), origin).await else {
        return Err("a code worked twice".into());
    };
    Ok(format!(
        "{} logged in with {}
same code again: {error}",
        holder.username,
        granted.method.as_str()
    ))
}

/// Verifies a submitted code. Keep this order: token, rate limit by address, format of the code, then the account.
async fn verify_totp(
    mfa: &Mfa,
    bearer: &str,
    typed: &str,
    origin: Origin,
) -> Result<AccessGrant, Box<dyn Error>> {
    let flows = Arc::clone(mfa.flows());
    let call = flows.open(Some(bearer), AcceptedStages::SecondFactor, origin)?;
    flows.limit_code_checks(Some(call.token.user), &call.origin).await?;
    // Input that is not 6 to 8 digits costs no attempt of the account.
    let code = TotpCode::parse(typed)?;
    // `run` completes the flow even if the client disconnects. Its own error means that the product is stopping.
    let granted = mfa.run(async move { flows.verify_totp(&call, code).await }).await??;
    // Without passkeys, no user gets an enrolment token instead.
    Ok(granted.access()?)
}

/// Returns the code that the user's app shows at this time.
fn code_of_app(now: Timestamp) -> Result<SecretText, Box<dyn Error>> {
    let secret = mfa_totp::import_secret(APP_SECRET)?;
    let code = TimeStep::at(now).code(&secret, Parameters::default()).ok_or("the clock is before 1970")?;
    Ok(code.to_text())
}
