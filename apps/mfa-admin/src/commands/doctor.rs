//! Command `doctor`.

use mfa_infra::doctor::{self, CheckStatus, DoctorFinding};
use mfa_infra::settings::{Settings, SettingsError};
use serde_json::json;

use crate::command_output::{CommandOutput, visible};
use crate::error::CliError;

/// Checks the whole installation, and returns a line with the result and the remedy of each check.
///
/// # Errors
///
/// [`CliError::Unsuccessful`] with the same output if there is a problem.
pub(super) fn run(settings: Result<Settings, SettingsError>) -> Result<CommandOutput, CliError> {
    let findings = match settings {
        Ok(settings) => doctor::diagnose(&settings),
        Err(error) => {
            let cure = "correct it and run mfa-admin doctor again: nothing else was checked";
            let errors = match error {
                SettingsError::Several(errors) => errors,
                one => vec![one],
            };
            errors.iter().map(|it| DoctorFinding::problem("settings", it.to_string(), cure)).collect()
        }
    };
    let output = format_findings(&findings);
    let is_healthy = findings.iter().all(|it| it.status != CheckStatus::Problem);
    if is_healthy {
        return Ok(output);
    }
    let message = "problems found: see the output for remedies".to_owned();
    Err(CliError::Unsuccessful { message, output: Box::new(output) })
}

fn format_findings(findings: &[DoctorFinding]) -> CommandOutput {
    let line = |it: &DoctorFinding| {
        let cure = it.remedy.as_deref().map(|cure| format!(" -> {cure}")).unwrap_or_default();
        let (health, part) = (it.status.as_str(), it.part);
        format!("{health:<7}  {part:<8}  {}{}", visible(&it.detail), visible(&cure))
    };
    let document = |it: &DoctorFinding| json!({ "part": it.part, "state": it.status.as_str(), "detail": it.detail, "remedy": it.remedy });
    let worst = findings.iter().map(|it| it.status).max().unwrap_or(CheckStatus::Ok);
    CommandOutput {
        text: findings.iter().map(line).collect::<Vec<_>>().join("\n"),
        json: json!({
            "state": worst.as_str(),
            "findings": findings.iter().map(document).collect::<Vec<_>>(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refused_setting_is_a_finding() {
        let dir = tempfile::tempdir().unwrap();
        let env = [("MFA_LOCALE", "de"), ("MFA_BIND", "x")].map(|(name, value)| (name.into(), value.into()));
        let sources = mfa_infra::settings::Sources { dir: dir.path().to_owned(), env: env.into() };
        let error = run(Settings::load(&sources)).unwrap_err();
        let CliError::Unsuccessful { output, .. } = error else { panic!("{error}") };
        assert_eq!(output.json["findings"].as_array().unwrap().len(), 2, "{}", output.json);
        assert!(output.text.lines().count() == 2 && !output.text.contains("u{a}"), "{}", output.text);
    }

    #[test]
    fn each_finding_is_a_line_with_its_remedy() {
        let output = format_findings(&[
            DoctorFinding::ok("clock", "0.001 s apart"),
            DoctorFinding::problem("redis", "away\u{1b}[2J", "start it"),
        ]);
        assert_eq!(
            output.text,
            "ok       clock     0.001 s apart\nproblem  redis     away\\u{1b}[2J -> start it"
        );
        let clock = json!({ "part": "clock", "state": "ok", "detail": "0.001 s apart", "remedy": null });
        assert_eq!(output.json["findings"][0], clock);
        assert_eq!(output.json["state"], "problem");
    }

    #[test]
    fn invalid_settings_are_a_finding() {
        let error = SettingsError::Unknown {
            name: "MFA_BINDD".to_owned(),
            place: "the environment".to_owned(),
            nearest: "MFA_BIND".to_owned(),
        };
        let Err(CliError::Unsuccessful { output, .. }) = run(Err(error)) else { panic!("no problem found") };
        assert!(
            output.text.starts_with("problem  settings  MFA_BINDD in the environment"),
            "{}",
            output.text
        );
    }
}
