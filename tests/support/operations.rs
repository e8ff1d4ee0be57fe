//! Operations of a server, read from its OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Answer, Client, Request};

/// Operation of the OpenAPI document.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Method, such as `POST`.
    pub method: String,
    /// Path with parameters in braces.
    pub path: String,
    /// Operation object of the document.
    pub specification: Value,
    document: Value,
}

impl Operation {
    /// Returns all operations.
    #[track_caller]
    pub fn all(client: Client) -> Vec<Self> {
        let document = client.get("/openapi.json").send();
        assert_eq!(document.status, 200, "{document:?}");
        let document = document.json();
        let mut all = Vec::new();
        for (path, item) in document.get("paths").and_then(Value::as_object).expect("paths") {
            for (method, specification) in item.as_object().expect("operations") {
                let (method, path) = (method.to_uppercase(), path.clone());
                all.push(Self {
                    method,
                    path,
                    specification: specification.clone(),
                    document: document.clone(),
                });
            }
        }
        assert!(!all.is_empty(), "a document without operations");
        all
    }

    /// Returns method and path, as in `POST /api/mfa/verify/totp`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether the operation is not a `GET`.
    pub fn changes(&self) -> bool {
        self.method != "GET"
    }

    /// Whether the operation requires a token or a key.
    pub fn requires_credentials(&self) -> bool {
        let schemes = self.specification.get("security").and_then(Value::as_array);
        !schemes.expect("an operation without `security`").is_empty()
    }

    /// Returns the documented status codes.
    pub fn statuses(&self) -> BTreeSet<u16> {
        let responses = self.specification.get("responses").and_then(Value::as_object).expect("responses");
        responses.keys().filter_map(|it| it.parse().ok()).collect()
    }

    /// Creates a request with the documented example body and this user id in the path.
    pub fn example(&self, client: Client, user: i64) -> Request {
        let call = client.request(&self.method, &self.path_for_user(user));
        let media = self.specification.pointer("/requestBody/content").and_then(Value::as_object);
        let media = media.and_then(|media| media.iter().next());
        match media {
            Some((kind, content)) => {
                let example = content.get("example").cloned().unwrap_or_default();
                if kind == "application/json" { call.json(&example) } else { call.body(kind, form(&example)) }
            }
            None if self.method == "POST" => client.post(&self.path_for_user(user)),
            None => call,
        }
    }

    /// Returns the path with this user id as parameter.
    pub fn path_for_user(&self, user: i64) -> String {
        self.path.replace("{id}", &user.to_string()).replace("{secret}", "0f3c7a9e5b2d")
    }

    /// Asserts that the response is documented: status, error code, members of the body, and headers.
    #[track_caller]
    pub fn assert_documented(&self, answer: &Answer) {
        let name = self.name();
        let response = self.specification.pointer(&format!("/responses/{}", answer.status));
        let response =
            response.unwrap_or_else(|| panic!("{name}: {} is not documented: {answer:?}", answer.status));
        if answer.status >= 400 && answer.json().get("code").is_some() {
            // Each code of the operation has an example.
            let examples = response.pointer("/content/application~1problem+json/examples");
            let examples = examples
                .and_then(Value::as_object)
                .unwrap_or_else(|| panic!("{name}: no codes of {answer:?}"));
            let code = answer.json().get("code").cloned();
            let is_documented = |it: &Value| it.pointer("/value/code") == code.as_ref();
            assert!(examples.values().any(is_documented), "{name}: undocumented code: {answer:?}");
        }
        let media = answer.header("content-type");
        let content = response.get("content").and_then(Value::as_object);
        match (media, content) {
            (None, None) => assert_eq!(answer.text(), "", "{name}"),
            (Some(media), Some(content)) if content.keys().any(|it| essence(it) == essence(media)) => {
                let schema = content.iter().find(|(it, _)| essence(it) == essence(media));
                let schema = schema.and_then(|(_, content)| content.get("schema"));
                if let Some(known) = schema.and_then(|schema| self.members(schema)) {
                    let sent = answer.json();
                    let sent = sent.as_object().map(|it| it.keys().cloned().collect()).unwrap_or_default();
                    let unknown: Vec<_> = BTreeSet::difference(&sent, &known).collect();
                    assert!(unknown.is_empty(), "{name}: undocumented members: {unknown:?}");
                }
            }
            (media, _) => panic!("{name}: {media:?} is not documented for {}", answer.status),
        }
        let documented = |header: &str| response.pointer(&format!("/headers/{header}")).is_some();
        for header in ["X-Request-Id", "Retry-After", "WWW-Authenticate", "RateLimit", "RateLimit-Policy"] {
            let sent = answer.header(&header.to_lowercase()).is_some();
            assert!(!sent || documented(header), "{name}: {header} is not documented for {}", answer.status);
        }
    }

    /// Returns the members of a schema and its parts; `None` if the schema lists none.
    fn members(&self, schema: &Value) -> Option<BTreeSet<String>> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.members(self.document.pointer(reference.trim_start_matches('#'))?);
        }
        let own = schema.get("properties").and_then(Value::as_object);
        let mut members: BTreeSet<String> = own.map(|it| it.keys().cloned().collect()).unwrap_or_default();
        for word in ["allOf", "oneOf"] {
            for part in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
                members.extend(self.members(part).unwrap_or_default());
            }
        }
        (!members.is_empty()).then_some(members)
    }
}

/// Returns a media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or(media_type)
}

fn form(fields: &Value) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.as_object().into_iter().flatten() {
        form.append_pair(name, value.as_str().unwrap_or_default());
    }
    form.finish()
}
