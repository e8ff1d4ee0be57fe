//! Checks of the values and columns that others wrote into the users table.

use super::finding::DoctorFinding;
use crate::database::{DatabaseInspection, SharedAddress};

const PART: &str = "database";
/// Statement that adds the index for addresses in lower case without locking the table.
const ADD_INDEX: &str = "run as the owner: CREATE INDEX CONCURRENTLY mfa_users_email_lower ON users (lower(email::text)); then restart the server";

/// Checks rows that cannot be read, addresses of several users, and the columns of times and addresses.
pub(super) fn check(facts: &DatabaseInspection) -> Vec<DoctorFinding> {
    let mut findings: Vec<_> = facts
        .unreadable
        .iter()
        .map(|it| {
            if it.column == "full_name" {
                let detail = format!(
                    "{} rows have a full_name that cannot be read: lists leave it out (first user: {})",
                    it.rows, it.first
                );
                return DoctorFinding::warning(PART, detail, "correct the values of users.full_name by SQL");
            }
            let detail = format!(
                "{} rows cannot be read because of {}: their users get errors (first user: {})",
                it.rows, it.column, it.first
            );
            let remedy = format!(
                "correct the values of users.{} by SQL, or run `mfa-admin user reset` for each of these users",
                it.column
            );
            DoctorFinding::problem(PART, detail, remedy)
        })
        .collect();
    if let Some(examined) = facts.examined {
        let detail =
            format!("only the first {examined} rows of the users table were examined, because it is large");
        findings.push(DoctorFinding::ok(PART, detail));
    }
    if let Some(names) = &facts.names_with_blanks {
        let detail = format!(
            "{} users have a user name or an email address with blanks around it, and cannot log in with it (first \
             user: {})",
            names.rows, names.first
        );
        let remedy = format!("remove the blanks by SQL: {}", names.statement);
        findings.push(DoctorFinding::warning(PART, detail, remedy));
    }
    if !facts.shared_addresses.is_empty() {
        let users =
            |it: &SharedAddress| it.users.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let shared: Vec<_> = facts.shared_addresses.iter().map(users).collect();
        let detail = format!(
            "users share an email address if its case is ignored, and can log in only with the exact one: users {}",
            shared.join("; users ")
        );
        findings.push(DoctorFinding::warning(PART, detail, "give each of these users an address of its own"));
    }
    if let Some(times) = &facts.zoneless_times {
        let remedy = format!("run as the owner: {}", times.statement());
        findings.push(DoctorFinding::warning(PART, times.detail(), remedy));
    }
    if facts.lacks_email_index {
        let detail = "the users table is large and has no index on lower(email): email addresses are found only as they \
                      are stored, or in lower case";
        findings.push(DoctorFinding::warning(PART, detail, ADD_INDEX));
    }
    findings
}
