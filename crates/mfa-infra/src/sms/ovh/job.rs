//! Request body and signature of OVH.

use data_encoding::HEXLOWER;
use mfa_core::{SecretText, Timestamp};
use mfa_sms::SmsMessage;
use serde::Serialize;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// Keys of an OVH application.
pub(super) struct OvhKeys {
    pub(super) app_key: SecretText,
    pub(super) app_secret: SecretText,
    pub(super) consumer_key: SecretText,
}

/// Body of `POST /sms/{account}/jobs`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OvhJob<'a> {
    message: &'a str,
    /// `true`: a code is not advertising, so it needs no text to unsubscribe.
    no_stop_clause: bool,
    priority: &'static str,
    receivers: [&'a str; 1],
    sender: &'a str,
    /// Validity in minutes.
    validity_period: u64,
}

/// Returns the exact bytes to sign and to send: JSON without spaces.
pub(super) fn job(message: &SmsMessage, sender: &str) -> Zeroizing<Vec<u8>> {
    let text = message.text.expose();
    let job = OvhJob {
        message: text,
        no_stop_clause: true,
        priority: "high",
        receivers: [message.to.e164()],
        sender,
        // Rounded down: a code that has expired need not arrive.
        validity_period: (message.validity.as_secs() / 60).max(1),
    };
    // Allocated once at its maximum size: a buffer that grows leaves copies of the code in memory.
    let max_len = text.len().saturating_add(sender.len()).saturating_mul(6).saturating_add(256);
    let mut body = Zeroizing::new(Vec::with_capacity(max_len));
    // Serialising strings and numbers to a buffer cannot fail.
    let _ = serde_json::to_writer(&mut *body, &job);
    body
}

/// Signature of a request, with its time.
pub(super) struct OvhSignature {
    timestamp: String,
    signature: String,
}

impl OvhSignature {
    /// Signs a request: `$1$` and the hexadecimal SHA-1 of the secret, the consumer key, the method, the full URL, the
    /// body and the time in seconds, joined with plus signs.
    pub(super) fn new(keys: &OvhKeys, method: &str, url: &str, body: &[u8], at: Timestamp) -> Self {
        let timestamp = at.seconds().to_string();
        let parts = [
            keys.app_secret.expose().as_bytes(),
            keys.consumer_key.expose().as_bytes(),
            method.as_bytes(),
            url.as_bytes(),
            body,
        ];
        let digest = parts.iter().fold(Sha1::new(), |sha, part| sha.chain_update(part).chain_update(b"+"));
        let digest = digest.chain_update(&timestamp).finalize();
        Self { signature: format!("$1${}", HEXLOWER.encode(&digest)), timestamp }
    }

    /// Returns the headers of the signed request.
    pub(super) fn headers<'a>(&'a self, keys: &'a OvhKeys) -> [(&'static str, &'a str); 5] {
        [
            ("Content-Type", "application/json"),
            ("X-Ovh-Application", keys.app_key.expose()),
            ("X-Ovh-Consumer", keys.consumer_key.expose()),
            ("X-Ovh-Timestamp", &self.timestamp),
            ("X-Ovh-Signature", &self.signature),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mfa_sms::PhoneNumber;

    use super::*;

    #[test]
    fn the_signature_of_the_fixed_call_is_the_known_one() {
        let secret = |text: &str| SecretText::new(text.to_owned());
        let keys = OvhKeys {
            app_key: secret("appkey"),
            app_secret: secret("appsecret"),
            consumer_key: secret("consumerkey"),
        };
        let url = "https://eu.api.ovh.com/1.0/sms/sms-ab12345-1/jobs";
        let body = br#"{"message":"123456 is your code","noStopClause":true,"priority":"high","receivers":["+33600000000"],"sender":"NOVA","validityPeriod":5}"#;
        let signed = OvhSignature::new(&keys, "POST", url, body, Timestamp::from_seconds(1_700_000_000));
        assert_eq!(signed.signature, "$1$845a11ea154e3d15d2cf55516031b461b53265b4");
        let headers = signed.headers(&keys);
        assert!(headers.contains(&("X-Ovh-Timestamp", "1700000000")));
        assert!(headers.contains(&("X-Ovh-Application", "appkey")));
        assert!(headers.contains(&("X-Ovh-Consumer", "consumerkey")));
    }

    #[test]
    fn a_job_is_compact_json_in_the_order_that_is_signed() {
        let message = SmsMessage {
            to: PhoneNumber::parse("0612345612", "FR").unwrap(),
            text: SecretText::new("012345 est à vous\n@a.fr #012345".into()),
            validity: Duration::from_secs(5 * 60 + 59),
        };
        let expected = r#"{"message":"012345 est à vous\n@a.fr #012345","noStopClause":true,"priority":"high","receivers":["+33612345612"],"sender":"NOVA","validityPeriod":5}"#;
        assert_eq!(String::from_utf8_lossy(&job(&message, "NOVA")), expected);
        let short = SmsMessage { validity: Duration::from_secs(20), ..message };
        assert!(job(&short, "NOVA").ends_with(br#""validityPeriod":1}"#));
    }
}
