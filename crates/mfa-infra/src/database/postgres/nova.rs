//! NOVA's table `users` as the Python service wrote it.

use std::collections::{BTreeMap, HashSet};

use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel::{PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query};
use mfa_core::{StoreError, StoreErrorKind, UserId};
use serde_json::{Map, Value};

use super::columns::millis_or_null;
use super::connect;
use crate::database::error::OpenDatabaseError;
use crate::database::location::DatabaseLocation;

/// Table `users`, read and rewritten without the account model: rows of the Python service are not accounts yet.
#[expect(missing_debug_implementations, reason = "a connection has none")]
pub struct NovaTable {
    connection: PgConnection,
    columns: Vec<NovaColumn>,
}

/// Column of the table.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct NovaColumn {
    /// Name of the column.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Type of the column, as PostgreSQL names it.
    #[diesel(sql_type = Text)]
    pub kind: String,
}

/// Field to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NovaField {
    /// Name of the field in the result.
    pub name: String,
    /// Column of the field.
    pub column: String,
    /// Whether the field is a time, which is read as milliseconds.
    pub is_time: bool,
}

/// Row with the requested fields. Has no `Debug`, because it holds plaintext secrets.
#[expect(missing_debug_implementations, reason = "it holds plaintext secrets")]
pub struct NovaRow {
    /// Id of the user.
    pub user: UserId,
    /// Email address of the user; empty without one.
    pub email: String,
    /// Requested fields by name, each as JSON.
    pub fields: Map<String, Value>,
}

/// New recovery codes of a user.
#[expect(missing_debug_implementations, reason = "it holds hashes of codes")]
pub struct CodesRewrite {
    /// Id of the user.
    pub user: UserId,
    /// Codes as they were read.
    pub old: Value,
    /// Codes to store.
    pub new: Value,
}

/// Name of the value with the columns of an import that have other names.
pub(in crate::database) const IMPORT_MAP: &str = "python columns";
/// Tables of this product.
const OWN_TABLES: [&str; 11] = [
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
    "__diesel_schema_migrations",
];

#[derive(QueryableByName)]
struct NovaId {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct NovaFlag {
    #[diesel(sql_type = Bool)]
    value: bool,
}

/// Returns those of the columns of `users` that have a value in any row, other than one that means none.
pub(in crate::database) fn columns_with_values(
    connection: &mut PgConnection,
    columns: &[String],
) -> QueryResult<Vec<String>> {
    let mut found = Vec::new();
    for column in columns {
        let column_name = quoted(column);
        let query = format!(
            "SELECT EXISTS (SELECT FROM users WHERE {column_name} IS NOT NULL AND lower({column_name}::text) \
             NOT IN ('', 'f', 'false', '0', 'none', 'null', '[]', '{{}}')) AS value"
        );
        if sql_query(query).get_result::<NovaFlag>(connection)?.value {
            found.push(column.clone());
        }
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct NovaTableRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    fields: String,
}

impl NovaColumn {
    /// Whether the column holds times.
    pub fn is_time(&self) -> bool {
        self.kind.starts_with("timestamp")
    }
}

impl NovaTable {
    /// Connects to the database.
    ///
    /// # Errors
    ///
    /// [`OpenDatabaseError`] if the database cannot be reached or is not PostgreSQL.
    pub fn open(location: &DatabaseLocation) -> Result<Self, OpenDatabaseError> {
        let url = match location {
            DatabaseLocation::Postgres(url) => url,
            DatabaseLocation::Sqlite(path) => {
                let why = format!(
                    "{} is an SQLite file, and the import from the Python service needs PostgreSQL: move NOVA's database \
                     there first, and give its DATABASE_URL",
                    path.display()
                );
                return Err(OpenDatabaseError::Unreachable(why));
            }
        };
        let url = connect::with_timeouts(url).map_err(OpenDatabaseError::Unreachable)?;
        let mut connection = connect::connect(&url).map_err(OpenDatabaseError::Unreachable)?;
        let columns = sql_query(
            "SELECT attname::text AS name, format_type(atttypid, NULL) AS kind FROM pg_attribute \
             WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )
        .load(&mut connection)
        .map_err(|error| OpenDatabaseError::Unreachable(error.to_string()))?;
        Ok(Self { connection, columns })
    }

    /// Returns the columns of the table.
    pub fn columns(&self) -> &[NovaColumn] {
        &self.columns
    }

    /// Returns at most `most` rows after an id, by ascending id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub fn page(&mut self, fields: &[NovaField], after: i64, most: u32) -> Result<Vec<NovaRow>, StoreError> {
        let members: Vec<_> = fields
            .iter()
            .map(|field| {
                let column = quoted(&field.column);
                if field.is_time {
                    format!("{}, {}", literal(&field.name), millis_or_null(&column))
                } else if field.name.ends_with("recovery_codes") {
                    format!("{}, {}", literal(&field.name), self.codes_as_jsonb(&field.column))
                } else {
                    format!("{}, to_jsonb({column})", literal(&field.name))
                }
            })
            .collect();
        let query = format!(
            "SELECT id::bigint, coalesce(email::text, '') AS email, jsonb_build_object({})::text AS fields FROM users \
             WHERE id > $1 ORDER BY id LIMIT $2",
            members.join(", ")
        );
        let rows: Vec<NovaTableRow> = sql_query(query)
            .bind::<BigInt, _>(after)
            .bind::<BigInt, _>(i64::from(most))
            .load(&mut self.connection)
            .map_err(|error| unavailable("read rows", error))?;
        let parsed = rows.into_iter().map(|row| {
            let fields =
                serde_json::from_str(&row.fields).map_err(|error| unavailable("read rows", error))?;
            Ok(NovaRow { user: UserId::new(row.id), email: row.email, fields })
        });
        parsed.collect()
    }

    /// Returns the expression for recovery codes as JSONB. A column of the type `json` can hold what JSONB cannot, such as
    /// `\u0000`, so it is read as text.
    fn codes_as_jsonb(&self, column: &str) -> String {
        let is_json = self.columns.iter().any(|it| it.name == column && it.kind == "json");
        if is_json {
            format!("to_jsonb({}::text)", quoted(column))
        } else {
            format!("to_jsonb({})", quoted(column))
        }
    }

    /// Replaces the recovery codes of users if they are still as they were read, and returns the users whose codes were
    /// replaced.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: either the old codes or the new ones are stored.
    pub fn rewrite_codes(&mut self, rewrites: &[CodesRewrite]) -> Result<HashSet<UserId>, StoreError> {
        if rewrites.is_empty() {
            return Ok(HashSet::new());
        }
        let kind = self.columns.iter().find(|it| it.name == "recovery_codes").map_or("jsonb", |it| &it.kind);
        let query = format!(
            "UPDATE users u SET recovery_codes = v.new::{kind}, mfa_version = u.mfa_version + 1 \
             FROM unnest($1, $2, $3) AS v(id, old, new) \
             WHERE u.id = v.id AND {} = v.old::jsonb RETURNING u.id::bigint AS id",
            self.codes_as_jsonb("recovery_codes")
        );
        let rows: Vec<NovaId> = sql_query(query)
            .bind::<Array<BigInt>, _>(rewrites.iter().map(|it| it.user.value()).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(rewrites.iter().map(|it| it.old.to_string()).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(rewrites.iter().map(|it| it.new.to_string()).collect::<Vec<_>>())
            .load(&mut self.connection)
            .map_err(|error| unavailable("rewrite recovery codes", error))?;
        Ok(rows.into_iter().map(|it| UserId::new(it.id)).collect())
    }

    /// Normalises the backup methods of users to `sms` or `none`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub fn settle_backup_methods(&mut self, users: &[UserId]) -> Result<(), StoreError> {
        sql_query(
            "UPDATE users SET mfa_backup_method = CASE lower(mfa_backup_method) WHEN 'sms' THEN 'sms' ELSE 'none' END, \
             mfa_version = mfa_version + 1 WHERE id = ANY($1) AND mfa_backup_method NOT IN ('sms', 'none')",
        )
        .bind::<Array<BigInt>, _>(users.iter().map(|user| user.value()).collect::<Vec<_>>())
        .execute(&mut self.connection)
        .map(drop)
        .map_err(|error| unavailable("settle backup methods", error))
    }

    /// Returns the tables beside `users`, except those of this product.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub fn tables(&mut self) -> Result<Vec<String>, StoreError> {
        let query = "SELECT relname::text AS name, 'table' AS kind FROM pg_class \
                     WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'users'::regclass) \
                     AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'users' AND relname <> ALL ($1) ORDER BY 1";
        let rows: Vec<NovaColumn> = sql_query(query)
            .bind::<Array<Text>, _>(OWN_TABLES.to_vec())
            .load(&mut self.connection)
            .map_err(|error| unavailable("list tables", error))?;
        Ok(rows.into_iter().map(|it| it.name).collect())
    }

    /// Returns those of the columns that have a value in any row, other than one that means none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub fn columns_with_values(&mut self, columns: &[String]) -> Result<Vec<String>, StoreError> {
        columns_with_values(&mut self.connection, columns).map_err(|error| unavailable("read columns", error))
    }

    /// Returns those of the tables that have a row, or that may not be read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub fn tables_with_rows(&mut self, tables: &[String]) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for table in tables {
            let may_read = "SELECT has_table_privilege($1, 'SELECT') AS value";
            let may_read = sql_query(may_read).bind::<Text, _>(quoted(table));
            let may_read = may_read.get_result::<NovaFlag>(&mut self.connection);
            let has_row = format!("SELECT EXISTS (SELECT FROM {}) AS value", quoted(table));
            let is_used = may_read.and_then(|it| {
                Ok(!it.value || sql_query(has_row).get_result::<NovaFlag>(&mut self.connection)?.value)
            });
            if is_used.map_err(|error| unavailable("read tables", error))? {
                found.push(table.clone());
            }
        }
        Ok(found)
    }

    /// Remembers the columns with other names, for `doctor` and for `migrate down`. Columns of an earlier import stay.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub fn remember_map(&mut self, columns: BTreeMap<String, String>) -> Result<(), StoreError> {
        if columns.is_empty() {
            return Ok(());
        }
        let columns =
            Value::Object(columns.into_iter().map(|(ours, theirs)| (ours, theirs.into())).collect());
        sql_query(
            "INSERT INTO mfa_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) \
             DO UPDATE SET value = (mfa_meta.value::jsonb || excluded.value::jsonb)::text",
        )
        .bind::<Text, _>(IMPORT_MAP)
        .bind::<Text, _>(columns.to_string())
        .execute(&mut self.connection)
        .map(drop)
        .map_err(|error| unavailable("remember the column map", error))
    }

    /// Sets an imported column of users to NULL.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer, or the column is NOT NULL.
    pub fn empty(&mut self, column: &str, users: &[UserId]) -> Result<(), StoreError> {
        if users.is_empty() {
            return Ok(());
        }
        let column = quoted(column);
        let query = format!(
            "UPDATE users SET {column} = NULL, mfa_version = mfa_version + 1 \
             WHERE id = ANY($1) AND {column} IS NOT NULL"
        );
        sql_query(query)
            .bind::<Array<BigInt>, _>(users.iter().map(|user| user.value()).collect::<Vec<_>>())
            .execute(&mut self.connection)
            .map(drop)
            .map_err(|error| unavailable("empty columns", error))
    }
}

fn unavailable(operation: &'static str, why: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, operation).with_source(why)
}

/// Returns a quoted SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns a quoted SQL string.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_stay_what_they_are_in_sql() {
        assert_eq!(quoted("a\"; DROP TABLE users; --"), "\"a\"\"; DROP TABLE users; --\"");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
