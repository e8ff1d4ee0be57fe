//! The database: whether it is there, up to date, durable, and written by nobody else; and its clock.

use mfa_core::Timestamp;

use super::DoctorFinding;
use crate::database::{DatabaseFacts, DatabaseLocation};
use crate::settings::Settings;

const PART: &str = "database";
const CLOCK: &str = "clock";
/// Fewer updates than these say nothing about how they go.
const TELLING_UPDATES: i64 = 1_000;
/// In a hundred updates, how many should stay on their page.
const HOT_IN_A_HUNDRED: i64 = 90;
const ROLES: &str = "run deploy/postgresql/roles.sql as the owner of the tables";

pub(super) fn check(
    settings: &Settings,
    location: &DatabaseLocation,
    before: Timestamp,
    facts: Result<&DatabaseFacts, &String>,
) -> Vec<DoctorFinding> {
    let facts = match facts {
        Ok(facts) => facts,
        Err(error) => {
            let says = format!("{location} cannot be looked at: {error}");
            return vec![DoctorFinding::bad(PART, says, "check DATABASE_URL and that the server is running")];
        }
    };
    let mut findings = vec![schema(location, facts)];
    if let Some(damage) = &facts.damage {
        let says = format!("the file is damaged: {damage}");
        findings.push(DoctorFinding::bad(PART, says, "stop the server and take the last backup"));
    }
    if let Some(mode) = facts.open_to_others {
        let says = format!("others may read the file of the database: mode {mode:o}");
        findings.push(DoctorFinding::bad(PART, says, "run chmod 600 on it, as its owner"));
    }
    if !facts.missing_rights.is_empty() {
        let says = format!("this role lacks {}", facts.missing_rights.join(", "));
        findings.push(DoctorFinding::bad(PART, says, ROLES));
    }
    findings.extend(rows(facts));
    findings.extend(durable(settings, facts));
    findings.push(clock(settings, before, facts.time));
    findings
}

fn schema(location: &DatabaseLocation, facts: &DatabaseFacts) -> DoctorFinding {
    if facts.pending.is_empty() {
        return DoctorFinding::good(PART, format!("{location}: the schema is up to date"));
    }
    let pending = facts.pending.join(", ");
    let says = format!("{location}: the schema still needs {pending}");
    match location {
        // The server brings its own file up to date as it starts.
        DatabaseLocation::Sqlite(_) => {
            DoctorFinding::odd(PART, says, "start the server, or run mfa-admin migrate up")
        }
        DatabaseLocation::Postgres(_) => {
            DoctorFinding::bad(PART, says, "run mfa-admin migrate up as the owner of the tables")
        }
    }
}

fn rows(facts: &DatabaseFacts) -> Vec<DoctorFinding> {
    let mut findings: Vec<_> = facts
        .unsealed
        .iter()
        .map(|it| {
            let says = format!(
                "{} rows hold a value in {} that is not sealed, first that of user {}: these users cannot use it",
                it.rows, it.column, it.first
            );
            DoctorFinding::bad(PART, says, "run mfa-admin import nova-python, which seals it in place")
        })
        .collect();
    if !facts.other_writers.is_empty() {
        let roles = facts.other_writers.join(", ");
        let says = format!("other roles may write MFA columns, and so undo what was spent: {roles}");
        findings.push(DoctorFinding::odd(PART, says, ROLES));
    }
    if let Some(updates) = facts.updates.filter(|it| it.all >= TELLING_UPDATES) {
        let hot = updates.hot.saturating_mul(100).checked_div(updates.all).unwrap_or(0);
        let says = format!("{hot} in 100 updates of users are HOT");
        findings.push(if hot >= HOT_IN_A_HUNDRED {
            DoctorFinding::good(PART, says)
        } else {
            let cure = "drop indexes on updated_at and the MFA columns, end transactions that stay open, VACUUM users";
            DoctorFinding::odd(PART, says, cure)
        });
    }
    findings
}

/// A server for tests is set up like this, and so may one for a trial be.
fn durable(settings: &Settings, facts: &DatabaseFacts) -> Option<DoctorFinding> {
    if facts.careless.is_empty() {
        return None;
    }
    let says = format!(
        "{} is off in PostgreSQL: after a power cut spent codes may be good again",
        facts.careless.join(" and ")
    );
    let cure = "set it to on in postgresql.conf";
    Some(if settings.environment.is_development() {
        DoctorFinding::odd(PART, says, cure)
    } else {
        DoctorFinding::bad(PART, says, cure)
    })
}

fn clock(settings: &Settings, before: Timestamp, theirs: Option<Timestamp>) -> DoctorFinding {
    let Some(theirs) = theirs else {
        let says = "the database has no clock of its own: that of this machine decides";
        return DoctorFinding::good(CLOCK, says);
    };
    let apart = theirs.millis().abs_diff(before.millis());
    let says = format!("this machine and the database are {}.{:03} s apart", apart / 1000, apart % 1000);
    let cure = "let both machines keep time by NTP (timedatectl)";
    match settings.database.max_clock_skew {
        None => DoctorFinding::odd(CLOCK, format!("{says}, and nobody looks"), "set MFA_MAX_CLOCK_SKEW to 5"),
        Some(most) if u128::from(apart) > most.as_millis() => DoctorFinding::bad(
            CLOCK,
            format!("{says}, more than MFA_MAX_CLOCK_SKEW allows: codes are answered with 503 clock_skew"),
            cure,
        ),
        Some(_) if apart > 1_000 => DoctorFinding::odd(CLOCK, says, cure),
        Some(_) => DoctorFinding::good(CLOCK, says),
    }
}
