//! Ids of the users of a page.

use diesel::result::QueryResult;
use mfa_core::{PageStart, UserId, UserPage, UserQuery};

use super::super::dialect::Dialect;
use super::record;

/// Ids of the users of a page, in its order.
#[derive(Debug, Default)]
pub(super) struct PageIds {
    users: Vec<i64>,
    next: bool,
    previous: bool,
}

impl PageIds {
    /// Creates a page of users that were read in the direction of `start`, one more than the page holds.
    pub(super) fn new(mut users: Vec<i64>, query: &UserQuery, is_preceded: bool) -> Self {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = users.len() > limit;
        users.truncate(limit);
        if matches!(query.start, PageStart::Before(_)) {
            users.reverse();
            Self { users, next: is_preceded, previous: more }
        } else {
            Self { users, next: more, previous: is_preceded }
        }
    }

    /// Reads the users.
    pub(super) fn into_page<C: Dialect>(self, connection: &mut C) -> QueryResult<UserPage> {
        let user = |id: Option<&i64>| id.copied().map(UserId::new);
        let next = user(self.users.last().filter(|_| self.next));
        let previous = user(self.users.first().filter(|_| self.previous));
        Ok(UserPage { users: record::load(connection, &self.users)?, next, previous })
    }
}
