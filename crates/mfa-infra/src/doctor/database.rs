//! Checks of the database: reachable, migrated, durable, writable by the server alone; and of its clock.

use std::time::Duration;

use mfa_core::Timestamp;

use super::finding::DoctorFinding;
use super::odd_rows;
use crate::database::advice::advice;
use crate::database::{DatabaseInspection, DatabaseLocation, MigrationError};
use crate::settings::Settings;

const PART: &str = "database";
const CLOCK: &str = "clock";
/// Minimum number of updates for a meaningful ratio of HOT updates.
const MIN_UPDATES: i64 = 1_000;
/// Minimum percentage of HOT (heap-only tuple) updates, which need no index update.
const MIN_HOT_PERCENT: i64 = 90;
/// Time before the end of the partitions from which on a new one is missing: a month.
const LAST_MONTH: Duration = Duration::from_hours(31 * 24);
/// Table in which Diesel lists the applied migrations.
const MIGRATIONS_TABLE: &str = "__diesel_schema_migrations";
const ROLES: &str = "run deploy/postgresql/roles.sql as the owner of the tables";

/// Checks the database. `before`: time of this machine just before the facts were read.
pub(super) fn check(
    settings: &Settings,
    location: &DatabaseLocation,
    before: Timestamp,
    facts: Result<&DatabaseInspection, &String>,
) -> Vec<DoctorFinding> {
    let facts = match facts {
        Ok(facts) => facts,
        Err(error) => {
            let detail = format!("cannot inspect {location}: {error}");
            return vec![DoctorFinding::problem(PART, detail, unreadable(error))];
        }
    };
    let mut findings = vec![schema(settings, location, facts)];
    if let Some(damage) = &facts.damage {
        let detail = format!("the database file is damaged: {damage}");
        findings.push(DoctorFinding::problem(PART, detail, "stop the server and restore the last backup"));
    }
    if let Some(mode) = facts.open_to_others {
        let detail = format!("other users can read the database file (mode {mode:o})");
        findings.push(DoctorFinding::problem(PART, detail, "run chmod 600 on the file as its owner"));
    }
    if !facts.missing_rights.is_empty() {
        let detail = format!("the database role of the server lacks {}", facts.missing_rights.join(", "));
        findings.push(DoctorFinding::problem(PART, detail, ROLES));
    }
    findings.extend(rows(facts));
    findings.extend(odd_rows::check(facts));
    findings.extend(partitions(facts, before));
    findings.extend(durability(settings, facts));
    findings.push(clock(settings, before, facts.time));
    findings
}

/// Returns the remedy for a database that cannot be inspected.
///
/// A role without any grant is refused at the first table that is read, the list of applied migrations. PostgreSQL
/// translates its messages but not names, so the name of this table is what identifies the case in any language.
fn unreadable(error: &str) -> &'static str {
    if error.contains(MIGRATIONS_TABLE) { ROLES } else { advice(error) }
}

fn schema(settings: &Settings, location: &DatabaseLocation, facts: &DatabaseInspection) -> DoctorFinding {
    if facts.is_absent && !settings.environment.is_development() {
        let remedy = "correct DATABASE_URL, or run mfa-admin migrate up to create a new database";
        return DoctorFinding::problem(PART, format!("there is no database at {location}"), remedy);
    }
    if !facts.missing.is_empty() {
        let error = MigrationError::Incomplete(facts.missing.clone());
        let remedy =
            "see docs/from-python.md, and keep the migrations of other programs away from these objects";
        return DoctorFinding::problem(PART, format!("{location}: {error}"), remedy);
    }
    if facts.pending.is_empty() {
        return DoctorFinding::ok(PART, format!("{location}: the schema is up to date"));
    }
    let pending = facts.pending.join(", ");
    let detail = format!("{location}: migrations are pending: {pending}");
    match location {
        // The server applies migrations to an SQLite file at its start.
        DatabaseLocation::Sqlite(_) => {
            DoctorFinding::warning(PART, detail, "start the server, or run mfa-admin migrate up")
        }
        DatabaseLocation::Postgres(_) => {
            DoctorFinding::problem(PART, detail, "run mfa-admin migrate up as the owner of the tables")
        }
    }
}

fn rows(facts: &DatabaseInspection) -> Vec<DoctorFinding> {
    let mut findings: Vec<_> = facts
        .unsealed
        .iter()
        .map(|it| {
            let detail = format!(
                "{} rows have an unencrypted value in {}, which is not used (first user: {})",
                it.rows, it.column, it.first
            );
            DoctorFinding::problem(
                PART,
                detail,
                "run mfa-admin import nova-python, which encrypts the values",
            )
        })
        .collect();
    if let Some(codes) = facts.unreadable_codes {
        let detail = format!(
            "{} rows have recovery codes in an unknown form, which match nothing (first user: {})",
            codes.rows, codes.first
        );
        let remedy = "run mfa-admin import nova-python if the Python service wrote them, or have the users generate new \
                      codes";
        findings.push(DoctorFinding::problem(PART, detail, remedy));
    }
    if !facts.old_columns.is_empty() {
        let hidden = facts.hidden_from_old_columns;
        let detail = format!(
            "columns of the Python service still have values: {}. A login that reads them asks {hidden} users for no \
             second factor",
            facts.old_columns.join(", ")
        );
        let remedy =
            "have NOVA read the columns of NOVA MFA (docs/from-python.md), then drop or empty the old ones";
        findings.push(DoctorFinding::warning(PART, detail, remedy));
    }
    if !facts.other_writers.is_empty() {
        let roles = facts.other_writers.join(", ");
        let detail =
            format!("other roles can write MFA columns, and so make used codes valid again: {roles}");
        findings.push(DoctorFinding::warning(PART, detail, ROLES));
    }
    if let Some(updates) = facts.updates.filter(|it| it.all >= MIN_UPDATES) {
        let hot = updates.hot.saturating_mul(100).checked_div(updates.all).unwrap_or(0);
        let detail = format!("{hot} % of the updates of the users table are HOT");
        findings.push(if hot >= MIN_HOT_PERCENT {
            DoctorFinding::ok(PART, detail)
        } else {
            let remedy =
                "drop indexes on updated_at and the MFA columns, end idle transactions, run VACUUM users";
            DoctorFinding::warning(PART, detail, remedy)
        });
    }
    findings
}

/// Checks that the audit log has a partition for the next month, if it is partitioned.
fn partitions(facts: &DatabaseInspection, now: Timestamp) -> Option<DoctorFinding> {
    let end = facts.partitions_end?;
    let shown = end.to_rfc3339().unwrap_or_default();
    let day = shown.get(..10).unwrap_or(&shown);
    if end > now.plus(LAST_MONTH) {
        return Some(DoctorFinding::ok(PART, format!("the audit log has monthly partitions until {day}")));
    }
    let detail = format!(
        "the partitions of the audit log end on {day}: later events go to mfa_events_default, which grows without end"
    );
    Some(DoctorFinding::warning(
        PART,
        detail,
        "run mfa-admin audit partition as the owner of the tables, each month",
    ))
}

/// Checks the durability settings of PostgreSQL. In development, where they are often off, they are a warning only.
fn durability(settings: &Settings, facts: &DatabaseInspection) -> Option<DoctorFinding> {
    if facts.careless.is_empty() {
        return None;
    }
    let detail = format!(
        "{} is off in PostgreSQL: after a power failure, used codes could be accepted again",
        facts.careless.join(" and ")
    );
    let remedy = "set it to on in postgresql.conf";
    Some(if settings.environment.is_development() {
        DoctorFinding::warning(PART, detail, remedy)
    } else {
        DoctorFinding::problem(PART, detail, remedy)
    })
}

fn clock(settings: &Settings, before: Timestamp, database_time: Option<Timestamp>) -> DoctorFinding {
    let Some(database_time) = database_time else {
        let detail = "an SQLite database has no clock of its own; this machine's clock applies";
        return DoctorFinding::ok(CLOCK, detail);
    };
    let difference = database_time.millis().abs_diff(before.millis());
    let detail = format!(
        "the clocks of this machine and the database differ by {}.{:03} s",
        difference / 1000,
        difference % 1000
    );
    let remedy = "synchronise both machines with NTP (see timedatectl)";
    match settings.database.max_clock_skew {
        None => DoctorFinding::warning(
            CLOCK,
            format!("{detail}, and the difference is not checked"),
            "set MFA_MAX_CLOCK_SKEW=5",
        ),
        Some(most) if u128::from(difference) > most.as_millis() => DoctorFinding::problem(
            CLOCK,
            format!("{detail}, more than MFA_MAX_CLOCK_SKEW: code verifications return 503 clock_skew"),
            remedy,
        ),
        Some(_) if difference > 1_000 => DoctorFinding::warning(CLOCK, detail, remedy),
        Some(_) => DoctorFinding::ok(CLOCK, detail),
    }
}
