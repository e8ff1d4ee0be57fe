//! Types and indexes of the columns by which users are looked up in PostgreSQL.

use diesel::sql_types::{Bool, Nullable, Text};
use diesel::{PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query};

use crate::database::login_columns::LoginColumns;

/// Whether a valid index serves the lookup of addresses in lower case.
const HAS_INDEX: &str = "EXISTS (SELECT FROM pg_index WHERE indrelid = 'users'::regclass AND indisvalid \
    AND indpred IS NULL AND pg_get_indexdef(indexrelid, 1, true) IN ('lower(email)', 'lower(email::text)'))";

/// Whether the table is small enough to be read as a whole at a login. The migration uses the same limit.
const IS_SMALL: &str = "pg_relation_size('users') < 67108864";

#[derive(QueryableByName)]
struct ColumnRow {
    /// Type for a cast.
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    is_citext: bool,
}

#[derive(QueryableByName)]
struct LookupRow {
    #[diesel(sql_type = Nullable<Bool>)]
    value: Option<bool>,
}

/// Reads how user names and addresses are looked up.
pub(super) fn read(connection: &mut PgConnection) -> QueryResult<LoginColumns> {
    let username = column(connection, "username")?;
    let email = column(connection, "email")?;
    let looks_up_lower_case = is_true(connection, &format!("{IS_SMALL} OR {HAS_INDEX}"))?;
    Ok(LoginColumns {
        username: username.kind,
        email: email.kind,
        email_ignores_case: email.is_citext,
        looks_up_lower_case,
    })
}

/// Whether addresses in another case are not found, because the table is large and has no index for them.
pub(in crate::database) fn lacks_index(connection: &mut PgConnection) -> QueryResult<bool> {
    let is_citext = column(connection, "email")?.is_citext;
    Ok(!is_citext && !is_true(connection, &format!("{IS_SMALL} OR {HAS_INDEX}"))?)
}

fn column(connection: &mut PgConnection, name: &str) -> QueryResult<ColumnRow> {
    sql_query(
        "SELECT CASE typname WHEN 'citext' THEN format_type(atttypid, NULL) WHEN 'bpchar' THEN 'bpchar' ELSE 'text' END \
         AS kind, typname = 'citext' AS is_citext FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid \
         WHERE attrelid = 'users'::regclass AND attname = $1 AND NOT attisdropped",
    )
    .bind::<Text, _>(name)
    .get_result(connection)
}

fn is_true(connection: &mut PgConnection, condition: &str) -> QueryResult<bool> {
    let row = sql_query(format!("SELECT {condition} AS value")).get_result::<LookupRow>(connection)?;
    Ok(row.value.unwrap_or(false))
}
