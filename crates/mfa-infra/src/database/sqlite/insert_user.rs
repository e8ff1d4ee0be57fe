//! Statement that inserts a user.

use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Untyped};
use diesel::sqlite::Sqlite;
use diesel::{RunQueryDsl, SqliteConnection};
use mfa_core::NewUser;

/// Inserts a user, unless the name or the address is taken. Its own type, so that Diesel keeps it prepared: to prepare the
/// triggers of `users` takes longer than to insert a row.
#[derive(Debug)]
pub(super) struct InsertUser<'a> {
    user: &'a NewUser,
    created_at: i64,
}

impl<'a> InsertUser<'a> {
    pub(super) const fn new(user: &'a NewUser) -> Self {
        Self { user, created_at: user.created_at.millis() }
    }
}

impl QueryId for InsertUser<'_> {
    type QueryId = InsertUser<'static>;
}

impl Query for InsertUser<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<SqliteConnection> for InsertUser<'_> {}

impl QueryFragment<Sqlite> for InsertUser<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let user = self.user;
        // Never the id of a deleted user: events and floors outlive their user.
        out.push_sql(
            "INSERT INTO users (id, email, username, hashed_password, full_name, is_active, is_superuser, \
             mfa_enforced, created_at, updated_at) SELECT 1 + max( \
             coalesce((SELECT max(id) FROM users), 0), coalesce((SELECT max(user_id) FROM mfa_events), 0), \
             coalesce((SELECT max(user_id) FROM mfa_event_floors), 0)), \
             n.email, n.username, n.hashed_password, n.full_name, TRUE, n.is_superuser, n.mfa_enforced, \
             n.created_at, n.created_at FROM (SELECT ",
        );
        out.push_bind_param::<Text, _>(&user.email)?;
        out.push_sql(" AS email, ");
        out.push_bind_param::<Text, _>(&user.username)?;
        out.push_sql(" AS username, ");
        out.push_bind_param::<Text, _>(user.digest.as_column())?;
        out.push_sql(" AS hashed_password, ");
        out.push_bind_param::<Nullable<Text>, _>(&user.full_name)?;
        out.push_sql(" AS full_name, ");
        out.push_bind_param::<Bool, _>(&user.is_superuser)?;
        out.push_sql(" AS is_superuser, ");
        out.push_bind_param::<Bool, _>(&user.mfa_enforced)?;
        out.push_sql(" AS mfa_enforced, ");
        out.push_bind_param::<BigInt, _>(&self.created_at)?;
        out.push_sql(
            " AS created_at) AS n WHERE NOT EXISTS (SELECT 1 FROM users WHERE lower(email) = lower(n.email)) \
             ON CONFLICT DO NOTHING RETURNING id, email, username",
        );
        Ok(())
    }
}
