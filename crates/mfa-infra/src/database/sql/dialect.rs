//! SQL dialects: the fragments in which PostgreSQL and SQLite differ, and the execution of one text on both.

use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::r2d2::R2D2Connection;
use diesel::result::QueryResult;
use diesel::sqlite::Sqlite;
use mfa_core::NewUser;
use mfa_sms::{BudgetDecision, BudgetRequest};

use crate::database::columns::ColumnKind;
use crate::database::login_columns::LoginColumns;
use crate::database::row::AccountRow;
use crate::database::user_import::UserIdentityRow;

/// Connection to a database, with the parts of its SQL that the other database writes differently.
///
/// Times are milliseconds outside the database, bytes are lower-case hexadecimal, lists are JSON or arrays. Texts use
/// the placeholders of PostgreSQL (`$1`); each implementation of [`load`](Self::load) translates them if it must.
pub(in crate::database) trait Dialect: R2D2Connection + Send + 'static {
    /// Ends a subquery: locks the rows that it selects, and skips those that another session has locked.
    const SKIP_LOCKED: &'static str;

    /// Clause that locks the rows that are read against changes, until the end of the transaction. Empty for SQLite, which
    /// has one writer.
    const SHARE_LOCK: &'static str;
    /// Expression for the time of the database's own clock in milliseconds; NULL if it has none.
    const CLOCK: &'static str;
    /// Expressions for the number and the MAC of the last event according to a row `u` of `users`; NULL if there is none
    /// or the document is invalid.
    const CHAIN_HEAD: [&'static str; 2];
    /// Statement that deletes copies of rows which triggers may have left behind, if there are such triggers.
    const DELETE_COPIES: Option<&'static str>;

    /// Expression for the number of unused recovery codes in a row of `users`.
    const UNUSED_RECOVERY_CODES: &'static str;

    /// Condition: `totp_secret` is the placeholder of an account with passkeys and without an app.
    const HAS_PLACEHOLDER: &'static str;

    /// Condition: `mfa_authenticators` has a passkey.
    const HAS_PASSKEY: &'static str;

    /// Expression for the time of the registration of the first passkey in milliseconds; NULL if there is none.
    const FIRST_PASSKEY_AT: &'static str;

    /// Join that reads the first table first, where the database would choose by itself and err.
    const ORDERED_JOIN: &'static str;

    /// The smallest integer.
    const SMALLEST: &'static str;

    /// Expression for the name of the first column of `users` whose value is invalid; NULL if all are valid.
    const INVALID_VALUE: fn() -> &'static str;

    /// Expression that reads a column of `users`, and never fails.
    fn column(name: &str, kind: ColumnKind) -> String;

    /// Expression that reads a time column as milliseconds. An infinite time is the farthest one of its side.
    fn millis(column: &str) -> String;

    /// Expression that makes a time of a parameter in milliseconds.
    fn timestamp(parameter: &str) -> String;

    /// Expression that reads a column of bytes as hexadecimal.
    fn hex(column: &str) -> String;

    /// Condition that a list parameter contains the column.
    fn is_in(column: &str, list: &str) -> String;

    /// Condition that a list parameter of texts contains a column of this type.
    fn text_is_in(column: &str, kind: &str, list: &str) -> String;

    /// Expression for the text of a column without these characters around it.
    fn trimmed(column: &str, characters: &[char]) -> String;

    /// Condition that a column contains a text, which a parameter has in the form of [`contained`](Self::contained).
    fn contains(column: &str, parameter: &str) -> String;

    /// Returns the parameter of [`contains`](Self::contains) for a folded text.
    fn contained(text: &str) -> String;

    /// Expression for a column that no index serves.
    fn unindexed(column: &str) -> String;

    /// Table expression `v(value)` with one row for each element of a parameter that is a JSON array.
    fn elements(parameter: &str) -> String;

    /// Query for the keys that the users with ids in `($1, $2]` need at the time `$3`: `kind`, `key`, `count`.
    fn keys_of_users() -> String;

    /// Query for the ids of the users in `($1, $2]` that have a value sealed with another key than `$3`.
    fn users_not_sealed_with() -> String;

    /// Executes a statement and returns its rows.
    fn load<R: SqlRow>(&mut self, statement: Statement) -> QueryResult<Vec<R>>;

    /// Executes a statement and returns the number of rows that it changed.
    fn execute(&mut self, statement: Statement) -> QueryResult<usize>;

    /// Runs reads on one snapshot.
    fn read_snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T>;

    /// Runs a transaction that writes.
    fn write<T>(&mut self, work: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T>;

    /// Reads one account.
    fn find_account(&mut self, user: i64) -> QueryResult<Option<AccountRow>>;

    /// Reads accounts.
    fn load_accounts(&mut self, users: &[i64]) -> QueryResult<Vec<AccountRow>>;

    /// Returns the name of the first column of a user that the database refuses to read.
    fn unreadable_column(&mut self, user: i64) -> Option<&'static str>;

    /// Returns how user names and addresses are looked up.
    fn login_columns(&mut self) -> QueryResult<LoginColumns>;

    /// Condition that a text has characters other than printable ASCII.
    fn is_beyond_ascii(text: &str) -> String;

    /// Condition that the address in lower case is one of the list, in lower case.
    fn email_is_in_any_case(list: &str) -> String;

    /// Takes an SMS from its budgets. No other session can take from them between the read and the write.
    fn reserve(&mut self, request: &BudgetRequest) -> QueryResult<BudgetDecision>;

    /// Inserts users in one transaction, except those whose name or address is taken, and returns the inserted.
    fn insert_users(
        &mut self,
        users: &[NewUser],
        columns: &LoginColumns,
    ) -> QueryResult<Vec<UserIdentityRow>>;

    /// Executes a statement and returns its first row.
    fn first<R: SqlRow>(&mut self, statement: Statement) -> QueryResult<Option<R>> {
        Ok(self.load(statement)?.into_iter().next())
    }

    /// Executes a statement that returns one row.
    fn one<R: SqlRow>(&mut self, statement: Statement) -> QueryResult<R> {
        self.first(statement)?.ok_or(diesel::result::Error::NotFound)
    }
}

/// Row that both databases can fill.
pub(in crate::database) trait SqlRow:
    QueryableByName<Pg> + QueryableByName<Sqlite> + 'static
{
}

impl<T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static> SqlRow for T {}

/// SQL text with the values of its parameters.
#[derive(Debug)]
pub(in crate::database) struct Statement {
    pub(in crate::database) text: String,
    pub(in crate::database) values: Vec<Value>,
}

/// Value of a parameter.
#[derive(Debug)]
pub(in crate::database) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    /// List for [`Dialect::is_in`].
    Integers(Vec<i64>),
    /// List for [`Dialect::is_in`].
    Texts(Vec<String>),
}

impl Statement {
    pub(in crate::database) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Adds the value of the next parameter.
    pub(in crate::database) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Returns the text with the placeholders of SQLite: `?1` for `$1`.
    pub(in crate::database) fn with_question_marks(&self) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut chars = self.text.chars().peekable();
        while let Some(c) = chars.next() {
            let is_placeholder = c == '$' && chars.peek().is_some_and(char::is_ascii_digit);
            text.push(if is_placeholder { '?' } else { c });
        }
        text
    }
}

macro_rules! value {
    ($($type:ty => |$value:ident| $made:expr),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )+};
}

value! {
    i64 => |value| Self::Integer(Some(value)),
    Option<i64> => |value| Self::Integer(value),
    &str => |value| Self::Text(Some(value.to_owned())),
    String => |value| Self::Text(Some(value)),
    &String => |value| Self::Text(Some(value.clone())),
    Option<&str> => |value| Self::Text(value.map(str::to_owned)),
    Option<String> => |value| Self::Text(value),
    Vec<i64> => |value| Self::Integers(value),
    Vec<String> => |value| Self::Texts(value),
}
