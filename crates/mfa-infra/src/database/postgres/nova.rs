//! NOVA's own table, as the Python service left it.

use diesel::sql_types::{Array, BigInt, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use mfa_core::{StoreError, StoreErrorKind, UserId};
use serde_json::{Map, Value};

use super::connect;
use crate::database::error::OpenDatabaseError;
use crate::database::location::DatabaseLocation;

/// The table `users`, read and mended below the accounts: what the Python service wrote into it is no account yet.
#[expect(missing_debug_implementations, reason = "a connection has none")]
pub struct NovaTable {
    connection: PgConnection,
    columns: Vec<NovaColumn>,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct NovaColumn {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its type, as PostgreSQL names it.
    #[diesel(sql_type = Text)]
    pub kind: String,
}

/// A value to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NovaField {
    /// What it is called in the answer.
    pub name: String,
    /// The column that holds it.
    pub column: String,
    /// Whether it is a time, which is read as milliseconds.
    pub is_time: bool,
}

/// A row, as far as it was asked for. Has no `Debug`: it holds secrets in the clear.
#[expect(missing_debug_implementations, reason = "it holds secrets in the clear")]
pub struct NovaRow {
    /// Whose.
    pub user: UserId,
    /// The user's address.
    pub email: String,
    /// What was asked for, by name, each as JSON.
    pub fields: Map<String, Value>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    fields: String,
}

impl NovaColumn {
    /// Whether it holds points in time.
    pub fn is_time(&self) -> bool {
        self.kind.starts_with("timestamp")
    }
}

impl NovaTable {
    /// Connects.
    ///
    /// # Errors
    ///
    /// [`OpenDatabaseError`] when it cannot be reached, or is no PostgreSQL.
    pub fn open(location: &DatabaseLocation) -> Result<Self, OpenDatabaseError> {
        let DatabaseLocation::Postgres(url) = location else {
            let why = "the Python service ran on PostgreSQL: give its DATABASE_URL";
            return Err(OpenDatabaseError::Unreachable(why.to_owned()));
        };
        let url = connect::bounded(url).map_err(OpenDatabaseError::Unreachable)?;
        let mut connection = connect::connect(&url).map_err(OpenDatabaseError::Unreachable)?;
        let columns = sql_query(
            "SELECT attname::text AS name, format_type(atttypid, NULL) AS kind FROM pg_attribute \
             WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )
        .load(&mut connection)
        .map_err(|error| OpenDatabaseError::Unreachable(error.to_string()))?;
        Ok(Self { connection, columns })
    }

    /// The columns of the table.
    pub fn columns(&self) -> &[NovaColumn] {
        &self.columns
    }

    /// Some rows by ascending id.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    pub fn page(&mut self, fields: &[NovaField], after: i64, most: u32) -> Result<Vec<NovaRow>, StoreError> {
        let members: Vec<_> = fields
            .iter()
            .map(|field| {
                let column = quoted(&field.column);
                if field.is_time {
                    format!("{}, (extract(epoch from {column}) * 1000)::bigint", literal(&field.name))
                } else {
                    format!("{}, to_jsonb({column})", literal(&field.name))
                }
            })
            .collect();
        let query = format!(
            "SELECT id::bigint, email::text, jsonb_build_object({})::text AS fields FROM users \
             WHERE id > $1 ORDER BY id LIMIT $2",
            members.join(", ")
        );
        let rows: Vec<Row> = sql_query(query)
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

    /// Puts recovery codes as we keep them in the place of those that were read, if they are still the same. Answers
    /// whether they were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: the old ones stand, or the new ones do.
    pub fn rewrite_codes(&mut self, user: UserId, old: &Value, new: &Value) -> Result<bool, StoreError> {
        let kind = self.columns.iter().find(|it| it.name == "recovery_codes").map_or("jsonb", |it| &it.kind);
        let query = format!(
            "UPDATE users SET recovery_codes = $3::{kind} WHERE id = $1 AND to_jsonb(recovery_codes) = $2::jsonb"
        );
        sql_query(query)
            .bind::<BigInt, _>(user.value())
            .bind::<Text, _>(old.to_string())
            .bind::<Text, _>(new.to_string())
            .execute(&mut self.connection)
            .map(|rows| rows == 1)
            .map_err(|error| unavailable("rewrite recovery codes", error))
    }

    /// Makes `sms` or `none` of what else the column of the backup method may hold.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    pub fn settle_backup_method(&mut self, user: UserId) -> Result<bool, StoreError> {
        sql_query(
            "UPDATE users SET mfa_backup_method = CASE lower(mfa_backup_method) WHEN 'sms' THEN 'sms' ELSE 'none' END \
             WHERE id = $1 AND mfa_backup_method NOT IN ('sms', 'none')",
        )
        .bind::<BigInt, _>(user.value())
        .execute(&mut self.connection)
        .map(|rows| rows == 1)
        .map_err(|error| unavailable("settle backup method", error))
    }

    /// Empties columns of these users, whose values were taken over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer, or a column must not be empty.
    pub fn empty(&mut self, columns: &[String], users: &[UserId]) -> Result<(), StoreError> {
        if columns.is_empty() || users.is_empty() {
            return Ok(());
        }
        let emptied: Vec<_> = columns.iter().map(|column| format!("{} = NULL", quoted(column))).collect();
        let query = format!("UPDATE users SET {} WHERE id = ANY($1)", emptied.join(", "));
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

/// A name in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL.
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
