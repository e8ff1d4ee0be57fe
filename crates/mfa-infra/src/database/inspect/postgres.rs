//! Inspection of PostgreSQL.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{OptionalExtension as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use mfa_core::{SealedColumn, SecretText, Timestamp};

use super::facts::{DatabaseInspection, HotUpdateStats, PlaintextColumn};
use super::odd_rows;
use super::rows::{
    KEY_CHECK_VALUES, KeyCount, PlaintextCount, SEALED, count_passkeys, count_sealed, counted, one_line,
    reason, unsealed_query,
};
use crate::database::pool::TextRow;
use crate::database::postgres::{IMPORT_MAP, columns_with_values, connect, end_of_partitions, login_columns};
use crate::database::required_schema::MissingObject;
use crate::database::{migrate, required_schema, zoneless};

/// Privileges that the service needs on each table.
const NEEDED: [(&str, &[&str]); 8] = [
    ("users", &["SELECT"]),
    ("mfa_events", &["SELECT", "INSERT"]),
    ("mfa_meta", &["SELECT", "INSERT"]),
    ("mfa_roles", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("mfa_sms_budget", &["SELECT", "INSERT", "UPDATE"]),
    ("mfa_sms_sends", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("mfa_schema", &["SELECT"]),
    ("mfa_user_search", &["SELECT"]),
];
/// Columns that only this service should write: another writer could make spent codes valid again.
const PROTECTED: [&str; 4] = ["mfa_internal", "totp_secret", "totp_last_step", "mfa_authenticators"];

#[derive(QueryableByName)]
struct Millis {
    #[diesel(sql_type = BigInt)]
    millis: i64,
}

#[derive(QueryableByName)]
struct UpdatesRow {
    #[diesel(sql_type = BigInt)]
    every: i64,
    #[diesel(sql_type = BigInt)]
    hot: i64,
}

#[derive(QueryableByName)]
struct FlagRow {
    #[diesel(sql_type = Bool)]
    value: bool,
}

/// Inspects a server.
pub(super) fn examine(url: &SecretText) -> Result<DatabaseInspection, String> {
    let url = connect::with_timeouts(url)?;
    connect::reject_transaction_pooling(&url)?;
    let mut connection = connect::connect(&url)?;
    // Scanning a large table may take a while; no request waits for it.
    let settings =
        connection.batch_execute("SET statement_timeout = '60s'; SET default_transaction_read_only = on");
    settings.map_err(|error| one_line(&error))?;
    let pending = migrate::unapplied_to_postgres(&mut connection).map_err(|error| reason(&error))?;
    facts(&mut connection, pending).map_err(|error| one_line(&error))
}

fn facts(
    connection: &mut PgConnection,
    pending: Vec<String>,
) -> Result<DatabaseInspection, diesel::result::Error> {
    let clock = sql_query("SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint AS millis");
    let time = clock.get_result::<Millis>(connection)?.millis;
    let mut facts = DatabaseInspection {
        pending,
        time: Some(Timestamp::from_millis(time)),
        ..DatabaseInspection::default()
    };
    for setting in ["fsync", "full_page_writes"] {
        let value = sql_query("SELECT current_setting($1) AS value").bind::<Text, _>(setting);
        if value.get_result::<TextRow>(connection)?.value != "on" {
            facts.careless.push(setting.to_owned());
        }
    }
    facts.zoneless_times = zoneless::find(connection)?;
    if !facts.pending.is_empty() {
        return Ok(facts);
    }
    facts.missing = required_schema::missing_in_postgres(connection)?;
    // Without a trigger, everything can still be read.
    if facts.missing.iter().any(|it| !matches!(it, MissingObject::Trigger(_))) {
        return Ok(facts);
    }
    facts.missing_rights = missing_rights(connection)?;
    if !facts.missing_rights.is_empty() {
        return Ok(facts);
    }
    facts.unreadable_codes = counted(&sql_query(UNREADABLE_CODES).get_result(connection)?);
    old_columns(connection, &mut facts)?;
    let key_check_values: Vec<TextRow> = sql_query(KEY_CHECK_VALUES).load(connection)?;
    facts.key_check_values = key_check_values.into_iter().map(|it| it.value).collect();
    for column in SEALED.map(SealedColumn::as_str) {
        let PlaintextCount { rows, first } = sql_query(unsealed_query(column)).get_result(connection)?;
        if rows > 0 {
            facts.unsealed.push(PlaintextColumn { column, rows, first });
        }
        let keys: Vec<KeyCount> = sql_query(format!(
            "SELECT split_part({column}, '.', 2) AS value, count(*) AS rows FROM users \
             WHERE {column} LIKE 'v1.%.%' GROUP BY 1"
        ))
        .load(connection)?;
        count_sealed(keys, &mut facts);
    }
    let further: Vec<KeyCount> = sql_query(
        "SELECT split_part(sealed, '.', 2) AS value, count(*) AS rows FROM ( \
         SELECT coalesce(entry ->> 'placeholder', entry ->> 'secret', entry #>> '{added,secret}') AS sealed, \
         totp_secret::text AS first FROM users, LATERAL jsonb_array_elements(CASE jsonb_typeof(mfa_authenticators) \
         WHEN 'array' THEN mfa_authenticators ELSE '[]' END) AS entry \
         WHERE entry ->> 'kind' IN ('user', 'totp', 'pending')) AS further \
         WHERE sealed LIKE 'v1.%.%' AND sealed IS DISTINCT FROM first GROUP BY 1",
    )
    .load(connection)?;
    count_sealed(further, &mut facts);
    let passkeys = "SELECT coalesce(entry -> 'cred' ->> 'rp_id', '') AS value, count(*) AS rows FROM users, \
                    LATERAL jsonb_array_elements(CASE jsonb_typeof(mfa_authenticators) WHEN 'array' \
                    THEN mfa_authenticators ELSE '[]' END) AS entry WHERE entry ->> 'kind' = 'passkey' GROUP BY 1";
    count_passkeys(sql_query(passkeys).load(connection)?, &mut facts);
    let updates = sql_query(
        "SELECT n_tup_upd AS every, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relid = 'users'::regclass",
    );
    let updates = updates.get_result::<UpdatesRow>(connection).optional()?;
    facts.updates = updates.map(|it| HotUpdateStats { all: it.every, hot: it.hot });
    facts.other_writers = other_writers(connection)?;
    facts.partitions_end = end_of_partitions(connection)?;
    facts.lacks_email_index = login_columns::lacks_index(connection)?;
    odd_rows::examine(connection, &mut facts)?;
    Ok(facts)
}

/// Query for recovery codes that are no list of objects with the members `id` and `digest`.
const UNREADABLE_CODES: &str = "SELECT count(*) AS rows, coalesce(min(id)::bigint, 0) AS first FROM users \
    WHERE CASE jsonb_typeof(recovery_codes::jsonb) WHEN 'null' THEN FALSE WHEN 'array' THEN EXISTS ( \
        SELECT FROM jsonb_array_elements(recovery_codes::jsonb) AS codes(code) \
        WHERE coalesce(jsonb_typeof(code -> 'id'), '') <> 'string' \
            OR coalesce(jsonb_typeof(code -> 'digest'), '') <> 'string') \
    ELSE recovery_codes IS NOT NULL END";

/// Reads which columns with other names still have values after an import, and whom they would let in without a factor.
fn old_columns(
    connection: &mut PgConnection,
    facts: &mut DatabaseInspection,
) -> Result<(), diesel::result::Error> {
    let query = sql_query("SELECT value FROM mfa_meta WHERE name = $1").bind::<Text, _>(IMPORT_MAP);
    let Some(map) = query.get_result::<TextRow>(connection).optional()? else { return Ok(()) };
    let map: BTreeMap<String, String> = serde_json::from_str(&map.value).unwrap_or_default();
    let query = "SELECT attname::text AS value FROM pg_attribute \
                 WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped";
    let columns: Vec<TextRow> = sql_query(query).load(connection)?;
    let exists = |name: &String| columns.iter().any(|it| it.value == *name);
    let map: BTreeMap<_, _> = map.into_iter().filter(|(_, theirs)| exists(theirs)).collect();
    let names: Vec<String> = map.values().cloned().collect();
    facts.old_columns = columns_with_values(connection, &names)?;
    let flags = [
        ("is_totp_enabled", "is_totp_enabled AND totp_secret IS NOT NULL"),
        ("mfa_enforced", "mfa_enforced"),
    ];
    let mut hidden = Vec::new();
    for (ours, condition) in flags {
        if let Some(theirs) = map.get(ours) {
            let theirs = theirs.replace('"', "\"\"");
            hidden.push(format!(
                "({condition} AND lower(coalesce(\"{theirs}\"::text, '')) IN ('', 'f', 'false', '0', 'no', 'n'))"
            ));
        }
    }
    if !facts.old_columns.is_empty() && !hidden.is_empty() {
        let query =
            format!("SELECT count(*) AS rows, 0::bigint AS first FROM users WHERE {}", hidden.join(" OR "));
        facts.hidden_from_old_columns = sql_query(query).get_result::<PlaintextCount>(connection)?.rows;
    }
    Ok(())
}

/// Returns the privileges that this role lacks.
fn missing_rights(connection: &mut PgConnection) -> Result<Vec<String>, diesel::result::Error> {
    let mut missing = Vec::new();
    for (table, rights) in NEEDED {
        for right in rights {
            let query = sql_query("SELECT has_table_privilege($1, $2) AS value");
            let has =
                query.bind::<Text, _>(table).bind::<Text, _>(*right).get_result::<FlagRow>(connection)?;
            if !has.value {
                missing.push(format!("{right} on {table}"));
            }
        }
    }
    for column in PROTECTED {
        let query = sql_query("SELECT has_column_privilege('users', $1, 'UPDATE') AS value");
        if !query.bind::<Text, _>(column).get_result::<FlagRow>(connection)?.value {
            missing.push(format!("UPDATE of users.{column}"));
        }
    }
    Ok(missing)
}

/// Returns the login roles that may write protected columns, except this role, superusers, and the owner of the table.
fn other_writers(connection: &mut PgConnection) -> Result<Vec<String>, diesel::result::Error> {
    let may =
        PROTECTED.map(|column| format!("has_column_privilege(role.oid, 'users', '{column}', 'UPDATE')"));
    let lines: Vec<TextRow> = sql_query(format!(
        "SELECT role.rolname::text AS value FROM pg_roles role WHERE role.rolcanlogin AND NOT role.rolsuper \
         AND role.rolname <> current_user \
         AND role.oid <> (SELECT relowner FROM pg_class WHERE oid = 'users'::regclass) AND ({}) ORDER BY 1",
        may.join(" OR ")
    ))
    .load(connection)?;
    Ok(lines.into_iter().map(|it| it.value).collect())
}
