//! Own first factor, such as a directory or an identity provider, followed by a pending token.
//!
//! ```sh
//! cargo run -p nova-mfa-examples --example own_login
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use mfa_core::{Origin, SecretText, UserId};
use mfa_flows::{AcceptedStages, AdminCall, FlowError, Flows, NewUserRequest};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};

#[expect(clippy::print_stdout, reason = "the result is for the user who started the program")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    println!("{}", run(folder.path())?);
    Ok(())
}

/// Opens an empty database in this directory, logs users in and returns the results as text.
pub(crate) fn run(dir: &Path) -> Result<String, Box<dyn Error>> {
    let sources = Sources { dir: dir.to_owned(), env: BTreeMap::new() };
    let mfa = Mfa::open(Settings::load(&sources)?)?;
    let result = mfa.block_on(log_in_users(mfa.flows()));
    mfa.stop(Duration::from_secs(10));
    result?
}

async fn log_in_users(flows: &Flows) -> Result<String, Box<dyn Error>> {
    // A real backend has these rows in its own `users` table. Ada must have a second factor, Bob need not.
    let directory = Directory(BTreeMap::from([
        ("ada", create_user(flows, "ada", true).await?),
        ("bob", create_user(flows, "bob", false).await?),
    ]));
    let mut lines = Vec::new();
    for (username, password) in [("ada", "ada-secret"), ("bob", "bob-secret"), ("bob", "guess")] {
        let line = match log_in(&directory, flows, username, password).await? {
            LoginResponse::Rejected => "rejected".to_owned(),
            LoginResponse::Complete => "logged in".to_owned(),
            LoginResponse::SecondFactorRequired { pending_token, expires_in } => {
                // The second step accepts the token. The backend returns it to its client.
                flows.open(Some(pending_token.expose()), AcceptedStages::Pending, Origin::default())?;
                format!("second factor required, pending token for {expires_in} s")
            }
        };
        lines.push(format!("{username}: {line}"));
    }
    Ok(lines.join("\n"))
}

/// Response of the backend's login route.
enum LoginResponse {
    /// The first factor is wrong.
    Rejected,
    /// No second factor is needed: start the session.
    Complete,
    /// Start the session only with the access token of `verify/*`.
    SecondFactorRequired {
        /// Allows only the second step.
        pending_token: SecretText,
        /// Lifetime of the token in seconds.
        expires_in: u64,
    },
}

/// Verifies the first factor in the directory and issues a pending token if a second one is required.
async fn log_in(
    directory: &Directory,
    flows: &Flows,
    username: &str,
    password: &str,
) -> Result<LoginResponse, FlowError> {
    let Some(user) = directory.verify(username, password) else { return Ok(LoginResponse::Rejected) };
    Ok(match flows.issue_pending_token(user).await? {
        Some(issued) => {
            LoginResponse::SecondFactorRequired { pending_token: issued.token, expires_in: issued.expires_in }
        }
        None => LoginResponse::Complete,
    })
}

/// Directory of the company, in memory for this example. The password of each user is `NAME-secret`.
struct Directory(BTreeMap<&'static str, UserId>);

impl Directory {
    fn verify(&self, username: &str, password: &str) -> Option<UserId> {
        self.0.get(username).copied().filter(|_| password == format!("{username}-secret"))
    }
}

async fn create_user(flows: &Flows, username: &str, mfa_enforced: bool) -> Result<UserId, FlowError> {
    let by = AdminCall { actor: "example".to_owned(), reason: None, origin: Origin::default() };
    let request = NewUserRequest {
        email: format!("{username}@example.com"),
        username: username.to_owned(),
        full_name: None,
        // Not used: the directory verifies passwords.
        password: SecretText::new(format!("{username} has no local password")),
        is_superuser: false,
        mfa_enforced,
    };
    flows.create_user(&by, request).await
}
