//! Users by the thousand in PostgreSQL.

use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{RunQueryDsl, sql_query};
use mfa_core::{BoxFuture, NewUser, StoreError};

use super::PostgresDatabase;
use crate::database::user_import::{EntryRow, UserIdentity, UserImportStore};

impl UserImportStore for PostgresDatabase {
    fn find_all(
        &self,
        emails: Vec<String>,
        usernames: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        self.pool.run("find users", move |connection| {
            // In two parts, so that each has its index.
            let rows: Vec<EntryRow> = sql_query(
                "SELECT id::bigint, email::text, username::text FROM users WHERE email = ANY($1) UNION \
                 SELECT id::bigint, email::text, username::text FROM users WHERE username = ANY($2)",
            )
            .bind::<Array<Text>, _>(emails)
            .bind::<Array<Text>, _>(usernames)
            .load(connection)?;
            Ok(rows.into_iter().map(EntryRow::into_entry).collect())
        })
    }

    fn insert_all(&self, users: Vec<NewUser>) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        self.pool.run("insert users", move |connection| {
            let texts = |of: fn(&NewUser) -> &str| users.iter().map(of).collect::<Vec<_>>();
            let flags = |of: fn(&NewUser) -> bool| users.iter().map(of).collect::<Vec<_>>();
            let rows: Vec<EntryRow> = sql_query(
                "INSERT INTO users (email, username, hashed_password, full_name, is_active, is_superuser, \
                 mfa_enforced, created_at, updated_at) \
                 SELECT email, username, digest, name, TRUE, super, enforced, to_timestamp(at / 1000.0), \
                 to_timestamp(at / 1000.0) \
                 FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n(email, username, digest, name, super, enforced, at) \
                 ON CONFLICT DO NOTHING RETURNING id::bigint, email::text, username::text",
            )
            .bind::<Array<Text>, _>(texts(|it| &it.email))
            .bind::<Array<Text>, _>(texts(|it| &it.username))
            .bind::<Array<Text>, _>(texts(|it| it.digest.as_column()))
            .bind::<Array<Nullable<Text>>, _>(
                users.iter().map(|it| it.full_name.as_deref()).collect::<Vec<_>>(),
            )
            .bind::<Array<Bool>, _>(flags(|it| it.is_superuser))
            .bind::<Array<Bool>, _>(flags(|it| it.mfa_enforced))
            .bind::<Array<BigInt>, _>(users.iter().map(|it| it.created_at.millis()).collect::<Vec<_>>())
            .load(connection)?;
            Ok(rows.into_iter().map(EntryRow::into_entry).collect())
        })
    }
}
