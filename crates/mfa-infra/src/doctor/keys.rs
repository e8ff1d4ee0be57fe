//! The keys: whether they are there, and whether they are those that the data was sealed with.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::DoctorFinding;
use crate::crypto::{AesGcmCipher, KeyRing, OsEntropy};
use crate::database::DatabaseFacts;
use crate::settings::{KeySource, Settings};

const PART: &str = "keys";

pub(super) fn check(settings: &Settings, facts: Option<&DatabaseFacts>) -> Vec<DoctorFinding> {
    let mut findings = vec![tokens(settings)];
    // Keys that the server makes for itself are made at its first start, and not by looking.
    if matches!(settings.encryption, KeySource::Generated) && !settings.keys_are_made() {
        findings.push(DoctorFinding::good(PART, "no keys yet: the first start makes them"));
        return findings;
    }
    let keys = match settings.keys(&OsEntropy) {
        Ok(keys) => keys.encryption,
        Err(error) => {
            findings.push(DoctorFinding::bad(PART, error.to_string(), "mend what the sentence names"));
            return findings;
        }
    };
    let names: BTreeSet<String> = keys.iter().map(|(id, _)| id.to_string()).collect();
    let first = keys.first().map(|(id, _)| id.to_string()).unwrap_or_default();
    match KeyRing::new(keys) {
        Ok(ring) => findings.extend(facts.map(|facts| key_check_value(&ring, facts))),
        Err(error) => {
            let cure = "give id:base64 of 32 bytes each, by comma (mfa-admin keys generate)";
            findings.push(DoctorFinding::bad(PART, format!("MFA_ENCRYPTION_KEYS: {error}"), cure));
        }
    }
    findings.extend(facts.into_iter().flat_map(|facts| sealed(facts, &names, &first)));
    findings
}

fn tokens(settings: &Settings) -> DoctorFinding {
    let tokens = &settings.tokens;
    let what = match tokens.algorithm.of_private_keys() {
        None => "access tokens are signed by the shared secret (HS256)".to_owned(),
        Some(algorithm) => format!("access tokens are signed by a private key ({})", algorithm.as_str()),
    };
    let published = tokens.private_keys.len();
    DoctorFinding::good(PART, format!("{what}; public keys published: {published}"))
}

fn key_check_value(ring: &KeyRing, facts: &DatabaseFacts) -> DoctorFinding {
    if facts.canaries.is_empty() {
        return DoctorFinding::good(PART, "nothing was sealed in this database yet");
    }
    // As a start does: one key that is missing, or another one of its name, and it is refused.
    let cipher = AesGcmCipher::new(ring, Arc::new(OsEntropy));
    match facts.canaries.iter().try_for_each(|key_check_value| cipher.check_key_check_value(key_check_value))
    {
        Ok(()) => DoctorFinding::good(PART, "MFA_ENCRYPTION_KEYS holds the keys of this database"),
        Err(error) => DoctorFinding::bad(
            PART,
            format!(
                "MFA_ENCRYPTION_KEYS does not hold the keys that this database was sealed with ({error})"
            ),
            "give the key ring that it was last used with",
        ),
    }
}

fn sealed(facts: &DatabaseFacts, names: &BTreeSet<String>, first: &str) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    let mut older = 0_i64;
    for (key, rows) in &facts.sealed_by {
        if !names.contains(key) {
            findings.push(DoctorFinding::bad(
                PART,
                format!("{rows} values are sealed by the key {key}, which MFA_ENCRYPTION_KEYS does not hold"),
                "put that key behind the first one",
            ));
        } else if key != first {
            older = older.saturating_add(*rows);
        }
    }
    if older > 0 {
        findings.push(DoctorFinding::odd(
            PART,
            format!("{older} values are sealed by a key that is not the first one"),
            "run mfa-admin keys rotate before a key is taken out",
        ));
    }
    findings
}
