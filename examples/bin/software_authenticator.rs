//! A passkey on the command line, for the commands of `docs/examples.md`.
//!
//! Reads the options of `…/register/start` or `…/verify/passkey/start` from standard input and prints the credential that a
//! browser would return. Its key is public: use it with a development server only.

use std::io::{Read, Write, stdin, stdout};
use std::process::ExitCode;

use mfa_passkey::testing::{AuthenticatorError, SoftwareAuthenticator};

const USAGE: &str = "usage: software-authenticator register|authenticate ORIGIN < options.json";
/// Key of the authenticator: the same in each process.
const SEED: u64 = 1;

fn main() -> ExitCode {
    match run() {
        Ok(credential) => match writeln!(stdout(), "{credential}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [action, origin] = words.as_slice() else { return Err(USAGE.to_owned()) };
    let mut options = String::new();
    stdin().read_to_string(&mut options).map_err(|error| error.to_string())?;
    let credential = match action.as_str() {
        "register" => SoftwareAuthenticator::synced(SEED).register(&options, origin),
        "authenticate" => registered().and_then(|mut it| it.authenticate(&options, origin)),
        _ => return Err(USAGE.to_owned()),
    };
    credential.map_err(|error| error.to_string())
}

/// Returns the authenticator as it is after a registration.
fn registered() -> Result<SoftwareAuthenticator, AuthenticatorError> {
    let options = r#"{"rp":{"id":"localhost","name":"x"},"user":{"id":"AA","name":"x","displayName":"x"},
        "challenge":"AA","pubKeyCredParams":[{"type":"public-key","alg":-7}]}"#;
    let mut authenticator = SoftwareAuthenticator::synced(SEED);
    authenticator.register(options, "http://localhost")?;
    // Sent only by a passkey that is found without its ID.
    authenticator.user_handle = None;
    Ok(authenticator)
}
