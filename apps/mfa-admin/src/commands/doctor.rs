//! `doctor`

use mfa_infra::doctor::{self, CheckStatus, DoctorFinding};
use mfa_infra::settings::{Settings, SettingsError};
use serde_json::json;

use crate::command_output::{CommandOutput, visible};
use crate::error::{CliError, Findings};

/// Looks at the whole installation, and tells of each part in a line, with what to do.
///
/// # Errors
///
/// [`CliError::Found`] with the same answer, where something must be mended.
pub(super) fn run(settings: Result<Settings, SettingsError>) -> Result<CommandOutput, CliError> {
    let findings = match settings {
        Ok(settings) => doctor::diagnose(&settings),
        Err(error) => {
            let cure = "mend it, then ask again: nothing else was looked at";
            vec![DoctorFinding::problem("settings", error.to_string(), cure)]
        }
    };
    let answer = render(&findings);
    let well = findings.iter().all(|it| it.status != CheckStatus::Problem);
    if well {
        return Ok(answer);
    }
    let (code, sentence) = ("unwell", "something must be mended: see above".to_owned());
    let CommandOutput { text, json } = answer;
    Err(CliError::Found(Box::new(Findings { code, sentence, text, json })))
}

fn render(findings: &[DoctorFinding]) -> CommandOutput {
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
    fn each_finding_is_a_line_with_what_to_do() {
        let answer = render(&[
            DoctorFinding::ok("clock", "0.001 s apart"),
            DoctorFinding::problem("redis", "away\u{1b}[2J", "start it"),
        ]);
        assert_eq!(
            answer.text,
            "ok       clock     0.001 s apart\nproblem  redis     away\\u{1b}[2J -> start it"
        );
        let clock = json!({ "part": "clock", "state": "ok", "detail": "0.001 s apart", "remedy": null });
        assert_eq!(answer.json["findings"][0], clock);
        assert_eq!(answer.json["state"], "problem");
    }

    #[test]
    fn settings_that_cannot_be_read_are_a_finding_too() {
        let error = SettingsError::Unknown {
            name: "MFA_BINDD".to_owned(),
            place: "the environment".to_owned(),
            nearest: "MFA_BIND".to_owned(),
        };
        let Err(CliError::Found(answer)) = run(Err(error)) else { panic!("nothing was found") };
        assert!(
            answer.text.starts_with("problem  settings  MFA_BINDD in the environment"),
            "{}",
            answer.text
        );
    }
}
