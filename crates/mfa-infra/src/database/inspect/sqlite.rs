//! Inspection of SQLite.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection, sql_query};
use mfa_core::SealedColumn;
use rustix::fs::{Access, access};

use super::facts::{DatabaseInspection, PlaintextColumn};
use super::odd_rows;
use super::rows::{
    KEY_CHECK_VALUES, KeyCount, PlaintextCount, SEALED, count_passkeys, count_sealed, counted, one_line,
    reason, unsealed_query,
};
use crate::database::location::file_exists;
use crate::database::pool::TextRow;
use crate::database::required_schema::MissingObject;
use crate::database::sqlite::connect;
use crate::database::{migrate, required_schema};

/// Result of `PRAGMA quick_check` for an intact file.
const INTACT: &str = "ok";

/// Query for recovery codes that are no list of objects with the members `id` and `digest`.
const UNREADABLE_CODES: &str = "SELECT count(*) AS rows, coalesce(CAST(min(id) AS bigint), 0) AS first FROM users \
    WHERE trim(coalesce(recovery_codes, '')) <> '' AND CASE WHEN NOT json_valid(recovery_codes) THEN TRUE \
    ELSE CASE json_type(recovery_codes) WHEN 'null' THEN FALSE WHEN 'array' THEN EXISTS ( \
        SELECT 1 FROM json_each(recovery_codes) AS code WHERE code.type <> 'object' \
            OR coalesce(json_type(code.value, '$.id'), '') <> 'text' \
            OR coalesce(json_type(code.value, '$.digest'), '') <> 'text') \
    ELSE TRUE END END";

#[derive(diesel::QueryableByName)]
struct QuickCheckRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    quick_check: String,
}

/// Inspects a file.
pub(super) fn examine(path: &Path) -> Result<DatabaseInspection, String> {
    if !file_exists(path)? {
        // The first start creates the file. Opening it would create it now.
        return Ok(DatabaseInspection {
            is_absent: true,
            pending: migrate::all_of_sqlite()?,
            ..DatabaseInspection::default()
        });
    }
    let metadata = path.metadata().map_err(|error| format!("{}: {error}", path.display()))?;
    let (mode, is_absent) = (metadata.mode() & 0o777, metadata.len() == 0);
    let open_to_others = (mode & 0o077 != 0).then_some(mode);
    // SQLite does not say why it cannot open a file. To open it here would drop the locks of SQLite in this process.
    access(path, Access::READ_OK)
        .map_err(|error| format!("{}: {}", path.display(), io::Error::from(error)))?;
    let name = connect::name(path)?;
    let mut connection = SqliteConnection::establish(&format!("file:{}?mode=rw", escaped(name)))
        .map_err(|error| one_line(&error))?;
    connection
        .batch_execute("PRAGMA busy_timeout = 2000; PRAGMA query_only = ON")
        .map_err(|error| one_line(&error))?;
    let pending = migrate::unapplied_to_sqlite(&mut connection).map_err(|error| reason(&error))?;
    let facts = DatabaseInspection { is_absent, pending, open_to_others, ..DatabaseInspection::default() };
    complete(facts, &mut connection).map_err(|error| one_line(&error))
}

/// Escapes the characters that end a path in an SQLite URI.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// Completes the facts from an open database.
fn complete(
    mut facts: DatabaseInspection,
    connection: &mut SqliteConnection,
) -> Result<DatabaseInspection, diesel::result::Error> {
    let checked: Vec<QuickCheckRow> = sql_query("PRAGMA quick_check(1)").load(connection)?;
    facts.damage = checked.into_iter().map(|it| it.quick_check).find(|it| it != INTACT);
    if !facts.pending.is_empty() || facts.damage.is_some() {
        return Ok(facts);
    }
    facts.missing = required_schema::missing_in_sqlite(connection)?;
    // Without a trigger, everything can still be read.
    if facts.missing.iter().any(|it| !matches!(it, MissingObject::Trigger(_))) {
        return Ok(facts);
    }
    facts.unreadable_codes = counted(&sql_query(UNREADABLE_CODES).get_result(connection)?);
    let key_check_values: Vec<TextRow> = sql_query(KEY_CHECK_VALUES).load(connection)?;
    facts.key_check_values = key_check_values.into_iter().map(|it| it.value).collect();
    for column in SEALED.map(SealedColumn::as_str) {
        let PlaintextCount { rows, first } = sql_query(unsealed_query(column)).get_result(connection)?;
        if rows > 0 {
            facts.unsealed.push(PlaintextColumn { column, rows, first });
        }
        let keys: Vec<KeyCount> = sql_query(format!(
            "SELECT substr({column}, 4, instr(substr({column}, 4), '.') - 1) AS value, count(*) AS rows FROM users \
             WHERE {column} LIKE 'v1.%.%' GROUP BY 1"
        ))
        .load(connection)?;
        count_sealed(keys, &mut facts);
    }
    let further: Vec<KeyCount> = sql_query(
        "SELECT substr(sealed, 4, instr(substr(sealed, 4), '.') - 1) AS value, count(*) AS rows FROM ( \
         SELECT coalesce(entry.value ->> 'placeholder', entry.value ->> 'secret', entry.value ->> '$.added.secret') AS sealed, \
         totp_secret FROM users, \
         json_each(CASE WHEN json_valid(mfa_authenticators) THEN mfa_authenticators ELSE '[]' END) AS entry \
         WHERE CASE entry.type WHEN 'object' THEN entry.value ->> 'kind' IN ('user', 'totp', 'pending') END) \
         WHERE sealed LIKE 'v1.%.%' AND sealed IS NOT totp_secret GROUP BY 1",
    )
    .load(connection)?;
    count_sealed(further, &mut facts);
    let passkeys = "SELECT coalesce(entry.value -> 'cred' ->> 'rp_id', '') AS value, count(*) AS rows FROM users, \
                    json_each(CASE WHEN json_valid(mfa_authenticators) THEN mfa_authenticators ELSE '[]' END) AS entry \
                    WHERE CASE entry.type WHEN 'object' THEN entry.value ->> 'kind' = 'passkey' END GROUP BY 1";
    count_passkeys(sql_query(passkeys).load(connection)?, &mut facts);
    odd_rows::examine(connection, &mut facts)?;
    Ok(facts)
}
