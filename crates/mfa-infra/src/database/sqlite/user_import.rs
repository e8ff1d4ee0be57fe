//! Users by the thousand in SQLite.

use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{OptionalExtension, RunQueryDsl, sql_query};
use mfa_core::{BoxFuture, NewUser, StoreError};
use serde_json::json;

use super::SqliteDatabase;
use crate::database::user_import::{EntryRow, UserIdentity, UserImportStore};

impl UserImportStore for SqliteDatabase {
    fn find_all(
        &self,
        emails: Vec<String>,
        usernames: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        self.pool.run("find users", move |connection| {
            // In two parts, so that each has its index.
            let rows: Vec<EntryRow> = sql_query(
                "SELECT id, email, username FROM users WHERE email IN (SELECT value FROM json_each(?1)) UNION \
                 SELECT id, email, username FROM users WHERE username IN (SELECT value FROM json_each(?2))",
            )
            .bind::<Text, _>(json!(emails).to_string())
            .bind::<Text, _>(json!(usernames).to_string())
            .load(connection)?;
            Ok(rows.into_iter().map(EntryRow::into_entry).collect())
        })
    }

    fn insert_all(&self, users: Vec<NewUser>) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        self.pool.run("insert users", move |connection| {
            connection.immediate_transaction(|connection| {
                let mut added = Vec::with_capacity(users.len());
                for user in &users {
                    let row: Option<EntryRow> = sql_query(
                        "INSERT INTO users (email, username, hashed_password, full_name, is_superuser, mfa_enforced, \
                         created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) \
                         ON CONFLICT DO NOTHING RETURNING id, email, username",
                    )
                    .bind::<Text, _>(&user.email)
                    .bind::<Text, _>(&user.username)
                    .bind::<Text, _>(user.digest.as_column())
                    .bind::<Nullable<Text>, _>(&user.full_name)
                    .bind::<Bool, _>(user.is_superuser)
                    .bind::<Bool, _>(user.mfa_enforced)
                    .bind::<BigInt, _>(user.created_at.millis())
                    .get_result(&mut *connection)
                    .optional()?;
                    added.extend(row.map(EntryRow::into_entry));
                }
                Ok(added)
            })
        })
    }
}
