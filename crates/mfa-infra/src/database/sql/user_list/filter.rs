//! SQL of a list of users: which fit, in which order, from which place on.

use std::cmp::Ordering;

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use mfa_core::{SortOrder, Timestamp, UserId, UserQuery, UserSort, UserState, search_words};

use super::super::dialect::{Dialect, Statement, Value};
use super::super::user_state;
use crate::database::columns::ColumnKind;
use crate::database::installation::KeyIdRow;

/// Filter and order of a list.
#[derive(Debug)]
pub(super) struct ListSql {
    words: Vec<String>,
    pub(super) state: Option<UserState>,
    pub(super) sort: UserSort,
    pub(super) order: SortOrder,
    now: i64,
}

/// Place of a user in the order of a list. Of text and number, the one that is not used is the same for all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub(super) struct Place {
    #[diesel(sql_type = Text)]
    pub(super) text: String,
    #[diesel(sql_type = BigInt)]
    pub(super) number: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) id: i64,
}

#[derive(QueryableByName)]
struct UserCountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl ListSql {
    pub(super) fn new(query: &UserQuery, now: Timestamp) -> Self {
        let words = query.filter.text.as_deref().map(search_words).unwrap_or_default();
        let UserQuery { sort, order, .. } = *query;
        Self { words, state: query.filter.state, sort, order, now: now.millis() }
    }

    /// Compares two places in the order of the list.
    pub(super) fn compare(&self, a: &Place, b: &Place) -> Ordering {
        match self.order {
            SortOrder::Ascending => a.cmp(b),
            SortOrder::Descending => b.cmp(a),
        }
    }

    /// Returns the place of a user, who may not fit the filter. A user who does not exist has one in the order of ids only.
    pub(super) fn place_of<C: Dialect>(
        &self,
        connection: &mut C,
        user: UserId,
    ) -> QueryResult<Option<Place>> {
        let id = user.value();
        let query = match self.sort {
            UserSort::Id => return Ok(Some(Place { text: String::new(), number: 0, id })),
            UserSort::Name => "SELECT folded_name AS text, CAST(0 AS bigint) AS number, user_id AS id FROM mfa_user_search \
                               WHERE user_id = $1"
                .to_owned(),
            UserSort::Email => "SELECT folded_email AS text, CAST(0 AS bigint) AS number, user_id AS id FROM mfa_user_search \
                                WHERE user_id = $1"
                .to_owned(),
            UserSort::LastSuccess => format!(
                "SELECT '' AS text, {} AS number, CAST(id AS bigint) AS id FROM users WHERE id = $1",
                last_success::<C>()
            ),
        };
        connection.first(Statement::new(query).bind(id))
    }

    /// Returns the number of users that fit.
    pub(super) fn count<C: Dialect>(&self, connection: &mut C) -> QueryResult<i64> {
        let mut parameters = Parameters::default();
        let conditions = self.conditions::<C>(&mut parameters);
        let from = match (self.words.is_empty(), self.state) {
            (true, _) => "users".to_owned(),
            // Every user has one row in the table of texts.
            (false, None) => "mfa_user_search".to_owned(),
            (false, Some(_)) => joined::<C>(),
        };
        let text = format!("SELECT count(*) AS count FROM {from} WHERE {conditions}");
        Ok(connection.one::<UserCountRow>(parameters.bind(text))?.count)
    }

    /// Returns the ids of the users that fit, from a place on, at most this many.
    pub(super) fn ids<C: Dialect>(
        &self,
        connection: &mut C,
        start: Option<&Place>,
        backwards: bool,
        limit: i64,
    ) -> QueryResult<Vec<i64>> {
        let order = if backwards { self.order.reversed() } else { self.order };
        self.select(connection, start, order, false, limit)
    }

    /// Returns whether a user that fits is at a place or on its other side.
    pub(super) fn has_any_up_to<C: Dialect>(
        &self,
        connection: &mut C,
        place: &Place,
        backwards: bool,
    ) -> QueryResult<bool> {
        let order = if backwards { self.order } else { self.order.reversed() };
        Ok(!self.select(connection, Some(place), order, true, 1)?.is_empty())
    }

    fn select<C: Dialect>(
        &self,
        connection: &mut C,
        start: Option<&Place>,
        order: SortOrder,
        inclusive: bool,
        limit: i64,
    ) -> QueryResult<Vec<i64>> {
        let mut parameters = Parameters::default();
        let conditions = self.conditions::<C>(&mut parameters);
        let (key, id) = (self.key::<C>(), self.id());
        let (direction, sign) = match order {
            SortOrder::Ascending => ("ASC", ">"),
            SortOrder::Descending => ("DESC", "<"),
        };
        let equal = if inclusive { "=" } else { "" };
        let from_place = match (start, &key) {
            (None, _) => "TRUE".to_owned(),
            (Some(place), None) => format!("{id} {sign}{equal} {}", parameters.add(place.id)),
            (Some(place), Some(key)) => {
                let value = match self.sort {
                    UserSort::LastSuccess => parameters.add(place.number),
                    UserSort::Id | UserSort::Name | UserSort::Email => parameters.add(place.text.as_str()),
                };
                format!("({key}, {id}) {sign}{equal} ({value}, {})", parameters.add(place.id))
            }
        };
        let key = key.map(|key| format!("{key} {direction}, ")).unwrap_or_default();
        let text = format!(
            "SELECT {} AS id FROM {} WHERE {conditions} AND {from_place} ORDER BY {key}{id} {direction} LIMIT {}",
            C::column(id, ColumnKind::Id),
            self.from::<C>(),
            parameters.add(limit)
        );
        let rows: Vec<KeyIdRow> = connection.load(parameters.bind(text))?;
        Ok(rows.into_iter().map(|it| it.id).collect())
    }

    /// Returns those of the users with these ids that fit, with their places.
    pub(super) fn places<C: Dialect>(&self, connection: &mut C, ids: &[i64]) -> QueryResult<Vec<Place>> {
        let mut parameters = Parameters::default();
        let conditions = self.conditions::<C>(&mut parameters);
        let (text, number) = match self.sort {
            UserSort::Id => ("''", "CAST(0 AS bigint)".to_owned()),
            UserSort::Name => ("folded_name", "CAST(0 AS bigint)".to_owned()),
            UserSort::Email => ("folded_email", "CAST(0 AS bigint)".to_owned()),
            UserSort::LastSuccess => ("''", last_success::<C>()),
        };
        let text = format!(
            "SELECT {text} AS text, {number} AS number, {} AS id FROM {} WHERE {conditions} AND {}",
            C::column("users.id", ColumnKind::Id),
            joined::<C>(),
            C::is_in("users.id", &parameters.add(ids.to_vec()))
        );
        connection.load(parameters.bind(text))
    }

    /// Returns the place of a user whose row in `users` cannot be read, if the text fits.
    pub(super) fn place_of_refused<C: Dialect>(
        &self,
        connection: &mut C,
        id: i64,
    ) -> QueryResult<Option<Place>> {
        let mut parameters = Parameters::default();
        let words = self.word_conditions::<C>(&mut parameters);
        let text = match self.sort {
            UserSort::Name => "folded_name",
            UserSort::Email => "folded_email",
            UserSort::Id | UserSort::LastSuccess => "''",
        };
        let number = if self.sort == UserSort::LastSuccess { i64::MIN } else { 0 };
        let text = format!(
            "SELECT {text} AS text, CAST({} AS bigint) AS number, user_id AS id FROM mfa_user_search \
             WHERE {words} AND user_id = {}",
            parameters.add(number),
            parameters.add(id)
        );
        connection.first(parameters.bind(text))
    }

    fn conditions<C: Dialect>(&self, parameters: &mut Parameters) -> String {
        let words = self.word_conditions::<C>(parameters);
        match self.state {
            None => words,
            Some(state @ UserState::Locked) => {
                let now = parameters.add(self.now);
                format!("{words} AND {}", user_state::condition::<C>(state, &now))
            }
            Some(state) => format!("{words} AND {}", user_state::condition::<C>(state, "")),
        }
    }

    fn word_conditions<C: Dialect>(&self, parameters: &mut Parameters) -> String {
        if self.words.is_empty() {
            return "TRUE".to_owned();
        }
        let contain = |word: &String| {
            let parameter = parameters.add(C::contained(word));
            C::contains("folded", &parameter)
        };
        self.words.iter().map(contain).collect::<Vec<_>>().join(" AND ")
    }

    /// Whether the table of texts is read.
    fn reads_texts(&self) -> bool {
        !self.words.is_empty() || matches!(self.sort, UserSort::Name | UserSort::Email)
    }

    fn from<C: Dialect>(&self) -> String {
        if self.reads_texts() { joined::<C>() } else { "users".to_owned() }
    }

    fn id(&self) -> &'static str {
        if self.reads_texts() { "mfa_user_search.user_id" } else { "users.id" }
    }

    /// Returns the expression by which the list is ordered before the id.
    fn key<C: Dialect>(&self) -> Option<String> {
        // A search reads all texts in the order of the table, which is faster than in that of an index.
        let indexed =
            |column: &str| if self.words.is_empty() { column.to_owned() } else { C::unindexed(column) };
        match self.sort {
            UserSort::Id => None,
            UserSort::Name => Some(indexed("folded_name")),
            UserSort::Email => Some(indexed("folded_email")),
            UserSort::LastSuccess => Some(last_success::<C>()),
        }
    }
}

/// The tables of texts and users.
fn joined<C: Dialect>() -> String {
    format!("mfa_user_search {} users ON users.id = mfa_user_search.user_id", C::ORDERED_JOIN)
}

/// The time of the last success; of a user who has none, the smallest number.
fn last_success<C: Dialect>() -> String {
    format!("coalesce({}, {})", C::column("mfa_last_success_at", ColumnKind::Time), C::SMALLEST)
}

/// Parameters of a statement, numbered as they are added.
#[derive(Debug, Default)]
struct Parameters(Vec<Value>);

impl Parameters {
    fn add(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    fn bind(self, text: String) -> Statement {
        self.0.into_iter().fold(Statement::new(text), Statement::bind)
    }
}
