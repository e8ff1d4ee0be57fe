//! Lookup of users by user name and e-mail address, each by an index.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Integer, Text};
use mfa_core::{
    AddressMatch, AddressOwner, Credentials, PasswordDigest, UserId, address_spellings, login_forms,
};

use super::dialect::{Dialect, Statement};
use crate::database::login_columns::LoginColumns;
use crate::database::row::unpadded;

/// Number of rows that are read for each way to find a user. Two are too many already.
const MAX_CANDIDATES: i64 = 8;

/// Row that fits what was typed.
#[derive(QueryableByName)]
struct LoginRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    /// User name or address of the row.
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    hashed_password: String,
    /// 0 for a user name, 1 for an address.
    #[diesel(sql_type = Integer)]
    place: i32,
}

impl LoginRow {
    fn into_candidate(self) -> (String, Credentials) {
        let digest = PasswordDigest::from_column(self.hashed_password);
        (unpadded(&self.name), Credentials { user: UserId::new(self.id), digest })
    }
}

/// Finds the credentials of the user with this name or address.
///
/// One query with all ways to find a user, so that its time does not show which of them found one.
pub(super) fn find_credentials<C: Dialect>(
    connection: &mut C,
    columns: &LoginColumns,
    login: &str,
) -> QueryResult<Option<Credentials>> {
    let (names, addresses): (Vec<_>, Vec<_>) =
        candidates(connection, columns, login, true)?.into_iter().partition(|row| row.place == 0);
    let of =
        |rows: Vec<LoginRow>| AddressMatch::choose(login, rows.into_iter().map(LoginRow::into_candidate));
    // Several rows with this name fit none, and no address then.
    Ok(if names.is_empty() { of(addresses).one() } else { of(names).one() })
}

/// Finds the users with this address.
pub(super) fn find_by_email<C: Dialect>(
    connection: &mut C,
    columns: &LoginColumns,
    email: &str,
) -> QueryResult<AddressMatch<AddressOwner>> {
    let rows = candidates(connection, columns, email, false)?;
    Ok(AddressMatch::choose(
        email,
        rows.into_iter().map(|row| {
            let email = unpadded(&row.name);
            (email.clone(), AddressOwner { user: UserId::new(row.id), email })
        }),
    ))
}

/// Reads the rows that may fit, each once.
fn candidates<C: Dialect>(
    connection: &mut C,
    columns: &LoginColumns,
    typed: &str,
    by_name: bool,
) -> QueryResult<Vec<LoginRow>> {
    let part = |place: u8, column: &str, condition: &str| {
        // An exact match comes first, so that the limit does not drop it.
        format!(
            "SELECT * FROM (SELECT CAST(id AS bigint) AS id, CAST({column} AS text) AS name, \
             coalesce(CAST(hashed_password AS text), '') AS hashed_password, {place} AS place \
             FROM users WHERE {condition} \
             ORDER BY CASE WHEN CAST({column} AS text) = $1 THEN 0 ELSE 1 END, users.id LIMIT {MAX_CANDIDATES}) AS part{place}"
        )
    };
    let (by_email, spellings) = email_is_in::<C>(columns, "$2", [typed]);
    let mut parts = vec![part(1, "email", &by_email)];
    if by_name {
        parts.push(part(0, "username", &C::text_is_in("username", &columns.username, "$3")));
    }
    let statement = Statement::new(parts.join(" UNION ALL ")).bind(typed).bind(spellings);
    connection.load(if by_name { statement.bind(login_forms(typed)) } else { statement })
}

/// Returns the condition that the address is one of these in any case, and the list for its parameter.
pub(super) fn email_is_in<'a, C: Dialect>(
    columns: &LoginColumns,
    list: &str,
    emails: impl IntoIterator<Item = &'a str>,
) -> (String, Vec<String>) {
    let emails = emails.into_iter();
    if columns.looks_up_lower_case && !columns.email_ignores_case {
        return (C::email_is_in_any_case(list), emails.flat_map(address_spellings).collect());
    }
    let spellings =
        emails.flat_map(|email| [login_forms(email), login_forms(&email.to_lowercase())].concat());
    (C::text_is_in("email", &columns.email, list), spellings.collect())
}
