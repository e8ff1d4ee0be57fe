//! The list of users if the database refuses to evaluate a row: the rows are evaluated in portions, and a portion that is
//! refused in halves, until the row is alone.

use std::cmp::Ordering;

use diesel::result::QueryResult;
use mfa_core::{PageStart, UserQuery, UserState};

use super::super::dialect::{Dialect, Statement};
use super::filter::{ListSql, Place};
use super::page_ids::PageIds;
use crate::database::installation::KeyIdRow;

/// Number of users that one statement evaluates.
const PORTION: i64 = 1_000;

/// Returns the places of all users that fit. A row that is refused is that of a locked user, as in a list.
pub(super) fn matching<C: Dialect>(connection: &mut C, sql: &ListSql) -> QueryResult<Vec<Place>> {
    let (mut all, mut after) = (Vec::new(), i64::MIN);
    loop {
        let portion = "SELECT CAST(id AS bigint) AS id FROM users WHERE id > $1 ORDER BY users.id LIMIT $2";
        let rows: Vec<KeyIdRow> = connection.load(Statement::new(portion).bind(after).bind(PORTION))?;
        let ids: Vec<i64> = rows.into_iter().map(|it| it.id).collect();
        let Some(last) = ids.last() else { return Ok(all) };
        after = *last;
        evaluate(connection, sql, &ids, &mut all)?;
    }
}

fn evaluate<C: Dialect>(
    connection: &mut C,
    sql: &ListSql,
    ids: &[i64],
    all: &mut Vec<Place>,
) -> QueryResult<()> {
    match (sql.places(connection, ids), ids) {
        (Ok(places), _) => all.extend(places),
        (Err(_), [id]) => {
            if sql.state.is_none_or(|state| state == UserState::Locked) {
                all.extend(sql.place_of_refused(connection, *id)?);
            }
        }
        (Err(_), ids) => {
            let (first, second) = ids.split_at(ids.len().div_euclid(2));
            evaluate(connection, sql, first, all)?;
            evaluate(connection, sql, second, all)?;
        }
    }
    Ok(())
}

/// Returns the ids of a page.
pub(super) fn page<C: Dialect>(
    connection: &mut C,
    sql: &ListSql,
    query: &UserQuery,
    start: Option<&Place>,
) -> QueryResult<PageIds> {
    let mut all = matching(connection, sql)?;
    let backwards = matches!(query.start, PageStart::Before(_));
    let compare = |a: &Place, b: &Place| if backwards { sql.compare(b, a) } else { sql.compare(a, b) };
    all.sort_by(compare);
    let follows = |it: &Place| start.is_none_or(|start| compare(it, start) == Ordering::Greater);
    let is_preceded = all.first().is_some_and(|first| !follows(first));
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1);
    let users = all.iter().filter(|it| follows(it)).take(limit).map(|it| it.id).collect();
    Ok(PageIds::new(users, query, is_preceded))
}
