//! Queries of users: credentials and lists.

mod erasure;

use std::collections::BTreeMap;
use std::net::IpAddr;

use mfa_core::{
    BoxFuture, Credentials, NewUser, NewUserError, PasswordDigest, PasswordKinds, StoreError, UserId,
    UserPage, UserQuery, Users,
};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};
use crate::database::row::{CredentialRow, IdRangeRow, NameRow, PrefixRow, UserRow, like};
use crate::database::user_import::UserIdentityRow;

/// Places at which [`Users::password_kinds`] reads users, and the number of users that it reads at each.
const SAMPLES: i64 = 16;
const USERS_PER_SAMPLE: i64 = 128;

impl<C: Dialect> Users for SqlDatabase<C> {
    fn find_credentials<'a>(
        &'a self,
        login: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
        let login = login.to_owned();
        self.pool.run("find credentials", move |connection| {
            // Two parts, so that each uses its index.
            let query = "SELECT CAST(id AS bigint) AS id, coalesce(CAST(hashed_password AS text), '') AS hashed_password \
                         FROM users WHERE username = $1 UNION ALL \
                         SELECT CAST(id AS bigint), coalesce(CAST(hashed_password AS text), '') \
                         FROM users WHERE email IN ($1, lower($1)) LIMIT 1";
            let row = connection.first(Statement::new(query).bind(login))?;
            Ok(row.map(CredentialRow::into_credentials))
        })
    }

    /// Reads users at evenly spaced ids, by the primary key: old users may have another kind than new ones.
    fn password_kinds(&self) -> BoxFuture<'_, Result<PasswordKinds, StoreError>> {
        self.pool.run("find password kinds", move |connection| {
            let ids: IdRangeRow = connection.one(Statement::new(
                "SELECT coalesce(CAST(min(id) AS bigint), 0) AS least, \
                 coalesce(CAST(max(id) AS bigint), 0) AS greatest FROM users",
            ))?;
            let mut prefixes = Vec::new();
            for start in ids.evenly_spaced(SAMPLES, USERS_PER_SAMPLE) {
                let query = "SELECT DISTINCT prefix FROM \
                             (SELECT substr(CAST(hashed_password AS text), 1, 7) AS prefix \
                             FROM users WHERE id >= $1 ORDER BY users.id LIMIT $2) AS sample \
                             WHERE prefix IS NOT NULL";
                let query = Statement::new(query).bind(start).bind(USERS_PER_SAMPLE);
                prefixes.extend(connection.load::<PrefixRow>(query)?.into_iter().map(PrefixRow::into_text));
            }
            Ok(PasswordKinds::of_columns(prefixes.iter().map(String::as_str)))
        })
    }

    fn replace_password(
        &self,
        user: UserId,
        old: PasswordDigest,
        new: PasswordDigest,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("replace password", move |connection| {
            let query = "UPDATE users SET hashed_password = $3 WHERE id = $1 AND hashed_password = $2";
            let query = Statement::new(query).bind(user.value()).bind(old.as_column());
            connection.execute(query.bind(new.as_column())).map(|rows| rows == 1)
        })
    }

    fn insert(&self, user: NewUser) -> BoxFuture<'_, Result<UserId, NewUserError>> {
        let inserted = self.pool.run("insert user", move |connection| connection.insert_users(&[user]));
        Box::pin(async move {
            let row = inserted.await?.into_iter().next().ok_or(NewUserError::Taken)?;
            Ok(UserIdentityRow::into_identity(row).user)
        })
    }

    fn erase_details(
        &self,
        user: UserId,
        budget_key: fn(Option<IpAddr>) -> String,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("erase details", move |connection| erasure::erase_details(connection, user, budget_key))
    }

    fn administered_by(&self, actor: UserId) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>> {
        self.pool
            .run("find administered users", move |connection| erasure::administered_by(connection, actor))
    }

    fn erase_actor(&self, user: UserId, actor: UserId) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("erase actor", move |connection| erasure::erase_actor(connection, user, actor))
    }

    fn list(&self, query: UserQuery) -> BoxFuture<'_, Result<UserPage, StoreError>> {
        self.pool.run("list users", move |connection| {
            let text = format!(
                "SELECT CAST(id AS bigint) AS id, CAST(email AS text) AS email, CAST(username AS text) AS username, \
                 CAST(full_name AS text) AS full_name, coalesce(is_active, FALSE) AS is_active, \
                 coalesce(is_superuser, FALSE) AS is_superuser, coalesce(mfa_enforced, FALSE) AS mfa_enforced, \
                 coalesce(is_totp_enabled, FALSE) AND totp_secret IS NOT NULL AS totp_enabled, {} AS lock_until \
                 FROM users WHERE id > $1 AND ($2 IS NULL OR {} OR {}) ORDER BY users.id LIMIT $3",
                C::millis("mfa_lock_until"),
                C::matches("email", "$2"),
                C::matches("username", "$2")
            );
            let statement = Statement::new(text)
                .bind(query.after.map_or(i64::MIN, UserId::value))
                .bind(query.text.as_deref().map(like))
                .bind(i64::from(query.limit));
            let rows: Vec<UserRow> = connection.load(statement)?;
            Ok(UserPage { users: rows.into_iter().map(UserRow::into_record).collect() })
        })
    }

    fn usernames(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<BTreeMap<UserId, String>, StoreError>> {
        self.pool.run("name users", move |connection| {
            let query = format!(
                "SELECT CAST(id AS bigint) AS id, CAST(username AS text) AS username FROM users WHERE {}",
                C::is_in("id", "$1")
            );
            let ids: Vec<_> = users.iter().map(|user| user.value()).collect();
            let rows: Vec<NameRow> = connection.load(Statement::new(query).bind(ids))?;
            Ok(rows.into_iter().map(NameRow::into_pair).collect())
        })
    }
}
