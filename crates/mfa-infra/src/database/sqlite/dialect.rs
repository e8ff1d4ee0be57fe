//! SQL of SQLite where it differs from PostgreSQL's.

use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{Connection, OptionalExtension, RunQueryDsl, SqliteConnection, sql_query};
use mfa_core::NewUser;
use mfa_sms::{BudgetDecision, BudgetRequest};
use serde_json::json;

use super::columns;
use super::insert_user::InsertUser;
use super::statements::{SqliteLoadGroup, SqliteLoadOne};
use crate::database::columns::ColumnKind;
use crate::database::login_columns::LoginColumns;
use crate::database::row::{AccountRow, like};
use crate::database::sql::dialect::{Dialect, SqlRow, Statement, Value};
use crate::database::sql::sms::{BucketRow, settle};
use crate::database::user_import::UserIdentityRow;

/// The sealed values of the users with ids in `($1, $2]` as rows `(id, kind, value)`: those of the columns, of the
/// placeholder and of further apps.
const SEALED: &str = "(SELECT id, 'totp_secret' AS kind, totp_secret AS value FROM users WHERE id > $1 AND id <= $2 \
    UNION ALL SELECT id, 'totp_pending_secret', totp_pending_secret FROM users WHERE id > $1 AND id <= $2 \
    UNION ALL SELECT id, 'phone_number', phone_number FROM users WHERE id > $1 AND id <= $2 \
    UNION ALL SELECT id, 'phone_pending', phone_pending FROM users WHERE id > $1 AND id <= $2 \
    UNION ALL SELECT users.id, iif(entry.value ->> 'kind' = 'pending', 'totp_pending_secret', 'totp_secret'), coalesce( \
    entry.value ->> 'placeholder', entry.value ->> 'secret', entry.value ->> '$.added.secret') FROM users, json_each( \
    CASE WHEN json_valid(mfa_authenticators) THEN mfa_authenticators ELSE '[]' END) AS entry \
    WHERE users.id > $1 AND users.id <= $2 \
    AND CASE entry.type WHEN 'object' THEN entry.value ->> 'kind' IN ('user', 'totp', 'pending') END \
    AND (entry.value ->> 'placeholder' IS NULL OR entry.value ->> 'placeholder' IS NOT totp_secret))";

/// The id of the key that sealed `value`; NULL if the value is not sealed.
const KEY: &str = "CASE WHEN value LIKE 'v1.%.%' THEN substr(value, 4, instr(substr(value, 4), '.') - 1) END";

impl Dialect for SqliteConnection {
    /// A write transaction has the whole database.
    const SKIP_LOCKED: &'static str = "";
    const SHARE_LOCK: &'static str = "";
    const CLOCK: &'static str = "NULL";
    const DELETE_COPIES: Option<&'static str> = Some("DELETE FROM mfa_replaced_rows");
    const CHAIN_HEAD: [&'static str; 2] = [
        "CASE WHEN json_valid(u.mfa_internal) AND json_type(u.mfa_internal, '$.chain.n') = 'integer' \
         THEN u.mfa_internal ->> '$.chain.n' END",
        "CASE WHEN json_valid(u.mfa_internal) THEN CAST(u.mfa_internal ->> '$.chain.mac' AS TEXT) END",
    ];
    const HAS_PLACEHOLDER: &'static str = "instr(mfa_authenticators, totp_secret) > 0";
    /// As this server writes it. In a name the quotes would be escaped.
    const HAS_PASSKEY: &'static str = "instr(mfa_authenticators, '\"kind\":\"passkey\"') > 0";
    const FIRST_PASSKEY_AT: &'static str = "(SELECT min(CAST(value ->> 'at' AS INTEGER)) FROM json_each( \
        CASE WHEN json_valid(mfa_authenticators) THEN mfa_authenticators ELSE '[]' END) \
        WHERE CASE type WHEN 'object' THEN value ->> 'kind' END = 'passkey')";
    const ORDERED_JOIN: &'static str = "CROSS JOIN";
    const SMALLEST: &'static str = "-9223372036854775808";
    const UNUSED_RECOVERY_CODES: &'static str = "CASE WHEN json_valid(recovery_codes) \
        AND json_type(recovery_codes) = 'array' THEN (SELECT count(*) FROM json_each(recovery_codes) \
        WHERE CASE type WHEN 'object' THEN value ->> 'used_at' END IS NULL) ELSE 0 END";

    const INVALID_VALUE: fn() -> &'static str = || columns::INVALID_VALUE.as_str();

    fn column(name: &str, kind: ColumnKind) -> String {
        columns::expression(name, kind)
    }

    fn millis(column: &str) -> String {
        column.to_owned()
    }

    fn timestamp(parameter: &str) -> String {
        parameter.to_owned()
    }

    fn hex(column: &str) -> String {
        column.to_owned()
    }

    fn is_in(column: &str, list: &str) -> String {
        format!("{column} IN (SELECT value FROM json_each({list}))")
    }

    fn text_is_in(column: &str, _: &str, list: &str) -> String {
        Self::is_in(column, list)
    }

    fn email_is_in_any_case(list: &str) -> String {
        format!("lower(email) IN (SELECT lower(value) FROM json_each({list}))")
    }

    fn is_beyond_ascii(text: &str) -> String {
        format!("{text} GLOB '*[^ -~]*'")
    }

    fn trimmed(column: &str, characters: &[char]) -> String {
        let numbers: Vec<_> = characters.iter().map(|it| u32::from(*it).to_string()).collect();
        format!("trim({column}, char({}))", numbers.join(", "))
    }

    fn contains(column: &str, parameter: &str) -> String {
        format!("{column} LIKE {parameter} ESCAPE '\\'")
    }

    fn contained(text: &str) -> String {
        like(text)
    }

    fn unindexed(column: &str) -> String {
        format!("+{column}")
    }

    fn elements(parameter: &str) -> String {
        format!("json_each({parameter}) AS v")
    }

    fn keys_of_users() -> String {
        format!(
            "SELECT kind, {KEY} AS key, count(*) AS count FROM {SEALED} WHERE value IS NOT NULL GROUP BY 1, 2 \
             UNION ALL \
             SELECT 'recovery_tag', code.value ->> 'tag_key', count(*) FROM users, json_each( \
             CASE WHEN json_valid(recovery_codes) AND json_type(recovery_codes) = 'array' \
             THEN recovery_codes ELSE '[]' END) AS code WHERE users.id > $1 AND users.id <= $2 \
             AND CASE code.type WHEN 'object' THEN code.value ->> 'tag_key' IS NOT NULL \
             AND code.value ->> 'used_at' IS NULL ELSE FALSE END GROUP BY 1, 2 UNION ALL \
             SELECT 'sms_code', mfa_internal ->> '$.sms.code.k', count(*) FROM users \
             WHERE id > $1 AND id <= $2 AND CASE WHEN json_valid(mfa_internal) \
             THEN mfa_internal ->> '$.sms.code.exp' > $3 END GROUP BY 1, 2 UNION ALL \
             SELECT 'access_pass', mfa_internal ->> '$.pass.k', count(*) FROM users \
             WHERE id > $1 AND id <= $2 AND CASE WHEN json_valid(mfa_internal) \
             THEN mfa_internal ->> '$.pass.exp' > $3 END GROUP BY 1, 2"
        )
    }

    fn users_not_sealed_with() -> String {
        format!("SELECT DISTINCT id FROM {SEALED} WHERE value IS NOT NULL AND ({KEY}) IS NOT $3 ORDER BY id")
    }

    fn load<R: SqlRow>(&mut self, statement: Statement) -> QueryResult<Vec<R>> {
        bound(statement).load(self)
    }

    fn execute(&mut self, statement: Statement) -> QueryResult<usize> {
        bound(statement).execute(self)
    }

    /// A transaction that only reads is a snapshot.
    fn read_snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T> {
        self.transaction(read)
    }

    /// Takes the write lock at its start: a transaction that begins with a read cannot always get it later.
    fn write<T>(&mut self, work: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T> {
        self.immediate_transaction(work)
    }

    fn find_account(&mut self, user: i64) -> QueryResult<Option<AccountRow>> {
        SqliteLoadOne(user).get_result(self).optional()
    }

    fn load_accounts(&mut self, users: &[i64]) -> QueryResult<Vec<AccountRow>> {
        SqliteLoadGroup(json!(users).to_string()).load(self)
    }

    fn unreadable_column(&mut self, user: i64) -> Option<&'static str> {
        columns::unreadable_column(self, user)
    }

    /// The migrations created the table and the index.
    fn login_columns(&mut self) -> QueryResult<LoginColumns> {
        Ok(LoginColumns {
            username: "text".to_owned(),
            email: "text".to_owned(),
            email_ignores_case: false,
            looks_up_lower_case: true,
        })
    }

    fn reserve(&mut self, request: &BudgetRequest) -> QueryResult<BudgetDecision> {
        self.write(|connection| reserve(connection, request))
    }

    fn insert_users(&mut self, users: &[NewUser], _: &LoginColumns) -> QueryResult<Vec<UserIdentityRow>> {
        self.write(|connection| {
            let mut inserted = Vec::with_capacity(users.len());
            for user in users {
                inserted.extend(InsertUser::new(user).get_result(connection).optional()?);
            }
            Ok(inserted)
        })
    }
}

fn bound(statement: Statement) -> BoxedSqlQuery<'static, Sqlite, SqlQuery> {
    let query = sql_query(statement.with_question_marks()).into_boxed();
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Integer(value) => query.bind::<Nullable<BigInt>, _>(value),
        Value::Text(value) => query.bind::<Nullable<Text>, _>(value),
        Value::Integers(values) => query.bind::<Text, _>(json!(values).to_string()),
        Value::Texts(values) => query.bind::<Text, _>(json!(values).to_string()),
    })
}

fn reserve(connection: &mut SqliteConnection, request: &BudgetRequest) -> QueryResult<BudgetDecision> {
    let lines: Vec<_> = request.lines().iter().map(|it| json!([it.scope.as_str(), it.key])).collect();
    let rows: Vec<BucketRow> = sql_query(
        "SELECT budget.full_at AS full_at FROM json_each(?1) AS line LEFT JOIN mfa_sms_budget AS budget \
         ON budget.scope = line.value ->> 0 AND budget.key = line.value ->> 1 ORDER BY line.key",
    )
    .bind::<Text, _>(json!(lines).to_string())
    .load(connection)?;
    let (decision, full_at) = settle(request, &rows);
    let lines = request.lines().iter().zip(full_at);
    let lines: Vec<_> = lines.map(|(it, full_at)| json!([it.scope.as_str(), it.key, full_at])).collect();
    // `WHERE TRUE` shows the parser that `ON` begins no join.
    sql_query(
        "INSERT INTO mfa_sms_budget (scope, key, full_at) \
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE TRUE \
         ON CONFLICT (scope, key) DO UPDATE SET full_at = excluded.full_at",
    )
    .bind::<Text, _>(json!(lines).to_string())
    .execute(connection)?;
    Ok(decision)
}
