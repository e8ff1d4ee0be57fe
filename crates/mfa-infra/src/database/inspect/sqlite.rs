//! A look at SQLite.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection, sql_query};
use mfa_core::SealedColumn;

use super::{ByKey, CANARIES, Count, DatabaseFacts, Line, PlaintextColumn, SEALED, one_line, unsealed_query};
use crate::database::migrate;

/// What `PRAGMA quick_check` says of a file that is whole.
const WHOLE: &str = "ok";

#[derive(diesel::QueryableByName)]
struct Check {
    #[diesel(sql_type = diesel::sql_types::Text)]
    quick_check: String,
}

pub(super) fn examine(path: &Path) -> Result<DatabaseFacts, String> {
    if !path.exists() {
        // The first start makes it. Opening would make it now.
        return Ok(DatabaseFacts { pending: migrate::all_of_sqlite()?, ..DatabaseFacts::default() });
    }
    let mode = path.metadata().map_err(|error| format!("{}: {error}", path.display()))?.mode() & 0o777;
    let open_to_others = (mode & 0o077 != 0).then_some(mode);
    let name = path.to_str().ok_or("the path of the database is no UTF-8")?;
    let mut connection = SqliteConnection::establish(&format!("file:{}?mode=rw", escaped(name)))
        .map_err(|error| one_line(&error))?;
    connection
        .batch_execute("PRAGMA busy_timeout = 2000; PRAGMA query_only = ON")
        .map_err(|error| one_line(&error))?;
    let pending = migrate::unapplied_to_sqlite(&mut connection)?;
    let facts = DatabaseFacts { pending, open_to_others, ..DatabaseFacts::default() };
    filled(facts, &mut connection).map_err(|error| one_line(&error))
}

/// What would end a path in an SQLite URI.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

fn filled(
    mut facts: DatabaseFacts,
    connection: &mut SqliteConnection,
) -> Result<DatabaseFacts, diesel::result::Error> {
    let checked: Vec<Check> = sql_query("PRAGMA quick_check(1)").load(connection)?;
    facts.damage = checked.into_iter().map(|it| it.quick_check).find(|it| it != WHOLE);
    if !facts.pending.is_empty() || facts.damage.is_some() {
        return Ok(facts);
    }
    let canaries: Vec<Line> = sql_query(CANARIES).load(connection)?;
    facts.canaries = canaries.into_iter().map(|it| it.value).collect();
    for column in SEALED.map(SealedColumn::as_str) {
        let Count { rows, first } = sql_query(unsealed_query(column)).get_result(connection)?;
        if rows > 0 {
            facts.unsealed.push(PlaintextColumn { column, rows, first });
        }
        let keys: Vec<ByKey> = sql_query(format!(
            "SELECT substr({column}, 4, instr(substr({column}, 4), '.') - 1) AS value, count(*) AS rows FROM users \
             WHERE {column} LIKE 'v1.%.%' GROUP BY 1"
        ))
        .load(connection)?;
        for ByKey { value, rows } in keys {
            let sum = facts.sealed_by.entry(value).or_default();
            *sum = sum.saturating_add(rows);
        }
    }
    Ok(facts)
}
