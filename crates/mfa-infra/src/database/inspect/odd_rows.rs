//! Rows of `users` with values that this service would not write.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use mfa_core::fold_login;

use super::facts::{DatabaseInspection, NamesWithBlanks, SharedAddress, UnreadableColumn};
use super::rows::PlaintextCount;
use crate::database::columns::{ACCOUNT, ColumnKind};
use crate::database::committer::now;
use crate::database::installation::KeyIdRow;
use crate::database::row::RowError;
use crate::database::sql::dialect::{Dialect, Statement};

/// Rows that are read at once.
const PORTION: i64 = 1_000;
/// Longest examination of all rows. A table that takes longer is examined in part.
const MAX_EXAMINATION: Duration = Duration::from_secs(30);
/// Addresses, and users of each, that are listed.
const MAX_LISTED: i64 = 20;

/// Adds the odd rows to the facts.
pub(super) fn examine<C: Dialect>(connection: &mut C, facts: &mut DatabaseInspection) -> QueryResult<()> {
    let began = now();
    let (mut after, mut examined) = (i64::MIN, 0_u64);
    let mut found: BTreeMap<usize, UnreadableColumn> = BTreeMap::new();
    loop {
        let ids = "SELECT CAST(id AS bigint) AS id FROM users WHERE id > $1 ORDER BY users.id LIMIT $2";
        let ids: Vec<KeyIdRow> = connection.load(Statement::new(ids).bind(after).bind(PORTION))?;
        let ids: Vec<_> = ids.into_iter().map(|it| it.id).collect();
        let Some(last) = ids.last() else { break };
        after = *last;
        examined = examined.saturating_add(u64::try_from(ids.len()).unwrap_or(0));
        let full_names = unreadable_full_names(connection, &ids).into_iter();
        let full_names = full_names.map(|user| (user, RowError::new(user, FULL_NAME)));
        for (user, error) in unreadable(connection, &ids).into_iter().chain(full_names) {
            let place = ACCOUNT.iter().position(|(name, _)| *name == error.column()).unwrap_or(ACCOUNT.len());
            let column = error.column().to_owned();
            let entry = found.entry(place).or_insert(UnreadableColumn { column, rows: 0, first: user });
            entry.rows = entry.rows.saturating_add(1);
            entry.first = entry.first.min(user);
        }
        if began.elapsed() > MAX_EXAMINATION {
            facts.examined = Some(examined);
            break;
        }
    }
    facts.unreadable = found.into_values().collect();
    facts.names_with_blanks = names_with_blanks(connection)?;
    facts.shared_addresses = shared_addresses(connection)?;
    Ok(())
}

/// Returns the users who cannot be read as accounts. If the database refuses to read a row, the list is halved until the
/// row is alone.
fn unreadable<C: Dialect>(connection: &mut C, users: &[i64]) -> Vec<(i64, RowError)> {
    match (connection.load_accounts(users), users) {
        (Ok(rows), _) => rows.iter().filter_map(|row| Some((row.id, row.to_account().err()?))).collect(),
        (Err(_), []) => Vec::new(),
        (Err(_), [user]) => {
            let column = connection.unreadable_column(*user).unwrap_or("unknown");
            vec![(*user, RowError::new(*user, column))]
        }
        (Err(_), users) => {
            let (first, second) = users.split_at(users.len().div_ceil(2));
            let mut found = unreadable(connection, first);
            found.extend(unreadable(connection, second));
            found
        }
    }
}

/// Column that is listed, and that no account has.
const FULL_NAME: &str = "full_name";

/// Returns the users whose full name the database refuses to read, such as a text of SQLite that is not UTF-8.
fn unreadable_full_names<C: Dialect>(connection: &mut C, users: &[i64]) -> Vec<i64> {
    let query = format!(
        "SELECT coalesce({}, '') AS value FROM users WHERE {}",
        C::column(FULL_NAME, ColumnKind::Text),
        C::is_in("id", "$1")
    );
    match (connection.load::<AddressRow>(Statement::new(query).bind(users.to_vec())), users) {
        (Ok(_), _) | (Err(_), []) => Vec::new(),
        (Err(_), [user]) => vec![*user],
        (Err(_), users) => {
            let (first, second) = users.split_at(users.len().div_ceil(2));
            let mut found = unreadable_full_names(connection, first);
            found.extend(unreadable_full_names(connection, second));
            found
        }
    }
}

/// White space that a login drops around a name.
const BLANKS: &str = " \t\r\n\u{b}\u{c}\u{a0}\u{2007}\u{200b}\u{202f}\u{3000}\u{feff}";

fn names_with_blanks<C: Dialect>(connection: &mut C) -> QueryResult<Option<NamesWithBlanks>> {
    let has_blanks = ["username", "email"].map(|name| {
        let column = C::column(name, ColumnKind::Name);
        format!("ltrim(rtrim({column}, $1), $1) <> {column}")
    });
    let query = format!(
        "SELECT count(*) AS rows, coalesce(CAST(min(id) AS bigint), 0) AS first FROM users WHERE {}",
        has_blanks.join(" OR ")
    );
    let count: PlaintextCount = connection.one(Statement::new(query).bind(BLANKS))?;
    if count.rows == 0 {
        return Ok(None);
    }
    let query = format!(
        "SELECT {} || '|' || {} AS value FROM users WHERE {} LIMIT $2",
        C::column("username", ColumnKind::Name),
        C::column("email", ColumnKind::Name),
        has_blanks.join(" OR ")
    );
    // A name that cannot be read is a finding of its own.
    let names: Vec<AddressRow> =
        connection.load(Statement::new(query).bind(BLANKS).bind(PORTION)).unwrap_or_default();
    let found = |it: &char| names.is_empty() || names.iter().any(|name| name.value.contains(*it));
    let found: Vec<char> = BLANKS.chars().filter(found).collect();
    let trimmed = |name: &str| format!("{name} = {}", C::trimmed(name, &found));
    let statement = format!("UPDATE users SET {}, {}", trimmed("username"), trimmed("email"));
    Ok(Some(NamesWithBlanks { rows: count.rows, first: count.first, statement }))
}

/// Addresses beyond ASCII that are read. The database may only know the case of ASCII letters, so they are compared here.
const MAX_BEYOND_ASCII: i64 = 10_000;

/// User with an address.
#[derive(QueryableByName)]
struct OwnerRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    value: String,
}

fn shared_beyond_ascii<C: Dialect>(connection: &mut C) -> QueryResult<Vec<SharedAddress>> {
    let column = C::column("email", ColumnKind::Name);
    let query = format!(
        "SELECT CAST(id AS bigint) AS id, {column} AS value FROM users WHERE {} ORDER BY users.id LIMIT $1",
        C::is_beyond_ascii(&column)
    );
    let rows: Vec<OwnerRow> = connection.load(Statement::new(query).bind(MAX_BEYOND_ASCII))?;
    let mut owners: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for OwnerRow { id, value } in rows {
        owners.entry(fold_login(&value)).or_default().push(id);
    }
    Ok(owners.into_values().filter(|users| users.len() > 1).map(|users| SharedAddress { users }).collect())
}

/// Address in lower case.
#[derive(QueryableByName)]
struct AddressRow {
    #[diesel(sql_type = Text)]
    value: String,
}

fn shared_addresses<C: Dialect>(connection: &mut C) -> QueryResult<Vec<SharedAddress>> {
    let folded = format!("lower({})", C::column("email", ColumnKind::Name));
    let query = format!(
        "SELECT {folded} AS value FROM users WHERE {folded} <> '' GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT $1"
    );
    let addresses: Vec<AddressRow> = connection.load(Statement::new(query).bind(MAX_LISTED))?;
    let mut shared = Vec::new();
    for AddressRow { value } in addresses {
        let query = format!(
            "SELECT CAST(id AS bigint) AS id FROM users WHERE {folded} = $1 ORDER BY users.id LIMIT $2"
        );
        let users: Vec<KeyIdRow> = connection.load(Statement::new(query).bind(value).bind(MAX_LISTED))?;
        shared.push(SharedAddress { users: users.into_iter().map(|it| it.id).collect() });
    }
    for found in shared_beyond_ascii(connection)? {
        if !shared.iter().any(|it| it.users == found.users) {
            shared.push(found);
        }
    }
    Ok(shared)
}
