//! NOVA's table `users` as the Python service wrote it.

use diesel::sql_types::{Array, BigInt, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
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
        let DatabaseLocation::Postgres(url) = location else {
            let why = "the Python service ran on PostgreSQL: give its DATABASE_URL";
            return Err(OpenDatabaseError::Unreachable(why.to_owned()));
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

    /// Replaces the recovery codes of a user if they are still equal to `old`, and returns whether they were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: either the old codes or the new ones are stored.
    pub fn rewrite_codes(&mut self, user: UserId, old: &Value, new: &Value) -> Result<bool, StoreError> {
        let kind = self.columns.iter().find(|it| it.name == "recovery_codes").map_or("jsonb", |it| &it.kind);
        let query = format!(
            "UPDATE users SET recovery_codes = $3::{kind}, mfa_version = mfa_version + 1 \
             WHERE id = $1 AND to_jsonb(recovery_codes) = $2::jsonb"
        );
        sql_query(query)
            .bind::<BigInt, _>(user.value())
            .bind::<Text, _>(old.to_string())
            .bind::<Text, _>(new.to_string())
            .execute(&mut self.connection)
            .map(|rows| rows == 1)
            .map_err(|error| unavailable("rewrite recovery codes", error))
    }

    /// Normalises the backup method to `sms` or `none`, and returns whether the row changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    pub fn settle_backup_method(&mut self, user: UserId) -> Result<bool, StoreError> {
        sql_query(
            "UPDATE users SET mfa_backup_method = CASE lower(mfa_backup_method) WHEN 'sms' THEN 'sms' ELSE 'none' END, \
             mfa_version = mfa_version + 1 WHERE id = $1 AND mfa_backup_method NOT IN ('sms', 'none')",
        )
        .bind::<BigInt, _>(user.value())
        .execute(&mut self.connection)
        .map(|rows| rows == 1)
        .map_err(|error| unavailable("settle backup method", error))
    }

    /// Sets imported columns of users to NULL.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer, or a column is NOT NULL.
    pub fn empty(&mut self, columns: &[String], users: &[UserId]) -> Result<(), StoreError> {
        if columns.is_empty() || users.is_empty() {
            return Ok(());
        }
        let emptied: Vec<_> = columns.iter().map(|column| format!("{} = NULL", quoted(column))).collect();
        let query = format!(
            "UPDATE users SET {}, mfa_version = mfa_version + 1 WHERE id = ANY($1)",
            emptied.join(", ")
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
