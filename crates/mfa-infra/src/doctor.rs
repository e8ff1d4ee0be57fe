//! A look at an installation before its users find out: each part is one [`DoctorFinding`], which says what to do.
//!
//! It opens nothing for good, changes nothing and sends nothing: the database is read, Redis is asked whether it can
//! limit, and providers are asked who we are to them. To add a check: a finding in the file of its part.

mod database;
mod keys;
mod providers;
mod redis;
mod setup;

use std::sync::Arc;

use mfa_core::Clock;

use crate::Mfa;
use crate::crypto::SystemClock;
use crate::settings::Settings;
use crate::sms::{HttpLimits, SmsHttp};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoctorFinding {
    /// The part that it is about.
    pub part: &'static str,
    /// How it is.
    pub health: CheckStatus,
    /// What was found. Holds no secret.
    pub says: String,
    /// What to do about it, where something is to be done.
    pub cure: Option<String>,
}

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    /// As it should be.
    Good,
    /// It works, and is not how it should be for long.
    Odd,
    /// It must be mended.
    Bad,
}

impl CheckStatus {
    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Odd => "warning",
            Self::Bad => "problem",
        }
    }
}

impl DoctorFinding {
    /// As it should be.
    pub fn good(part: &'static str, says: impl Into<String>) -> Self {
        Self { part, health: CheckStatus::Good, says: says.into(), cure: None }
    }

    /// It works, and is not how it should be for long.
    pub fn odd(part: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { part, health: CheckStatus::Odd, says: says.into(), cure: Some(cure.into()) }
    }

    /// It must be mended.
    pub fn bad(part: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { part, health: CheckStatus::Bad, says: says.into(), cure: Some(cure.into()) }
    }
}

/// Looks at everything that these settings name. Blocks, for as long as the slowest part takes to answer.
pub fn examine(settings: &Settings) -> Vec<DoctorFinding> {
    examine_with(settings, HttpLimits::default())
}

fn examine_with(settings: &Settings, limits: HttpLimits) -> Vec<DoctorFinding> {
    let mut findings = setup::check(settings);
    let location = Mfa::location(settings);
    let clock = Arc::new(SystemClock);
    let before = clock.now();
    let facts = location.examine();
    findings.extend(database::check(settings, &location, before, facts.as_ref()));
    findings.extend(keys::check(settings, facts.as_ref().ok()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime {
        Ok(runtime) => {
            findings.extend(redis::check(settings, &runtime));
            let http = SmsHttp::new(runtime.handle().clone(), limits);
            findings.extend(providers::check(settings, &http, &(clock as Arc<dyn Clock>)));
        }
        Err(error) => findings.push(DoctorFinding::bad(
            "machine",
            format!("there are no threads to ask others with ({error})"),
            "give this process more threads or memory",
        )),
    }
    findings
}

#[cfg(test)]
mod tests;
