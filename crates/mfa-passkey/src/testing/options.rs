//! The members of WebAuthn options that the authenticator reads.

use serde_json::Value;

use crate::base64url;

/// Creation options.
#[derive(Debug)]
pub(super) struct CreationMembers {
    pub(super) rp_id: String,
    pub(super) challenge: String,
    pub(super) user_handle: Vec<u8>,
    pub(super) algorithms: Vec<i64>,
    pub(super) excluded: Vec<Vec<u8>>,
}

impl CreationMembers {
    pub(super) fn parse(json: &str) -> Option<Self> {
        let options: Value = serde_json::from_str(json).ok()?;
        Some(Self {
            rp_id: text(&options, "/rp/id")?,
            challenge: text(&options, "/challenge")?,
            user_handle: base64url::decode(&text(&options, "/user/id")?)?,
            algorithms: list(&options, "/pubKeyCredParams")
                .iter()
                .filter_map(|it| it.get("alg")?.as_i64())
                .collect(),
            excluded: ids(&options, "/excludeCredentials"),
        })
    }
}

/// Request options.
#[derive(Debug)]
pub(super) struct RequestMembers {
    pub(super) rp_id: String,
    pub(super) challenge: String,
    pub(super) allowed: Vec<Vec<u8>>,
}

impl RequestMembers {
    pub(super) fn parse(json: &str) -> Option<Self> {
        let options: Value = serde_json::from_str(json).ok()?;
        Some(Self {
            rp_id: text(&options, "/rpId")?,
            challenge: text(&options, "/challenge")?,
            allowed: ids(&options, "/allowCredentials"),
        })
    }
}

fn text(options: &Value, path: &str) -> Option<String> {
    options.pointer(path)?.as_str().map(str::to_owned)
}

fn list<'a>(options: &'a Value, path: &str) -> &'a [Value] {
    options.pointer(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn ids(options: &Value, path: &str) -> Vec<Vec<u8>> {
    list(options, path).iter().filter_map(|it| base64url::decode(it.get("id")?.as_str()?)).collect()
}
