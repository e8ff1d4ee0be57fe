//! SQL of PostgreSQL where it differs from SQLite's.

use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{Connection, OptionalExtension, PgConnection, RunQueryDsl, sql_query};
use mfa_core::NewUser;
use mfa_sms::{BudgetDecision, BudgetRequest};

use super::statements::{PgLoadGroup, PgLoadOne};
use super::{columns, login_columns};
use crate::database::columns::ColumnKind;
use crate::database::login_columns::LoginColumns;
use crate::database::row::AccountRow;
use crate::database::sql::dialect::{Dialect, SqlRow, Statement, Value};
use crate::database::sql::sms::{BucketRow, settle};
use crate::database::user_import::UserIdentityRow;

/// The sealed values of a user as rows `c(kind, value)`: those of the columns, of the placeholder and of further apps.
const SEALED: &str = "LATERAL (SELECT * FROM (VALUES ('totp_secret', totp_secret::text), \
    ('totp_pending_secret', totp_pending_secret::text), ('phone_number', phone_number::text), \
    ('phone_pending', phone_pending::text)) AS own \
    UNION ALL SELECT CASE entry ->> 'kind' WHEN 'pending' THEN 'totp_pending_secret' ELSE 'totp_secret' END, coalesce( \
    entry ->> 'placeholder', entry ->> 'secret', entry #>> '{added,secret}') FROM jsonb_array_elements( \
    CASE jsonb_typeof(mfa_authenticators) WHEN 'array' THEN mfa_authenticators ELSE '[]' END) AS entry \
    WHERE entry ->> 'kind' IN ('user', 'totp', 'pending') \
    AND (entry ->> 'placeholder' IS NULL OR entry ->> 'placeholder' IS DISTINCT FROM totp_secret::text)) AS c(kind, value)";

/// The id of the key that sealed `c.value`; NULL if the value is not sealed.
const KEY: &str = "CASE WHEN c.value LIKE 'v1.%.%' THEN split_part(c.value, '.', 2) END";

impl Dialect for PgConnection {
    const SKIP_LOCKED: &'static str = "FOR UPDATE SKIP LOCKED";
    const SHARE_LOCK: &'static str = "FOR SHARE";
    const CLOCK: &'static str = "(extract(epoch from clock_timestamp()) * 1000)::bigint";
    const DELETE_COPIES: Option<&'static str> = None;
    const CHAIN_HEAD: [&'static str; 2] = [
        "CASE WHEN u.mfa_internal #>> '{chain,n}' ~ '^[0-9]{1,18}$' THEN (u.mfa_internal #>> '{chain,n}')::bigint END",
        "u.mfa_internal #>> '{chain,mac}'",
    ];
    const HAS_PLACEHOLDER: &'static str = "strpos(mfa_authenticators::text, totp_secret::text) > 0";
    const HAS_PASSKEY: &'static str = "mfa_authenticators @> '[{\"kind\": \"passkey\"}]'";
    const FIRST_PASSKEY_AT: &'static str = "(SELECT min(CASE jsonb_typeof(entry -> 'at') WHEN 'number' \
        THEN floor((entry ->> 'at')::numeric)::bigint END) FROM jsonb_array_elements( \
        CASE jsonb_typeof(mfa_authenticators) WHEN 'array' THEN mfa_authenticators ELSE '[]' END) AS entry \
        WHERE entry ->> 'kind' = 'passkey')";
    const ORDERED_JOIN: &'static str = "JOIN";
    const SMALLEST: &'static str = "'-9223372036854775808'::bigint";
    const UNUSED_RECOVERY_CODES: &'static str = "CASE WHEN jsonb_typeof(recovery_codes::jsonb) = 'array' THEN \
        (SELECT count(*) FROM jsonb_array_elements(recovery_codes::jsonb) AS code WHERE code ->> 'used_at' IS NULL) \
        ELSE 0 END";

    const INVALID_VALUE: fn() -> &'static str = || columns::INVALID_VALUE;

    fn column(name: &str, kind: ColumnKind) -> String {
        columns::expression(name, kind)
    }

    fn millis(column: &str) -> String {
        columns::millis(column)
    }

    fn timestamp(parameter: &str) -> String {
        format!("to_timestamp({parameter} / 1000.0)")
    }

    fn hex(column: &str) -> String {
        format!("encode({column}, 'hex')")
    }

    fn is_in(column: &str, list: &str) -> String {
        format!("{column} = ANY({list})")
    }

    fn text_is_in(column: &str, kind: &str, list: &str) -> String {
        format!("{column} = ANY(CAST({list} AS {kind}[]))")
    }

    fn email_is_in_any_case(list: &str) -> String {
        format!("lower(CAST(email AS text)) = ANY(ARRAY(SELECT lower(v) FROM unnest({list}) AS v))")
    }

    fn is_beyond_ascii(text: &str) -> String {
        format!("{text} ~ '[^[:ascii:]]'")
    }

    fn trimmed(column: &str, characters: &[char]) -> String {
        let numbers: Vec<_> = characters.iter().map(|it| format!("chr({})", u32::from(*it))).collect();
        format!("btrim({column}, {})", numbers.join(" || "))
    }

    fn contains(column: &str, parameter: &str) -> String {
        format!("strpos({column}, {parameter}) > 0")
    }

    fn contained(text: &str) -> String {
        text.to_owned()
    }

    fn unindexed(column: &str) -> String {
        format!("({column} || '')")
    }

    fn elements(parameter: &str) -> String {
        format!("jsonb_array_elements({parameter}::jsonb) AS v(value)")
    }

    fn keys_of_users() -> String {
        format!(
            "SELECT c.kind AS kind, {KEY} AS key, count(*) AS count FROM users, {SEALED} \
             WHERE id > $1 AND id <= $2 AND c.value IS NOT NULL GROUP BY 1, 2 UNION ALL \
             SELECT 'recovery_tag', code ->> 'tag_key', count(*) FROM users, LATERAL jsonb_array_elements( \
             CASE jsonb_typeof(recovery_codes::jsonb) WHEN 'array' THEN recovery_codes::jsonb ELSE '[]' END) \
             AS code WHERE id > $1 AND id <= $2 AND code ->> 'tag_key' IS NOT NULL \
             AND code ->> 'used_at' IS NULL GROUP BY 1, 2 UNION ALL \
             SELECT 'sms_code', mfa_internal #>> '{{sms,code,k}}', count(*) FROM users \
             WHERE id > $1 AND id <= $2 AND CASE WHEN mfa_internal #>> '{{sms,code,exp}}' ~ '^[0-9]{{1,18}}$' \
             THEN (mfa_internal #>> '{{sms,code,exp}}')::bigint > $3 END GROUP BY 1, 2 UNION ALL \
             SELECT 'access_pass', mfa_internal #>> '{{pass,k}}', count(*) FROM users \
             WHERE id > $1 AND id <= $2 AND CASE WHEN mfa_internal #>> '{{pass,exp}}' ~ '^[0-9]{{1,18}}$' \
             THEN (mfa_internal #>> '{{pass,exp}}')::bigint > $3 END GROUP BY 1, 2"
        )
    }

    fn users_not_sealed_with() -> String {
        format!(
            "SELECT DISTINCT id::bigint AS id FROM users, {SEALED} WHERE id > $1 AND id <= $2 \
             AND c.value IS NOT NULL AND ({KEY}) IS DISTINCT FROM $3 ORDER BY 1"
        )
    }

    fn load<R: SqlRow>(&mut self, statement: Statement) -> QueryResult<Vec<R>> {
        bound(statement).load(self)
    }

    fn execute(&mut self, statement: Statement) -> QueryResult<usize> {
        bound(statement).execute(self)
    }

    fn read_snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T> {
        self.build_transaction().read_only().repeatable_read().run(read)
    }

    fn write<T>(&mut self, work: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T> {
        self.transaction(work)
    }

    fn find_account(&mut self, user: i64) -> QueryResult<Option<AccountRow>> {
        PgLoadOne(user).get_result(self).optional()
    }

    fn load_accounts(&mut self, users: &[i64]) -> QueryResult<Vec<AccountRow>> {
        PgLoadGroup(users.to_vec()).load(self)
    }

    fn unreadable_column(&mut self, user: i64) -> Option<&'static str> {
        columns::unreadable_column(self, user)
    }

    fn login_columns(&mut self) -> QueryResult<LoginColumns> {
        login_columns::read(self)
    }

    fn reserve(&mut self, request: &BudgetRequest) -> QueryResult<BudgetDecision> {
        // Each row as it is once its lock is held, whatever the server's default isolation is.
        self.build_transaction().read_committed().run(|connection| reserve(connection, request))
    }

    fn insert_users(
        &mut self,
        users: &[NewUser],
        columns: &LoginColumns,
    ) -> QueryResult<Vec<UserIdentityRow>> {
        let is_taken = if columns.looks_up_lower_case {
            "SELECT FROM users AS u WHERE lower(CAST(u.email AS text)) = lower(n.email)".to_owned()
        } else {
            format!("SELECT FROM users AS u WHERE u.email = CAST(lower(n.email) AS {})", columns.email)
        };
        let texts = |of: fn(&NewUser) -> &str| users.iter().map(of).collect::<Vec<_>>();
        let flags = |of: fn(&NewUser) -> bool| users.iter().map(of).collect::<Vec<_>>();
        let full_names: Vec<_> = users.iter().map(|it| it.full_name.as_deref()).collect();
        sql_query(format!(
            "INSERT INTO users (email, username, hashed_password, full_name, is_active, is_superuser, \
             mfa_enforced, created_at, updated_at) \
             SELECT email, username, digest, name, TRUE, super, enforced, to_timestamp(at / 1000.0), \
             to_timestamp(at / 1000.0) \
             FROM unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY \
             AS n(email, username, digest, name, super, enforced, at, place) \
             WHERE NOT EXISTS ({is_taken}) ORDER BY place \
             ON CONFLICT DO NOTHING RETURNING id::bigint, email::text, username::text"
        ))
        .bind::<Array<Text>, _>(texts(|it| &it.email))
        .bind::<Array<Text>, _>(texts(|it| &it.username))
        .bind::<Array<Text>, _>(texts(|it| it.digest.as_column()))
        .bind::<Array<Nullable<Text>>, _>(full_names)
        .bind::<Array<Bool>, _>(flags(|it| it.is_superuser))
        .bind::<Array<Bool>, _>(flags(|it| it.mfa_enforced))
        .bind::<Array<BigInt>, _>(users.iter().map(|it| it.created_at.millis()).collect::<Vec<_>>())
        .load(self)
    }
}

fn bound(statement: Statement) -> BoxedSqlQuery<'static, Pg, SqlQuery> {
    let query = sql_query(statement.text).into_boxed();
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Integer(value) => query.bind::<Nullable<BigInt>, _>(value),
        Value::Text(value) => query.bind::<Nullable<Text>, _>(value.map(storable)),
        Value::Integers(values) => query.bind::<Array<BigInt>, _>(values),
        Value::Texts(values) => {
            query.bind::<Array<Text>, _>(values.into_iter().map(storable).collect::<Vec<_>>())
        }
    })
}

/// Replaces NUL, which no text of PostgreSQL contains. The server would reject the statement with all its parameters.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

fn reserve(connection: &mut PgConnection, request: &BudgetRequest) -> QueryResult<BudgetDecision> {
    let lines = request.lines();
    let scopes: Vec<_> = lines.iter().map(|it| it.scope.as_str()).collect();
    let keys: Vec<_> = lines.iter().map(|it| it.key.as_str()).collect();
    // Inserts or locks row by row in the order of the lines, in one statement: an UPDATE that changes nothing locks an
    // existing row, even one that another server inserts or sweeps at this moment.
    let rows: Vec<BucketRow> = sql_query(
        "WITH line AS (SELECT * FROM unnest($1, $2) WITH ORDINALITY AS it (scope, key, place)), \
         locked AS (INSERT INTO mfa_sms_budget AS budget (scope, key) SELECT scope, key FROM line ORDER BY place \
         ON CONFLICT (scope, key) DO UPDATE SET full_at = budget.full_at RETURNING scope, key, full_at) \
         SELECT (extract(epoch from full_at) * 1000)::bigint AS full_at FROM line JOIN locked USING (scope, key) \
         ORDER BY place",
    )
    .bind::<Array<Text>, _>(&scopes)
    .bind::<Array<Text>, _>(&keys)
    .load(connection)?;
    let (decision, full_at) = settle(request, &rows);
    sql_query(
        "UPDATE mfa_sms_budget AS budget SET full_at = to_timestamp(line.full_at / 1000.0) \
         FROM unnest($1, $2, $3) AS line (scope, key, full_at) \
         WHERE budget.scope = line.scope AND budget.key = line.key",
    )
    .bind::<Array<Text>, _>(&scopes)
    .bind::<Array<Text>, _>(&keys)
    .bind::<Array<BigInt>, _>(full_at)
    .execute(connection)?;
    Ok(decision)
}
