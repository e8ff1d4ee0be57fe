//! Data for an authenticator app: secret and otpauth URI.

use std::fmt::Write as _;

use mfa_core::{SecretBytes, SecretText};

use crate::label::Label;
use crate::{LabelError, Parameters, base32};

/// Secret to enrol in an app, as text and as an otpauth URI for a QR code.
///
/// Display it once, to the user who enrols, and never store it in this form.
#[derive(Clone, Debug)]
pub struct Provisioning {
    secret: SecretText,
    uri: SecretText,
    parameters: Parameters,
}

impl Provisioning {
    /// Creates the data for an account.
    ///
    /// The app displays `issuer` and `account`. Each has 1 to 128 bytes of UTF-8 without colons and control
    /// characters. White space around them is dropped.
    ///
    /// # Errors
    ///
    /// [`LabelError`] if one of them is invalid: report it to the caller, or use another name.
    pub fn new(issuer: &str, account: &str, secret: &SecretBytes) -> Result<Self, LabelError> {
        Self::with_parameters(issuer, account, secret, Parameters::default())
    }

    /// Creates the data with parameters other than those of new enrolments.
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

    /// Returns the secret in base32 without padding, for manual entry.
    pub const fn secret(&self) -> &SecretText {
        &self.secret
    }

    /// Returns the URI `otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=…&algorithm=…&digits=…&period=…`, in the key
    /// URI format of Google Authenticator that other apps follow.
    pub const fn uri(&self) -> &SecretText {
        &self.uri
    }

    /// Returns the parameters of the codes.
    pub const fn parameters(&self) -> Parameters {
        self.parameters
    }
}

fn otpauth_uri(issuer: &Label, account: &Label, secret: &SecretText, parameters: Parameters) -> SecretText {
    let issuer = percent_encoded(issuer.as_str());
    let account = percent_encoded(account.as_str());
    let secret = secret.expose();
    let (algorithm, digits, period) =
        (parameters.algorithm.as_str(), parameters.digits, parameters.period.seconds());
    SecretText::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={algorithm}&digits={digits}&period={period}"
    ))
}

/// Percent-encodes all but the unreserved characters of RFC 3986 §2.3. A space is `%20`, because apps display the `+`
/// of web forms as a plus.
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
