//! Checks of the keys: present, valid, and those that encrypted the data.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::finding::DoctorFinding;
use crate::crypto::{AesGcmCipher, KeyRing, OsEntropy};
use crate::database::DatabaseInspection;
use crate::settings::{KeySource, Settings};

const PART: &str = "keys";

/// Checks the keys, and compares them with the database if `facts` are known.
pub(super) fn check(settings: &Settings, facts: Option<&DatabaseInspection>) -> Vec<DoctorFinding> {
    let mut findings = vec![token_keys(settings)];
    // Generated keys are created at the first start, not by a check.
    if matches!(settings.encryption, KeySource::Generated) && !settings.generated_keys_exist() {
        findings.push(generated_keys(settings, facts));
        return findings;
    }
    let keys = match settings.keys(&OsEntropy) {
        Ok(keys) => keys.encryption,
        Err(error) => {
            findings.push(DoctorFinding::problem(
                PART,
                error.to_string(),
                "correct it and run the command again",
            ));
            return findings;
        }
    };
    let names: BTreeSet<String> = keys.iter().map(|(id, _)| id.to_string()).collect();
    let first = keys.first().map(|(id, _)| id.to_string()).unwrap_or_default();
    let place = match settings.encryption {
        KeySource::Given(_) => "MFA_ENCRYPTION_KEYS".to_owned(),
        KeySource::Generated => settings.generated_keys_path().display().to_string(),
    };
    match KeyRing::new(keys) {
        Ok(ring) => findings.extend(facts.map(|facts| key_check_value(&ring, facts, &place))),
        Err(error) => {
            let remedy = "use id:base64 of 32 bytes each, separated by commas (mfa-admin keys generate)";
            findings.push(DoctorFinding::problem(PART, format!("{place}: {error}"), remedy));
        }
    }
    findings.extend(facts.into_iter().flat_map(|facts| keys_in_use(facts, &names, &first, &place)));
    findings
}

/// Returns the finding for a file of generated keys that does not exist: not yet, or not any more.
fn generated_keys(settings: &Settings, facts: Option<&DatabaseInspection>) -> DoctorFinding {
    let is_sealed = |it: &DatabaseInspection| !it.key_check_values.is_empty() || !it.sealed_by.is_empty();
    if facts.is_some_and(is_sealed) {
        let path = settings.generated_keys_path();
        return DoctorFinding::problem(
            PART,
            format!("{} is missing, and values in the database are encrypted with its key", path.display()),
            "restore the file from a backup, or move the database away to start with an empty one",
        );
    }
    DoctorFinding::ok(PART, "no keys yet: the first start generates them")
}

fn token_keys(settings: &Settings) -> DoctorFinding {
    let tokens = &settings.tokens;
    let what = match tokens.algorithm.private_key_algorithm() {
        None => "access tokens are signed with the shared secret (HS256)".to_owned(),
        Some(algorithm) => format!("access tokens are signed with a private key ({})", algorithm.as_str()),
    };
    let published = tokens.private_keys.len();
    DoctorFinding::ok(PART, format!("{what}; public keys published: {published}"))
}

fn key_check_value(ring: &KeyRing, facts: &DatabaseInspection, place: &str) -> DoctorFinding {
    if facts.key_check_values.is_empty() {
        return DoctorFinding::ok(PART, "no value in this database is encrypted yet");
    }
    // The same check as at a start, which fails for a missing key and for another key with the same id.
    let cipher = AesGcmCipher::new(ring, Arc::new(OsEntropy));
    match facts
        .key_check_values
        .iter()
        .try_for_each(|key_check_value| cipher.check_key_check_value(key_check_value))
    {
        Ok(()) => DoctorFinding::ok(PART, format!("{place} contains the keys of this database")),
        Err(error) => DoctorFinding::problem(
            PART,
            format!("{place} does not contain the keys that encrypted this database ({error})"),
            "restore the key ring that was last used with this database",
        ),
    }
}

fn keys_in_use(
    facts: &DatabaseInspection,
    names: &BTreeSet<String>,
    first: &str,
    place: &str,
) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    let mut older = 0_i64;
    for (key, rows) in &facts.sealed_by {
        if !names.contains(key) {
            findings.push(DoctorFinding::problem(
                PART,
                format!("{rows} values are encrypted with key {key}, which {place} does not contain"),
                "add that key after the first one",
            ));
        } else if key != first {
            older = older.saturating_add(*rows);
        }
    }
    if older > 0 {
        findings.push(DoctorFinding::warning(
            PART,
            format!("{older} values are encrypted with a key other than the first one"),
            "run mfa-admin keys rotate before you remove a key",
        ));
    }
    findings
}
