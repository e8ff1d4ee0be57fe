//! Statements on the path of a decision. Each is its own type, so that Diesel keeps it prepared.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{RunQueryDsl, SqliteConnection};
use serde_json::{Value, json};

use super::columns;
use crate::database::chain::ChainedEvent;
use crate::database::committer::AccountWrite;

/// The types of the columns of an account, and of the name of a column with an invalid type.
type ColumnTypes = (
    BigInt,
    Text,
    Text,
    Bool,
    Bool,
    Bool,
    Bool,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Text>,
    Nullable<Text>,
    Bool,
    Nullable<BigInt>,
    Text,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Text>,
    BigInt,
    Text,
    Text,
    Nullable<Text>,
);

/// Reads a group of accounts, their ids in a JSON array.
#[derive(Debug, QueryId)]
pub(super) struct SqliteLoadGroup(pub(super) String);

/// Reads one account.
#[derive(Debug, QueryId)]
pub(super) struct SqliteLoadOne(pub(super) i64);

/// Stores a group of accounts with their events: an INSERT into the view `mfa_account_writes`.
#[derive(Debug, QueryId)]
pub(super) struct SqliteStoreGroup(pub(super) String);

impl QueryFragment<Sqlite> for SqliteLoadGroup {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(&columns::ACCOUNT);
        out.push_sql(" FROM users WHERE id IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.0)?;
        out.push_sql("))");
        Ok(())
    }
}

impl QueryFragment<Sqlite> for SqliteLoadOne {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(&columns::ACCOUNT);
        out.push_sql(" FROM users WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.0)
    }
}

impl QueryFragment<Sqlite> for SqliteStoreGroup {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO mfa_account_writes (id, mfa_version, mfa_internal, mfa_enforced, is_totp_enabled, totp_secret, \
             totp_pending_secret, totp_pending_expires_at, totp_enrolled_at, phone_number, phone_pending, \
             is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes, recovery_codes_generated_at, \
             totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at, mfa_last_method, events, mfa_authenticators) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
             value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, \
             value ->> 14, value ->> 15, value ->> 16, value ->> 17, value ->> 18, value ->> 19, value ->> 20, \
             value -> 21, value ->> 22 FROM json_each(",
        );
        out.push_bind_param::<Text, _>(&self.0)?;
        out.push_sql(")");
        Ok(())
    }
}

macro_rules! query {
    ($($statement:ty),+) => {$(
        impl Query for $statement {
            type SqlType = ColumnTypes;
        }
    )+};
}

query!(SqliteLoadGroup, SqliteLoadOne);
impl RunQueryDsl<SqliteConnection> for SqliteLoadGroup {}
impl RunQueryDsl<SqliteConnection> for SqliteLoadOne {}
impl RunQueryDsl<SqliteConnection> for SqliteStoreGroup {}

impl SqliteStoreGroup {
    pub(super) fn new(writes: &[Arc<AccountWrite>]) -> Self {
        Self(Value::Array(writes.iter().map(|write| account(write)).collect()).to_string())
    }
}

fn account(write: &AccountWrite) -> Value {
    let row = &write.row;
    json!([
        row.id,
        row.mfa_version,
        row.mfa_internal,
        row.mfa_enforced,
        row.is_totp_enabled,
        row.totp_secret,
        row.totp_pending_secret,
        row.totp_pending_expires_at,
        row.totp_enrolled_at,
        row.phone_number,
        row.phone_pending,
        row.is_phone_verified,
        row.phone_verified_at,
        row.mfa_backup_method,
        row.recovery_codes,
        row.recovery_codes_generated_at,
        row.totp_last_step,
        row.mfa_failed_attempts,
        row.mfa_lock_until,
        row.mfa_last_success_at,
        row.mfa_last_method,
        write.events.iter().map(event).collect::<Vec<_>>(),
        row.mfa_authenticators,
    ])
}

fn event(chained: &ChainedEvent) -> Value {
    let event = &chained.event;
    json!([
        HEXLOWER.encode(&chained.event_id),
        chained.seq,
        event.at.millis(),
        event.kind.as_str(),
        event.method.map(mfa_core::FactorKind::as_str),
        event.outcome.as_str(),
        event.origin.ip().map(|ip| ip.to_string()),
        event.origin.user_agent(),
        event.origin.request_id(),
        event.actor,
        event.reason,
        HEXLOWER.encode(&chained.salt),
        HEXLOWER.encode(&chained.personal_digest),
        chained.mac_key,
        HEXLOWER.encode(&chained.mac),
        event.token.map(|token| token.id.to_hex()),
        event.token.and_then(|token| token.session),
    ])
}
