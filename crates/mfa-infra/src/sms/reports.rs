//! Delivery reports of providers: parsing and signature checks. Reports are for statistics: no report ever changes
//! whether a code is accepted.

use mfa_core::SecretText;
use mfa_flows::DeliveryReport;
use mfa_sms::DeliveryStatus;
use subtle::ConstantTimeEq as _;
use url::{Url, form_urlencoded};

use super::{CallbackCheck, check_twilio_callback};

/// Path of Twilio's callback, below the public URL.
const TWILIO_PATH: &str = "/hooks/twilio";

/// Parser of delivery reports, with the secrets that verify them.
#[derive(Debug)]
pub struct DeliveryReports {
    twilio: Option<TwilioHook>,
    ovh_secret: Option<SecretText>,
}

#[derive(Debug)]
struct TwilioHook {
    auth_token: SecretText,
    url: String,
}

/// Error of a rejected report.
///
/// Exhaustive, so that each error has a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryReportError {
    /// The provider has no callback here, or the secret in the path is wrong.
    #[error("unknown webhook path or secret")]
    NoHook,
    /// The signature is wrong.
    #[error("invalid signature")]
    Forged,
    /// The report has no message id.
    #[error("the report has no message id")]
    Malformed,
}

/// Returns the public URL of Twilio's callback.
pub fn twilio_callback_url(public_url: &Url) -> String {
    format!("{}{TWILIO_PATH}", public_url.as_str().trim_end_matches('/'))
}

impl DeliveryReports {
    /// Creates the parser. Twilio's callback needs its auth token and the public URL; OVH's needs a secret.
    pub fn new(twilio: Option<(SecretText, &Url)>, ovh_secret: Option<SecretText>) -> Self {
        let twilio =
            twilio.map(|(auth_token, public)| TwilioHook { auth_token, url: twilio_callback_url(public) });
        Self { twilio, ovh_secret }
    }

    /// Verifies and parses a form that Twilio posted.
    ///
    /// # Errors
    ///
    /// [`DeliveryReportError`]: record nothing.
    pub fn twilio(&self, form: &[u8], signature: &str) -> Result<DeliveryReport, DeliveryReportError> {
        let hook = self.twilio.as_ref().ok_or(DeliveryReportError::NoHook)?;
        let fields: Vec<_> = form_urlencoded::parse(form).collect();
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        if check_twilio_callback(&hook.auth_token, &hook.url, &pairs, signature) == CallbackCheck::Forged {
            return Err(DeliveryReportError::Forged);
        }
        let field = |wanted| pairs.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let message =
            field("MessageSid").filter(|it| is_message_id(it)).ok_or(DeliveryReportError::Malformed)?;
        let arrival = match field("MessageStatus") {
            Some("delivered" | "read") => DeliveryStatus::Delivered,
            Some("undelivered" | "failed" | "canceled") => DeliveryStatus::Failed,
            _ => DeliveryStatus::Pending,
        };
        Ok(DeliveryReport { gateway: "twilio", message: message.to_owned(), arrival })
    }

    /// Parses the query of a callback of OVH. OVH signs nothing, so a secret in the path authenticates it.
    ///
    /// # Errors
    ///
    /// [`DeliveryReportError`]: record nothing. A wrong secret returns the same error as a missing callback.
    pub fn ovh(&self, secret: &str, query: &str) -> Result<DeliveryReport, DeliveryReportError> {
        let ours = self.ovh_secret.as_ref().ok_or(DeliveryReportError::NoHook)?;
        if !bool::from(ours.expose().as_bytes().ct_eq(secret.as_bytes())) {
            return Err(DeliveryReportError::NoHook);
        }
        let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let field = |wanted| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_ref());
        let message = field("id").filter(|it| is_message_id(it)).ok_or(DeliveryReportError::Malformed)?;
        let arrival = match field("ptt") {
            Some("4") => DeliveryStatus::Delivered,
            // Accepted, being retried, or recipient not reachable for now.
            Some("0" | "1" | "2" | "3" | "24" | "25" | "26") | None => DeliveryStatus::Pending,
            Some(_) => DeliveryStatus::Failed,
        };
        Ok(DeliveryReport { gateway: "ovh", message: message.to_owned(), arrival })
    }
}

/// Returns whether a text has the form of a message id. Others are not looked up.
fn is_message_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

#[cfg(test)]
mod tests {
    use super::super::twilio_signature;
    use super::*;

    fn text(text: &str) -> SecretText {
        SecretText::new(text.to_owned())
    }

    fn reports() -> DeliveryReports {
        let public = Url::parse("https://mfa.example.com/").unwrap();
        DeliveryReports::new(Some((text("authtoken"), &public)), Some(text("0123456789abcdef")))
    }

    fn twilio(status: &str, sign: impl Fn(String) -> String) -> Result<DeliveryReport, DeliveryReportError> {
        let pairs = [("MessageSid", "SM1"), ("MessageStatus", status), ("To", "+33612345612")];
        let url = "https://mfa.example.com/hooks/twilio";
        let signature = sign(twilio_signature(&text("authtoken"), url, &pairs));
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        reports().twilio(form.as_bytes(), &signature)
    }

    #[test]
    fn a_signed_report_of_twilio_is_read() {
        for (status, arrival) in [
            ("delivered", DeliveryStatus::Delivered),
            ("failed", DeliveryStatus::Failed),
            ("undelivered", DeliveryStatus::Failed),
            ("sent", DeliveryStatus::Pending),
            ("a new word", DeliveryStatus::Pending),
        ] {
            let report = DeliveryReport { gateway: "twilio", message: "SM1".into(), arrival };
            assert_eq!(twilio(status, |it| it), Ok(report), "{status}");
        }
    }

    #[test]
    fn an_unsigned_report_of_twilio_is_forged() {
        for sign in [|_| String::new(), |it: String| it.to_lowercase(), |_| "AAAA".to_owned()] {
            assert_eq!(twilio("delivered", sign), Err(DeliveryReportError::Forged));
        }
    }

    #[test]
    fn a_report_of_ovh_is_read_below_its_secret_alone() {
        let read = |secret: &str, query: &str| reports().ovh(secret, query);
        for (ptt, arrival) in [
            ("4", DeliveryStatus::Delivered),
            ("5", DeliveryStatus::Failed),
            ("23", DeliveryStatus::Failed),
            ("24", DeliveryStatus::Pending),
        ] {
            let query = format!("id=27000421&ptt={ptt}&date=20261123&description=x&descriptionDlr=y");
            let report = DeliveryReport { gateway: "ovh", message: "27000421".into(), arrival };
            assert_eq!(read("0123456789abcdef", &query), Ok(report), "{ptt}");
        }
        assert_eq!(read("0123456789abcdeF", "id=27000421&ptt=4"), Err(DeliveryReportError::NoHook));
        assert_eq!(read("", "id=27000421&ptt=4"), Err(DeliveryReportError::NoHook));
        for query in ["", "ptt=4", "id=", "id=a%00b", "id=%2B33612345612"] {
            assert_eq!(read("0123456789abcdef", query), Err(DeliveryReportError::Malformed), "{query}");
        }
    }

    #[test]
    fn without_settings_there_is_no_hook() {
        let none = DeliveryReports::new(None, None);
        assert_eq!(none.twilio(b"", ""), Err(DeliveryReportError::NoHook));
        assert_eq!(none.ovh("", "id=1"), Err(DeliveryReportError::NoHook));
    }
}
