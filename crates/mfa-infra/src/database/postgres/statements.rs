//! Statements on the path of a decision. Each is its own type, so that Diesel keeps it prepared.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text};
use diesel::{PgConnection, RunQueryDsl};

use super::columns;
use super::mail_columns::MailColumns;
use crate::database::chain::ChainedEvent;
use crate::database::committer::AccountWrite;
use crate::database::row::AccountRow;

type Flag = Bool;
type OptionalText = Nullable<Text>;
type OptionalInt = Nullable<BigInt>;

/// The types of the columns of an account, and of the name of a column with an invalid type.
type ColumnTypes = (
    BigInt,
    Text,
    Text,
    Flag,
    Flag,
    Flag,
    Flag,
    OptionalText,
    OptionalText,
    OptionalInt,
    OptionalInt,
    OptionalText,
    OptionalText,
    Flag,
    OptionalInt,
    Text,
    OptionalText,
    OptionalInt,
    OptionalInt,
    BigInt,
    OptionalInt,
    OptionalInt,
    OptionalText,
    BigInt,
    Text,
    Text,
    OptionalText,
);

/// Reads a group of accounts.
#[derive(Debug, QueryId)]
pub(super) struct PgLoadGroup(pub(super) Vec<i64>);

/// Reads one account.
#[derive(Debug, QueryId)]
pub(super) struct PgLoadOne(pub(super) i64);

/// Reads one account and locks its row until the transaction ends.
#[derive(Debug, QueryId)]
pub(super) struct LockOne(pub(super) i64);

impl QueryFragment<Pg> for PgLoadGroup {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(&columns::ACCOUNT);
        out.push_sql(" FROM users WHERE id = ANY(");
        out.push_bind_param::<Array<BigInt>, _>(&self.0)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryFragment<Pg> for PgLoadOne {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(&columns::ACCOUNT);
        out.push_sql(" FROM users WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.0)
    }
}

impl QueryFragment<Pg> for LockOne {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(&columns::ACCOUNT);
        out.push_sql(" FROM users WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.0)?;
        out.push_sql(" FOR NO KEY UPDATE");
        Ok(())
    }
}

macro_rules! query {
    ($($statement:ty => $types:ty),+ $(,)?) => {$(
        impl Query for $statement {
            type SqlType = $types;
        }
        impl RunQueryDsl<PgConnection> for $statement {}
    )+};
}

query! {
    PgLoadGroup => ColumnTypes,
    PgLoadOne => ColumnTypes,
    LockOne => ColumnTypes,
    PgStoreGroup => BigInt,
    StoreColdGroup => BigInt,
    StoreOne => BigInt,
}

/// Events as columns, for `unnest`.
#[derive(Debug, Default)]
struct EventColumns {
    event_id: Vec<Vec<u8>>,
    user_id: Vec<i64>,
    seq: Vec<i64>,
    at: Vec<i64>,
    event: Vec<&'static str>,
    method: Vec<Option<&'static str>>,
    outcome: Vec<&'static str>,
    ip: Vec<Option<String>>,
    user_agent: Vec<Option<String>>,
    request_id: Vec<Option<String>>,
    actor: Vec<Option<String>>,
    reason: Vec<Option<String>>,
    salt: Vec<Vec<u8>>,
    personal_digest: Vec<Vec<u8>>,
    mac_key: Vec<String>,
    mac: Vec<Vec<u8>>,
    token_id: Vec<Option<Vec<u8>>>,
    token_session: Vec<Option<i64>>,
}

impl EventColumns {
    fn push(&mut self, chained: &ChainedEvent) {
        let event = &chained.event;
        self.event_id.push(chained.event_id.to_vec());
        self.user_id.push(chained.user.value());
        self.seq.push(i64::try_from(chained.seq).unwrap_or(i64::MAX));
        self.at.push(event.at.millis());
        self.event.push(event.kind.as_str());
        self.method.push(event.method.map(mfa_core::FactorKind::as_str));
        self.outcome.push(event.outcome.as_str());
        self.ip.push(event.origin.ip().map(|ip| ip.to_string()));
        self.user_agent.push(event.origin.user_agent().map(str::to_owned));
        self.request_id.push(event.origin.request_id().map(str::to_owned));
        self.actor.push(event.actor.clone());
        self.reason.push(event.reason.clone());
        self.salt.push(chained.salt.to_vec());
        self.personal_digest.push(chained.personal_digest.to_vec());
        self.mac_key.push(chained.mac_key.clone());
        self.mac.push(chained.mac.to_vec());
        self.token_id.push(event.token.map(|token| token.id.bytes().to_vec()));
        let session = event.token.and_then(|token| token.session);
        self.token_session.push(session.map(|it| i64::try_from(it).unwrap_or(i64::MAX)));
    }

    /// `recorded AS (INSERT … only the events of accounts that were stored)`. In the order of `seq`, so that the ids of
    /// a user's events rise with it.
    fn insert<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "recorded AS (INSERT INTO mfa_events (event_id, user_id, seq, at, event, method, outcome, ip, user_agent, \
             request_id, actor, reason, salt, personal_digest, mac_key, mac, token_id, token_session) \
             SELECT e.event_id, e.user_id, e.seq, to_timestamp(e.at / 1000.0), e.event, e.method, e.outcome, e.ip, \
             e.user_agent, e.request_id, e.actor, e.reason, e.salt, e.personal_digest, e.mac_key, e.mac, \
             e.token_id, e.token_session FROM unnest(",
        );
        out.push_bind_param::<Array<Binary>, _>(&self.event_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.user_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.seq)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.event)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<OptionalText>, _>(&self.method)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.outcome)?;
        for column in [&self.ip, &self.user_agent, &self.request_id, &self.actor, &self.reason] {
            out.push_sql(", ");
            out.push_bind_param::<Array<OptionalText>, _>(column)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.salt)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.personal_digest)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.mac_key)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.mac)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.token_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<OptionalInt>, _>(&self.token_session)?;
        out.push_sql(
            ") AS e(event_id, user_id, seq, at, event, method, outcome, ip, user_agent, request_id, actor, reason, \
             salt, personal_digest, mac_key, mac, token_id, token_session) JOIN won ON won.id = e.user_id ORDER BY e.seq)",
        );
        Ok(())
    }
}

/// Stores the columns that verifications change, of a group of accounts with their events, in one autocommit statement.
///
/// It never waits: it skips a row that is locked or has another version, with its events, and returns only the ids
/// that were stored.
#[derive(Debug, Default, QueryId)]
pub(super) struct PgStoreGroup {
    id: Vec<i64>,
    version: Vec<i64>,
    last_step: Vec<Option<i64>>,
    failures: Vec<i64>,
    lock_until: Vec<Option<i64>>,
    last_success_at: Vec<Option<i64>>,
    last_method: Vec<Option<String>>,
    internal: Vec<String>,
    events: EventColumns,
}

impl PgStoreGroup {
    pub(super) fn push(&mut self, write: &AccountWrite) {
        let row = &write.row;
        self.id.push(row.id);
        self.version.push(row.mfa_version);
        self.last_step.push(row.totp_last_step);
        self.failures.push(row.mfa_failed_attempts);
        self.lock_until.push(row.mfa_lock_until);
        self.last_success_at.push(row.mfa_last_success_at);
        self.last_method.push(row.mfa_last_method.clone());
        self.internal.push(row.mfa_internal.clone());
        for event in &write.events {
            self.events.push(event);
        }
    }
}

impl PgStoreGroup {
    /// `WITH wanted AS (SELECT v.* FROM unnest(` and the columns.
    fn values<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH wanted AS (SELECT v.* FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.version)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<OptionalInt>, _>(&self.last_step)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.failures)?;
        for column in [&self.lock_until, &self.last_success_at] {
            out.push_sql(", ");
            out.push_bind_param::<Array<OptionalInt>, _>(column)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<OptionalText>, _>(&self.last_method)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.internal)
    }
}

impl QueryFragment<Pg> for PgStoreGroup {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.values(&mut out)?;
        out.push_sql(
            ") AS v(id, version, last_step, failures, lock_until, last_success_at, last_method, internal) \
             JOIN users u ON u.id = v.id AND u.mfa_version = v.version \
             ORDER BY u.id FOR NO KEY UPDATE OF u SKIP LOCKED), \
             won AS (UPDATE users u SET totp_last_step = w.last_step, mfa_failed_attempts = w.failures, \
             mfa_lock_until = to_timestamp(w.lock_until / 1000.0), \
             mfa_last_success_at = to_timestamp(w.last_success_at / 1000.0), mfa_last_method = w.last_method, \
             mfa_version = w.version + 1, mfa_internal = w.internal::jsonb \
             FROM wanted w WHERE u.id = w.id RETURNING w.id), ",
        );
        self.events.insert(&mut out)?;
        out.push_sql(" SELECT id FROM won");
        Ok(())
    }
}

/// Stores all our columns of a group of accounts, with their events, in one autocommit statement, without waiting.
#[derive(Debug, Default, QueryId)]
pub(super) struct StoreColdGroup {
    hot: PgStoreGroup,
    enforced: Vec<bool>,
    totp_enabled: Vec<bool>,
    phone_verified: Vec<bool>,
    texts: [Vec<Option<String>>; 5],
    times: [Vec<Option<i64>>; 4],
    backup_method: Vec<String>,
    authenticators: Vec<String>,
    mails: MailColumns,
}

impl StoreColdGroup {
    pub(super) fn push(&mut self, write: &AccountWrite) {
        self.hot.push(write);
        self.mails.extend(&write.mails);
        let row = &write.row;
        self.enforced.push(row.mfa_enforced);
        self.totp_enabled.push(row.is_totp_enabled);
        self.phone_verified.push(row.is_phone_verified);
        self.backup_method.push(row.mfa_backup_method.clone());
        self.authenticators.push(row.mfa_authenticators.clone());
        let texts = [
            &row.totp_secret,
            &row.totp_pending_secret,
            &row.phone_number,
            &row.phone_pending,
            &row.recovery_codes,
        ];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.push(text.clone());
        }
        let times = [
            row.totp_pending_expires_at,
            row.totp_enrolled_at,
            row.phone_verified_at,
            row.recovery_codes_generated_at,
        ];
        for (column, time) in self.times.iter_mut().zip(times) {
            column.push(time);
        }
    }
}

impl QueryFragment<Pg> for StoreColdGroup {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.hot.values(&mut out)?;
        for column in [&self.enforced, &self.totp_enabled, &self.phone_verified] {
            out.push_sql(", ");
            out.push_bind_param::<Array<Bool>, _>(column)?;
        }
        for column in &self.texts {
            out.push_sql(", ");
            out.push_bind_param::<Array<OptionalText>, _>(column)?;
        }
        for column in &self.times {
            out.push_sql(", ");
            out.push_bind_param::<Array<OptionalInt>, _>(column)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.backup_method)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.authenticators)?;
        out.push_sql(
            ") AS v(id, version, last_step, failures, lock_until, last_success_at, last_method, internal, enforced, \
             totp_enabled, phone_verified, totp_secret, totp_pending, phone, phone_pending, codes, pending_until, \
             enrolled_at, verified_at, generated_at, backup_method, authenticators) \
             JOIN users u ON u.id = v.id AND u.mfa_version = v.version \
             ORDER BY u.id FOR NO KEY UPDATE OF u SKIP LOCKED), \
             won AS (UPDATE users u SET totp_last_step = w.last_step, mfa_failed_attempts = w.failures, \
             mfa_lock_until = to_timestamp(w.lock_until / 1000.0), \
             mfa_last_success_at = to_timestamp(w.last_success_at / 1000.0), mfa_last_method = w.last_method, \
             mfa_version = w.version + 1, mfa_internal = w.internal::jsonb, mfa_enforced = w.enforced, \
             is_totp_enabled = w.totp_enabled, is_phone_verified = w.phone_verified, totp_secret = w.totp_secret, \
             totp_pending_secret = w.totp_pending, phone_number = w.phone, phone_pending = w.phone_pending, \
             recovery_codes = w.codes::jsonb, totp_pending_expires_at = to_timestamp(w.pending_until / 1000.0), \
             totp_enrolled_at = to_timestamp(w.enrolled_at / 1000.0), \
             phone_verified_at = to_timestamp(w.verified_at / 1000.0), \
             recovery_codes_generated_at = to_timestamp(w.generated_at / 1000.0), mfa_backup_method = w.backup_method, \
             mfa_authenticators = w.authenticators::jsonb \
             FROM wanted w WHERE u.id = w.id RETURNING w.id), ",
        );
        self.hot.events.insert(&mut out)?;
        self.mails.insert(&mut out)?;
        out.push_sql(" SELECT id FROM won");
        Ok(())
    }
}

/// Stores one account with its events: the columns of a verification, or all our columns. Never waits.
#[derive(Debug)]
pub(super) struct StoreOne {
    row: AccountRow,
    is_cold: bool,
    events: EventColumns,
    mails: MailColumns,
}

impl StoreOne {
    pub(super) fn new(write: &AccountWrite) -> Self {
        let mut events = EventColumns::default();
        for event in &write.events {
            events.push(event);
        }
        let mut mails = MailColumns::default();
        mails.extend(&write.mails);
        Self { row: write.row.clone(), is_cold: write.is_cold, events, mails }
    }
}

impl QueryId for StoreOne {
    type QueryId = ();
    /// One type has several texts, which Diesel distinguishes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for StoreOne {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let row = &self.row;
        out.push_sql("WITH wanted AS (SELECT id FROM users WHERE id = ");
        out.push_bind_param::<BigInt, _>(&row.id)?;
        out.push_sql(" AND mfa_version = ");
        out.push_bind_param::<BigInt, _>(&row.mfa_version)?;
        out.push_sql(" FOR NO KEY UPDATE SKIP LOCKED), won AS (UPDATE users u SET totp_last_step = ");
        out.push_bind_param::<OptionalInt, _>(&row.totp_last_step)?;
        out.push_sql(", mfa_failed_attempts = ");
        out.push_bind_param::<BigInt, _>(&row.mfa_failed_attempts)?;
        time(&mut out, ", mfa_lock_until = ", &row.mfa_lock_until)?;
        time(&mut out, ", mfa_last_success_at = ", &row.mfa_last_success_at)?;
        text(&mut out, ", mfa_last_method = ", &row.mfa_last_method)?;
        out.push_sql(", mfa_version = u.mfa_version + 1, mfa_internal = ");
        out.push_bind_param::<Text, _>(&row.mfa_internal)?;
        out.push_sql("::jsonb");
        if self.is_cold {
            for (name, flag) in [
                (", mfa_enforced = ", &row.mfa_enforced),
                (", is_totp_enabled = ", &row.is_totp_enabled),
                (", is_phone_verified = ", &row.is_phone_verified),
            ] {
                out.push_sql(name);
                out.push_bind_param::<Bool, _>(flag)?;
            }
            text(&mut out, ", totp_secret = ", &row.totp_secret)?;
            text(&mut out, ", totp_pending_secret = ", &row.totp_pending_secret)?;
            time(&mut out, ", totp_pending_expires_at = ", &row.totp_pending_expires_at)?;
            time(&mut out, ", totp_enrolled_at = ", &row.totp_enrolled_at)?;
            text(&mut out, ", phone_number = ", &row.phone_number)?;
            text(&mut out, ", phone_pending = ", &row.phone_pending)?;
            time(&mut out, ", phone_verified_at = ", &row.phone_verified_at)?;
            out.push_sql(", mfa_backup_method = ");
            out.push_bind_param::<Text, _>(&row.mfa_backup_method)?;
            text(&mut out, ", recovery_codes = ", &row.recovery_codes)?;
            out.push_sql("::jsonb");
            time(&mut out, ", recovery_codes_generated_at = ", &row.recovery_codes_generated_at)?;
            out.push_sql(", mfa_authenticators = ");
            out.push_bind_param::<Text, _>(&row.mfa_authenticators)?;
            out.push_sql("::jsonb");
        }
        out.push_sql(" FROM wanted w WHERE u.id = w.id RETURNING u.id::bigint AS id), ");
        self.events.insert(&mut out)?;
        if !self.mails.is_empty() {
            self.mails.insert(&mut out)?;
        }
        out.push_sql(" SELECT id FROM won");
        Ok(())
    }
}

#[expect(clippy::ref_option, reason = "Diesel binds the column by reference")]
fn time<'b>(out: &mut AstPass<'_, 'b, Pg>, name: &'static str, millis: &'b Option<i64>) -> QueryResult<()> {
    out.push_sql(name);
    out.push_sql("to_timestamp(");
    out.push_bind_param::<OptionalInt, _>(millis)?;
    out.push_sql(" / 1000.0)");
    Ok(())
}

#[expect(clippy::ref_option, reason = "Diesel binds the column by reference")]
fn text<'b>(out: &mut AstPass<'_, 'b, Pg>, name: &'static str, value: &'b Option<String>) -> QueryResult<()> {
    out.push_sql(name);
    out.push_bind_param::<OptionalText, _>(value)
}
