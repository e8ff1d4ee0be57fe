//! What providers report of a message later. It is for statistics: nothing of it ever changes who gets in.

use mfa_core::SecretText;
use mfa_sms::DeliveryStatus;
use subtle::ConstantTimeEq as _;
use url::{Url, form_urlencoded};

use super::{CallbackCheck, check_twilio_callback};

/// Where Twilio is to report to, below the public address.
const TWILIO_PATH: &str = "/hooks/twilio";

/// Takes the reports of providers in.
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

/// A report that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Whose.
    pub gateway: &'static str,
    /// The gateway's name for the message.
    pub message: String,
    /// What became of it.
    pub arrival: DeliveryStatus,
}

/// Why a report is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryReportError {
    /// Nothing is reported here.
    #[error("no such hook")]
    NoHook,
    /// It does not come from the provider.
    #[error("forged")]
    Forged,
    /// It names no message.
    #[error("names no message")]
    Malformed,
}

/// The public address that Twilio is to report to.
pub fn twilio_callback_url(public_url: &Url) -> String {
    format!("{}{TWILIO_PATH}", public_url.as_str().trim_end_matches('/'))
}

impl DeliveryReports {
    /// Twilio reports where both are given: its auth token and the public address; OVH where there is a secret.
    pub fn new(twilio: Option<(SecretText, &Url)>, ovh_secret: Option<SecretText>) -> Self {
        let twilio =
            twilio.map(|(auth_token, public)| TwilioHook { auth_token, url: twilio_callback_url(public) });
        Self { twilio, ovh_secret }
    }

    /// Reads a form that Twilio posted.
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
        let message = field("MessageSid").filter(|it| is_name(it)).ok_or(DeliveryReportError::Malformed)?;
        let arrival = match field("MessageStatus") {
            Some("delivered" | "read") => DeliveryStatus::Delivered,
            Some("undelivered" | "failed" | "canceled") => DeliveryStatus::Failed,
            _ => DeliveryStatus::Pending,
        };
        Ok(DeliveryReport { gateway: "twilio", message: message.to_owned(), arrival })
    }

    /// Reads the query of a call by OVH, which signs nothing: the secret part of the path stands for that.
    ///
    /// # Errors
    ///
    /// [`DeliveryReportError`]: record nothing. A wrong secret is answered as if there were no hook.
    pub fn ovh(&self, secret: &str, query: &str) -> Result<DeliveryReport, DeliveryReportError> {
        let ours = self.ovh_secret.as_ref().ok_or(DeliveryReportError::NoHook)?;
        if !bool::from(ours.expose().as_bytes().ct_eq(secret.as_bytes())) {
            return Err(DeliveryReportError::NoHook);
        }
        let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let field = |wanted| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_ref());
        let message = field("id").filter(|it| is_name(it)).ok_or(DeliveryReportError::Malformed)?;
        let arrival = match field("ptt") {
            Some("4") => DeliveryStatus::Delivered,
            // Accepted, being tried again, or absent for now.
            Some("0" | "1" | "2" | "3" | "24" | "25" | "26") | None => DeliveryStatus::Pending,
            Some(_) => DeliveryStatus::Failed,
        };
        Ok(DeliveryReport { gateway: "ovh", message: message.to_owned(), arrival })
    }
}

/// What a provider may call a message: nothing longer is looked up.
fn is_name(text: &str) -> bool {
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
