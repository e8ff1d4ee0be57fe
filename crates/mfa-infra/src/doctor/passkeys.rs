//! Checks of the passkeys: whether they are on, and whether their RP ID still is the one of the settings.

use super::finding::DoctorFinding;
use crate::database::DatabaseInspection;
use crate::settings::Settings;

const PART: &str = "passkeys";

/// Checks the settings, and compares them with the stored passkeys if `facts` are known.
pub(super) fn check(settings: &Settings, facts: Option<&DatabaseInspection>) -> Vec<DoctorFinding> {
    let stored = facts.map(|it| &it.passkeys);
    let Some(relying_party) = &settings.passkeys.relying_party else {
        let count: i64 = stored.map(|it| it.values().sum()).unwrap_or_default();
        let public_url = &settings.server.public_url;
        let (reason, remedy) = match public_url {
            Some(_) => (
                "PUBLIC_URL has an IP address, and browsers accept passkeys on domain names only",
                "set PUBLIC_URL to an address with a domain name",
            ),
            None => (
                "neither PUBLIC_URL nor MFA_RP_ID is set",
                "set PUBLIC_URL to the address of the login pages",
            ),
        };
        let stored = match count {
            0 => String::new(),
            count => format!("; {count} stored passkeys cannot be used"),
        };
        return vec![DoctorFinding::warning(PART, format!("passkeys are off: {reason}{stored}"), remedy)];
    };
    let rp_id = relying_party.id();
    let origins = relying_party.origins().join(", ");
    let mut findings = vec![DoctorFinding::ok(PART, format!("RP ID {rp_id}, pages of {origins}"))];
    for (other, count) in stored.into_iter().flatten().filter(|(other, _)| *other != rp_id) {
        findings.push(DoctorFinding::problem(
            PART,
            format!(
                "{count} stored passkeys belong to the RP ID {other:?} and cannot be used with {rp_id:?}"
            ),
            "set MFA_RP_ID to the former value, or let their users register new passkeys",
        ));
    }
    findings
}
