//! Command `config show`.

use mfa_infra::settings::Settings;
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, visible};

/// Lists every setting in effect and its source. Secrets are masked.
pub(super) fn show(settings: &Settings) -> CommandOutput {
    let mut lines = vec![["NAME", "VALUE", "SOURCE"].map(str::to_owned)];
    let mut rows = Vec::new();
    for setting in settings.displayed() {
        let value = setting.value.as_deref().map_or_else(|| "-".to_owned(), visible);
        lines.push([setting.name.to_owned(), value, visible(&setting.source)]);
        rows.push(json!({ "name": setting.name, "value": setting.value, "source": setting.source }));
    }
    CommandOutput { text: columns(&lines), json: Value::Array(rows) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mfa_infra::settings::Sources;

    use super::*;

    #[test]
    fn secrets_are_masked_and_sources_named() {
        let dir = tempfile::tempdir().unwrap();
        let secret = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
        let env = [("JWT_SECRET_KEY", secret), ("MFA_ISSUER", "ACME")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings =
            Settings::load(&Sources { dir: dir.path().to_owned(), env: BTreeMap::from(env) }).unwrap();
        let output = show(&settings);
        let row = json!({ "name": "MFA_ISSUER", "value": "ACME", "source": "environment" });
        assert!(output.json.as_array().unwrap().contains(&row), "{}", output.json);
        assert!(
            output
                .text
                .lines()
                .any(|line| { line.split_whitespace().eq(["JWT_SECRET_KEY", "***", "environment"]) })
        );
        assert!(!output.json.to_string().contains(secret) && !output.text.contains(secret));
    }
}
