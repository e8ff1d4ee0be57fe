//! Passkeys of a software authenticator at a server.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use mfa_passkey::testing::SoftwareAuthenticator;
use serde_json::{Value, json};

use crate::{Answer, TestServer};

/// Origin of the pages in development.
const ORIGIN: &str = "http://localhost:8200";

impl TestServer {
    /// Registers a passkey with this token.
    #[track_caller]
    pub fn register_passkey(&self, token: &str, device: &mut SoftwareAuthenticator) -> Answer {
        let options = self.options("/api/mfa/passkeys/register/start", token);
        let created = device.register(&options, ORIGIN).expect("a new credential");
        self.send_credential("/api/mfa/passkeys/register/finish", token, &created)
    }

    /// Registers the first factor of a user. Returns the two-factor token.
    #[track_caller]
    pub fn enrol_passkey(&self, user: UserId, device: &mut SoftwareAuthenticator) -> String {
        self.register_passkey(&self.token(user, TokenKind::OneFactor), device).field("access_token")
    }

    /// Starts a verification and returns the device's response.
    #[track_caller]
    pub fn assertion(&self, token: &str, device: &mut SoftwareAuthenticator) -> String {
        let options = self.options("/api/mfa/verify/passkey/start", token);
        device.authenticate(&options, ORIGIN).expect("an allowed credential")
    }

    /// Verifies this response.
    pub fn verify_assertion(&self, token: &str, assertion: &str) -> Answer {
        self.send_credential("/api/mfa/verify/passkey", token, assertion)
    }

    /// Verifies a passkey.
    #[track_caller]
    pub fn verify_passkey(&self, token: &str, device: &mut SoftwareAuthenticator) -> Answer {
        self.verify_assertion(token, &self.assertion(token, device))
    }

    #[track_caller]
    fn options(&self, path: &str, token: &str) -> String {
        self.post(path, token).ok().get("options").expect("options").to_string()
    }

    fn send_credential(&self, path: &str, token: &str, credential: &str) -> Answer {
        let credential: Value = serde_json::from_str(credential).expect("the JSON form of a credential");
        self.client().post(path).bearer(token).json(&json!({ "credential": credential })).send()
    }
}
