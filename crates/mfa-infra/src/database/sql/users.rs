//! Queries of users: credentials and lists.

mod erasure;

use std::collections::BTreeMap;
use std::net::IpAddr;

use mfa_core::{
    AddressMatch, AddressOwner, BoxFuture, Credentials, NewUser, NewUserError, PasswordDigest, PasswordKinds,
    StoreError, Timestamp, UserFilter, UserId, UserPage, UserQuery, Users,
};

use super::dialect::{Dialect, Statement};
use super::{SqlDatabase, logins, user_list};
use crate::database::columns::ColumnKind;
use crate::database::pool::TextRow;
use crate::database::row::{IdRangeRow, NameRow, PrefixRow};
use crate::database::user_import::UserIdentityRow;

/// Places at which [`Users::password_kinds`] reads users, and the number of users that it reads at each.
const SAMPLES: i64 = 16;
const USERS_PER_SAMPLE: i64 = 128;

impl<C: Dialect> Users for SqlDatabase<C> {
    fn find_credentials<'a>(
        &'a self,
        login: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
        let (login, columns) = (login.to_owned(), self.columns.clone());
        self.pool
            .run("find credentials", move |connection| logins::find_credentials(connection, &columns, &login))
    }

    fn find_by_email<'a>(
        &'a self,
        email: &'a str,
    ) -> BoxFuture<'a, Result<AddressMatch<AddressOwner>, StoreError>> {
        let (email, columns) = (email.to_owned(), self.columns.clone());
        self.pool.run("find user by address", move |connection| {
            logins::find_by_email(connection, &columns, &email)
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

    fn set_password(&self, user: UserId, new: PasswordDigest) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("set password", move |connection| {
            let query = Statement::new("UPDATE users SET hashed_password = $2 WHERE id = $1");
            connection.execute(query.bind(user.value()).bind(new.as_column())).map(|rows| rows == 1)
        })
    }

    fn set_superuser(&self, user: UserId, is_superuser: bool) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("set superuser", move |connection| {
            let value = if is_superuser { "TRUE" } else { "FALSE" };
            let query = Statement::new(format!("UPDATE users SET is_superuser = {value} WHERE id = $1"));
            connection.execute(query.bind(user.value())).map(|rows| rows == 1)
        })
    }

    fn insert(&self, user: NewUser) -> BoxFuture<'_, Result<UserId, NewUserError>> {
        let columns = self.columns.clone();
        let inserted = self.pool.run("insert user", move |connection| {
            // The statement compares addresses by the case that the database knows, which may be that of ASCII only.
            if !matches!(logins::find_by_email(connection, &columns, &user.email)?, AddressMatch::None) {
                return Ok(Vec::new());
            }
            connection.insert_users(&[user], &columns)
        });
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

    fn list(&self, query: UserQuery, now: Timestamp) -> BoxFuture<'_, Result<Option<UserPage>, StoreError>> {
        self.pool.run("list users", move |connection| user_list::page(connection, &query, now))
    }

    fn count(&self, filter: UserFilter, now: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.pool.run("count listed users", move |connection| user_list::count(connection, &filter, now))
    }

    fn usernames(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<BTreeMap<UserId, String>, StoreError>> {
        self.pool.run("name users", move |connection| {
            let query = format!(
                "SELECT CAST(id AS bigint) AS id, {} AS username FROM users WHERE {}",
                C::column("username", ColumnKind::Name),
                C::is_in("id", "$1")
            );
            let mut read = |ids: Vec<i64>| connection.load::<NameRow>(Statement::new(&*query).bind(ids));
            let ids: Vec<_> = users.iter().map(|user| user.value()).collect();
            let rows = read(ids.clone()).or_else(|error| {
                // A name that the database refuses to read is left out.
                let each: Vec<_> = ids.into_iter().map(|id| read(vec![id])).collect();
                let is_reachable = each.iter().any(Result::is_ok);
                if is_reachable { Ok(each.into_iter().flatten().flatten().collect()) } else { Err(error) }
            })?;
            Ok(rows.into_iter().map(NameRow::into_pair).collect())
        })
    }

    fn full_name(&self, user: UserId) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        self.pool.run("find full name", move |connection| {
            let name = C::column("full_name", ColumnKind::Text);
            let query = format!("SELECT {name} AS value FROM users WHERE id = $1 AND {name} IS NOT NULL");
            let named = connection.first::<TextRow>(Statement::new(query).bind(user.value()));
            // A name that the database refuses to read is none.
            Ok(named.ok().flatten().map(|it| it.value))
        })
    }

    fn is_helpdesk(&self, user: UserId) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("find role", move |connection| {
            let query = "SELECT role AS value FROM mfa_roles WHERE user_id = $1 AND role = 'helpdesk'";
            let found = connection.first::<TextRow>(Statement::new(query).bind(user.value()))?;
            Ok(found.is_some())
        })
    }

    fn set_helpdesk(
        &self,
        user: UserId,
        is_helpdesk: bool,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("set role", move |connection| {
            if is_helpdesk {
                let query = format!(
                    "INSERT INTO mfa_roles (user_id, role, granted_at) SELECT id, 'helpdesk', {} FROM users \
                     WHERE id = $1 ON CONFLICT (user_id) DO UPDATE SET role = excluded.role",
                    C::timestamp("$2")
                );
                let query = Statement::new(query).bind(user.value()).bind(now.millis());
                return connection.execute(query).map(|rows| rows == 1);
            }
            let delete = Statement::new("DELETE FROM mfa_roles WHERE user_id = $1").bind(user.value());
            connection.execute(delete)?;
            let query = Statement::new("SELECT 'user' AS value FROM users WHERE id = $1").bind(user.value());
            Ok(connection.first::<TextRow>(query)?.is_some())
        })
    }
}
