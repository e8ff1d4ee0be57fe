//! Comparison of the schema with the one that the migrations made. Migrations of another program, such as those of
//! NOVA, can remove parts of it, which the list of applied migrations does not show.

use diesel::sql_types::Text;
use diesel::{PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

/// Columns of `users` that the migrations add, with their definition in PostgreSQL.
const COLUMNS: [(&str, &str); 21] = [
    ("mfa_enforced", "BOOLEAN NOT NULL DEFAULT FALSE"),
    ("is_totp_enabled", "BOOLEAN NOT NULL DEFAULT FALSE"),
    ("totp_secret", "TEXT"),
    ("totp_pending_secret", "TEXT"),
    ("totp_pending_expires_at", "TIMESTAMPTZ"),
    ("totp_enrolled_at", "TIMESTAMPTZ"),
    ("phone_number", "TEXT"),
    ("phone_pending", "TEXT"),
    ("is_phone_verified", "BOOLEAN NOT NULL DEFAULT FALSE"),
    ("phone_verified_at", "TIMESTAMPTZ"),
    ("mfa_backup_method", "TEXT NOT NULL DEFAULT 'none'"),
    ("recovery_codes", "JSONB"),
    ("recovery_codes_generated_at", "TIMESTAMPTZ"),
    ("totp_last_step", "BIGINT"),
    ("mfa_failed_attempts", "INTEGER NOT NULL DEFAULT 0"),
    ("mfa_lock_until", "TIMESTAMPTZ"),
    ("mfa_last_success_at", "TIMESTAMPTZ"),
    ("mfa_last_method", "TEXT"),
    ("mfa_version", "BIGINT NOT NULL DEFAULT 0"),
    ("mfa_internal", "JSONB NOT NULL DEFAULT '{}'"),
    ("mfa_authenticators", "JSONB NOT NULL DEFAULT '[]'"),
];
/// Columns of `users` that exist before the migrations.
const NOVA_COLUMNS: [&str; 7] =
    ["id", "email", "username", "hashed_password", "full_name", "is_active", "is_superuser"];
/// Tables that the migrations create.
const TABLES: [&str; 10] = [
    "mfa_events",
    "mfa_event_floors",
    "mfa_leases",
    "mfa_mail_outbox",
    "mfa_meta",
    "mfa_roles",
    "mfa_schema",
    "mfa_sms_budget",
    "mfa_sms_sends",
    "mfa_user_search",
];
/// Triggers that keep writes of other programs from restoring spent codes and removed passkeys and from leaving a role to
/// another user, and that keep the texts by which users are found.
const TRIGGERS_OF_POSTGRES: [&str; 8] = [
    "mfa_codes",
    "mfa_foreign_update",
    "mfa_guard",
    "mfa_inserted",
    "mfa_removed",
    "mfa_role_deleted",
    "mfa_searched",
    "mfa_searched_update",
];
/// The same on SQLite.
const TRIGGERS_OF_SQLITE: [&str; 11] = [
    "mfa_guard",
    "mfa_guard_copy",
    "mfa_inserted",
    "mfa_replace",
    "mfa_replaced",
    "mfa_replaced_by_other_id",
    "mfa_role_deleted",
    "mfa_row_save",
    "mfa_searched_delete",
    "mfa_searched_insert",
    "mfa_searched_update",
];

/// Part of the schema that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingObject {
    /// Column of `users`.
    Column(&'static str),
    /// Table.
    Table(&'static str),
    /// Trigger of `users`, missing or disabled.
    Trigger(&'static str),
}

impl std::fmt::Display for MissingObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Column(name) => write!(f, "users.{name}"),
            Self::Table(name) => write!(f, "table {name}"),
            Self::Trigger(name) => write!(f, "trigger {name}"),
        }
    }
}

impl MissingObject {
    /// Returns the statement that adds an empty column of this product to PostgreSQL, if that is what is missing.
    pub fn definition(&self) -> Option<String> {
        let Self::Column(name) = self else { return None };
        let (name, definition) = COLUMNS.iter().find(|(column, _)| column == name)?;
        Some(format!("ALTER TABLE users ADD COLUMN {name} {definition}"))
    }
}

#[derive(QueryableByName)]
struct SchemaObject {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns what a migrated PostgreSQL database lacks. Only reads.
pub(super) fn missing_in_postgres(connection: &mut PgConnection) -> QueryResult<Vec<MissingObject>> {
    let query = "SELECT 'column' AS kind, attname::text AS name FROM pg_attribute \
                 WHERE attrelid = to_regclass('users') AND attnum > 0 AND NOT attisdropped \
                 UNION ALL SELECT 'trigger', tgname::text FROM pg_trigger \
                 WHERE tgrelid = to_regclass('users') AND tgenabled <> 'D' AND NOT tgisinternal \
                 UNION ALL SELECT 'table', name FROM unnest($1) AS name WHERE to_regclass(name) IS NOT NULL";
    let found =
        sql_query(query).bind::<diesel::sql_types::Array<Text>, _>(TABLES.to_vec()).load(connection)?;
    Ok(missing(&found, &TRIGGERS_OF_POSTGRES))
}

/// Returns what a migrated SQLite database lacks. Only reads.
pub(super) fn missing_in_sqlite(connection: &mut SqliteConnection) -> QueryResult<Vec<MissingObject>> {
    let query = "SELECT 'column' AS kind, name FROM pragma_table_info('users') \
                 UNION ALL SELECT type, name FROM sqlite_master WHERE type IN ('table', 'trigger')";
    let found = sql_query(query).load(connection)?;
    Ok(missing(&found, &TRIGGERS_OF_SQLITE))
}

/// Returns the columns of this product that an SQLite table `users` has which the migrations did not make.
pub(super) fn foreign_in_sqlite(connection: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let query = "SELECT 'column' AS kind, name FROM pragma_table_info('users') \
                 WHERE NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'mfa_schema')";
    let found: Vec<SchemaObject> = sql_query(query).load(connection)?;
    let ours = |name: &String| COLUMNS.iter().any(|(column, _)| column == name);
    Ok(found.into_iter().map(|it| it.name).filter(ours).collect())
}

fn missing(found: &[SchemaObject], triggers: &'static [&'static str]) -> Vec<MissingObject> {
    let lacks = |kind: &str, name: &str| !found.iter().any(|it| it.kind == kind && it.name == name);
    let columns = NOVA_COLUMNS.iter().chain(COLUMNS.iter().map(|(name, _)| name));
    let columns = columns.filter(|it| lacks("column", it)).map(|it| MissingObject::Column(it));
    let tables = TABLES.iter().filter(|it| lacks("table", it)).map(|it| MissingObject::Table(it));
    let triggers = triggers.iter().filter(|it| lacks("trigger", it)).map(|it| MissingObject::Trigger(it));
    columns.chain(tables).chain(triggers).collect()
}
