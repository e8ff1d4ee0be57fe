//! Users in PostgreSQL.

use std::collections::BTreeMap;

use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{Connection, OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use mfa_core::{
    BoxFuture, Credentials, NewUser, NewUserError, PasswordDigest, StoreError, UserId, UserPage, UserQuery,
    Users,
};

use super::PostgresDatabase;
use super::store::is_taken;
use crate::database::row::{CredentialRow, NameRow, UserRow, like};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

impl Users for PostgresDatabase {
    fn find_credentials<'a>(
        &'a self,
        login: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
        let login = login.to_owned();
        self.pool.run("find credentials", move |connection| {
            // In two parts, so that each has its index.
            let found = sql_query(
                "(SELECT id::bigint, hashed_password::text FROM users WHERE username = $1) UNION ALL \
                 (SELECT id::bigint, hashed_password::text FROM users WHERE email IN ($1, lower($1))) LIMIT 1",
            )
            .bind::<Text, _>(login)
            .get_result::<CredentialRow>(connection)
            .optional()?;
            Ok(found.map(CredentialRow::into_credentials))
        })
    }

    fn replace_password(
        &self,
        user: UserId,
        old: PasswordDigest,
        new: PasswordDigest,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("replace password", move |connection| {
            let rows =
                sql_query("UPDATE users SET hashed_password = $3 WHERE id = $1 AND hashed_password = $2")
                    .bind::<BigInt, _>(user.value())
                    .bind::<Text, _>(old.as_column())
                    .bind::<Text, _>(new.as_column())
                    .execute(connection)?;
            Ok(rows == 1)
        })
    }

    fn insert(&self, user: NewUser) -> BoxFuture<'_, Result<UserId, NewUserError>> {
        let inserted = self.pool.run("insert user", move |connection| {
            let inserted = sql_query(
                "INSERT INTO users (email, username, hashed_password, full_name, is_active, is_superuser, \
                 mfa_enforced, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, TRUE, $5, $6, to_timestamp($7 / 1000.0), to_timestamp($7 / 1000.0)) \
                 RETURNING id::bigint",
            )
            .bind::<Text, _>(&user.email)
            .bind::<Text, _>(&user.username)
            .bind::<Text, _>(user.digest.as_column())
            .bind::<Nullable<Text>, _>(&user.full_name)
            .bind::<Bool, _>(user.is_superuser)
            .bind::<Bool, _>(user.mfa_enforced)
            .bind::<BigInt, _>(user.created_at.millis())
            .get_result::<Id>(connection);
            match inserted {
                Ok(row) => Ok(Some(UserId::new(row.id))),
                Err(error) if is_taken(&error) => Ok(None),
                Err(error) => Err(error),
            }
        });
        Box::pin(async move { inserted.await?.ok_or(NewUserError::Taken) })
    }

    fn erase_event_details(&self, user: UserId) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("erase trail", move |connection| {
            connection.transaction(|connection| {
                sql_query(
                    "UPDATE mfa_events SET ip = NULL, user_agent = NULL, actor = NULL, reason = NULL, salt = NULL \
                     WHERE user_id = $1",
                )
                .bind::<BigInt, _>(user.value())
                .execute(connection)?;
                sql_query("DELETE FROM mfa_sms_sends WHERE user_id = $1")
                    .bind::<BigInt, _>(user.value())
                    .execute(connection)
                    .map(drop)
            })
        })
    }

    fn list(&self, query: UserQuery) -> BoxFuture<'_, Result<UserPage, StoreError>> {
        Box::pin(async move {
            let rows = self
                .pool
                .run("list users", move |connection| {
                    sql_query(
                        "SELECT id::bigint, email::text, username::text, full_name::text, \
                         coalesce(is_active, false) AS is_active, coalesce(is_superuser, false) AS is_superuser, \
                         coalesce(mfa_enforced, false) AS mfa_enforced, \
                         coalesce(is_totp_enabled, false) AND totp_secret IS NOT NULL AS totp_enabled, \
                         (extract(epoch from mfa_lock_until) * 1000)::bigint AS lock_until FROM users \
                         WHERE id > $1 AND ($2 IS NULL OR email ILIKE $2 OR username ILIKE $2) ORDER BY id LIMIT $3",
                    )
                    .bind::<BigInt, _>(query.after.map_or(i64::MIN, UserId::value))
                    .bind::<Nullable<Text>, _>(query.text.as_deref().map(like))
                    .bind::<BigInt, _>(i64::from(query.limit))
                    .load::<UserRow>(connection)
                })
                .await;
            let users = rows?.into_iter().map(UserRow::into_record).collect();
            Ok(UserPage { users })
        })
    }

    fn usernames(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<BTreeMap<UserId, String>, StoreError>> {
        self.pool.run("name users", move |connection| {
            let ids: Vec<_> = users.iter().map(|user| user.value()).collect();
            let rows = sql_query("SELECT id::bigint, username::text FROM users WHERE id = ANY($1)");
            let rows: Vec<NameRow> = rows.bind::<Array<BigInt>, _>(ids).load(connection)?;
            Ok(rows.into_iter().map(NameRow::into_pair).collect())
        })
    }
}
