//! Diagnosis of an installation (`mfa-admin doctor`): one [`DoctorFinding`] per check, with a remedy.
//!
//! The checks are read-only and send no SMS and no mail. They read the database, test whether Redis can enforce rate
//! limits, log in to the mail server, and query the SMS providers for the status of the account.
//!
//! To add a check, return one more finding from the module of its part.

mod database;
mod files;
mod finding;
mod keys;
mod mail;
mod odd_rows;
mod passkeys;
mod providers;
mod redis;
mod setup;

use std::sync::Arc;

use mfa_core::Clock;

use crate::Mfa;
use crate::crypto::SystemClock;
use crate::settings::Settings;
use crate::sms::{HttpLimits, SmsHttpClient};

pub use finding::{CheckStatus, DoctorFinding};

/// Checks everything that these settings configure. Blocks until the slowest part has answered.
pub fn diagnose(settings: &Settings) -> Vec<DoctorFinding> {
    diagnose_with(settings, HttpLimits::default())
}

fn diagnose_with(settings: &Settings, limits: HttpLimits) -> Vec<DoctorFinding> {
    let clock = Arc::new(SystemClock);
    let mut findings = setup::check(settings, clock.now());
    findings.extend(files::check(settings));
    let location = Mfa::location(settings);
    let before = clock.now();
    let facts = location.examine();
    findings.extend(database::check(settings, &location, before, facts.as_ref()));
    findings.extend(keys::check(settings, facts.as_ref().ok()));
    findings.extend(passkeys::check(settings, facts.as_ref().ok()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime {
        Ok(runtime) => {
            findings.extend(redis::check(settings, &runtime));
            findings.extend(mail::check(settings, &runtime));
            let http = SmsHttpClient::new(runtime.handle().clone(), limits);
            findings.extend(providers::check(settings, &http, &(clock as Arc<dyn Clock>)));
        }
        Err(error) => findings.push(DoctorFinding::problem(
            "machine",
            format!("cannot start threads to check Redis, the mail server and the SMS providers ({error})"),
            "allow this process more threads or memory",
        )),
    }
    findings
}

#[cfg(test)]
mod tests;
