//! What an authenticator app is given to read: the otpauth URI.

use std::fmt::Write as _;

use mfa_core::{SecretBytes, SecretText};

use crate::label::Label;
use crate::{LabelError, PERIOD, Parameters, base32};

/// A secret on its way into an app: as text to type, and as an otpauth URI for its QR code.
///
/// Shown once, to the user who is enrolling, and never stored in this form.
#[derive(Clone, Debug)]
pub struct Provisioning {
    secret: SecretText,
    uri: SecretText,
    parameters: Parameters,
}

impl Provisioning {
    /// Puts together what the app needs to make the codes of an account.
    ///
    /// `issuer` and `account` are what the app shows: each 1 to 128 bytes of UTF-8 without colons and control
    /// characters. Blanks around them are dropped.
    ///
    /// # Errors
    ///
    /// [`LabelError`] when one of them cannot stand in the URI: tell whoever chose it, or take another name.
    pub fn new(issuer: &str, account: &str, secret: &SecretBytes) -> Result<Self, LabelError> {
        Self::with_parameters(issuer, account, secret, Parameters::default())
    }

    /// The same for a verifier that has agreed on other parameters than accounts use.
    ///
    /// # Errors
    ///
    /// [`LabelError`] as for [`Provisioning::new`].
    pub fn with_parameters(
        issuer: &str,
        account: &str,
        secret: &SecretBytes,
        parameters: Parameters,
    ) -> Result<Self, LabelError> {
        let (issuer, account) = (Label::parse(issuer)?, Label::parse(account)?);
        let secret = base32(secret);
        let uri = otpauth_uri(&issuer, &account, &secret, parameters);
        Ok(Self { secret, uri, parameters })
    }

    /// The secret in base32 without padding, for typing.
    pub const fn secret(&self) -> &SecretText {
        &self.secret
    }

    /// `otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=…&algorithm=…&digits=…&period=30`: the key URI format that
    /// Google Authenticator began and other apps follow.
    pub const fn uri(&self) -> &SecretText {
        &self.uri
    }

    /// What codes are made with.
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }
}

fn otpauth_uri(issuer: &Label, account: &Label, secret: &SecretText, parameters: Parameters) -> SecretText {
    let issuer = percent_encoded(issuer.as_str());
    let account = percent_encoded(account.as_str());
    let secret = secret.expose();
    let (algorithm, digits, period) = (parameters.algorithm.as_str(), parameters.digits, PERIOD.as_secs());
    SecretText::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={algorithm}&digits={digits}&period={period}"
    ))
}

/// All but the unreserved characters of RFC 3986 §2.3 as `%XX`. A space is `%20`: apps show the `+` of web forms as
/// a plus.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len().saturating_mul(3));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
