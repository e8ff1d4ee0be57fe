//! Pages of users for administrators, which survive a row that the database refuses to read.

mod filter;
mod page_ids;
mod record;
mod refused;

use std::time::{Duration, Instant};

use diesel::result::QueryResult;
use mfa_core::{PageStart, Timestamp, UserFilter, UserPage, UserQuery};

use super::dialect::Dialect;
use crate::database::committer::now as instant;
use filter::{ListSql, Place};
use page_ids::PageIds;

/// A query that fails within this time was refused because of a value, not ended by a timeout.
const QUICK_REFUSAL: Duration = Duration::from_millis(500);

/// Reads a page of users. `None` if it starts at a user without a place in the list.
pub(super) fn page<C: Dialect>(
    connection: &mut C,
    query: &UserQuery,
    now: Timestamp,
) -> QueryResult<Option<UserPage>> {
    let sql = ListSql::new(query, now);
    let start = match query.start.user() {
        None => None,
        Some(user) => match sql.place_of(connection, user)? {
            None => return Ok(None),
            place => place,
        },
    };
    let began = instant();
    match ids(connection, &sql, query, start.as_ref()) {
        Ok(ids) => Ok(Some(ids.into_page(connection)?)),
        Err(error) if is_slow(began) => Err(error),
        // One of the rows cannot be read: find out which.
        Err(error) => {
            let ids = refused::page(connection, &sql, query, start.as_ref()).map_err(|_| error)?;
            Ok(Some(ids.into_page(connection)?))
        }
    }
}

/// Returns the number of users that fit a filter.
pub(super) fn count<C: Dialect>(connection: &mut C, filter: &UserFilter, now: Timestamp) -> QueryResult<u64> {
    let query = UserQuery { filter: filter.clone(), ..UserQuery::default() };
    let sql = ListSql::new(&query, now);
    let began = instant();
    let count = match sql.count(connection) {
        Ok(count) => count,
        Err(error) if is_slow(began) => return Err(error),
        Err(error) => {
            let all = refused::matching(connection, &sql).map_err(|_| error)?;
            return Ok(u64::try_from(all.len()).unwrap_or(u64::MAX));
        }
    };
    Ok(u64::try_from(count).unwrap_or(0))
}

fn is_slow(began: Instant) -> bool {
    began.elapsed() >= QUICK_REFUSAL
}

/// Reads the ids of a page, and whether users are on the other side of its start.
fn ids<C: Dialect>(
    connection: &mut C,
    sql: &ListSql,
    query: &UserQuery,
    start: Option<&Place>,
) -> QueryResult<PageIds> {
    let backwards = matches!(query.start, PageStart::Before(_));
    let limit = i64::from(query.limit).saturating_add(1);
    let users = sql.ids(connection, start, backwards, limit)?;
    let is_preceded = match start {
        Some(start) => sql.has_any_up_to(connection, start, backwards)?,
        None => false,
    };
    Ok(PageIds::new(users, query, is_preceded))
}
