//! Adoption of second factors: number of enrolled users at the end of each week, from the times of their enrolments.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable};
use mfa_core::{Adoption, Timestamp};

use super::super::dialect::{Dialect, Statement};
use super::super::user_state;
use super::permit::{DEADLINE, PORTION};
use crate::database::columns::ColumnKind;
use crate::database::committer::now as instant;

/// Later than every enrolment: the factor is absent.
const ABSENT: i64 = i64::MAX;

/// Users of a portion by the weeks of their first factor and their first passkey.
#[derive(QueryableByName)]
struct WeekRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    factor: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    passkey: Option<i64>,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// Counts portion by portion. `None` if it took too long. A portion with a row that the database refuses to read is halved
/// until the row is alone, which counts as a user without a factor.
pub(super) fn by_week<C: Dialect>(
    connection: &mut C,
    now: Timestamp,
    weeks: u32,
) -> QueryResult<Option<Vec<Adoption>>> {
    let began = instant();
    let ends = Adoption::ends(now, weeks);
    let mut adoption: Vec<_> = ends.iter().map(|at| Adoption::new(*at, 0, 0)).collect();
    let Some(first) = ends.first() else { return Ok(Some(adoption)) };
    let (mut after, mut limit) = (i64::MIN, PORTION);
    loop {
        if began.elapsed() > DEADLINE {
            return Ok(None);
        }
        let rows = match portion(connection, after, *first, limit) {
            Ok(rows) => rows,
            Err(error) if limit == 1 => {
                let next = "SELECT NULL AS factor, NULL AS passkey, count(*) AS count, coalesce(max(id), 0) AS last \
                            FROM (SELECT CAST(id AS bigint) AS id FROM users WHERE id > $1 ORDER BY users.id LIMIT 1) AS it"
                    .replace("NULL AS", "CAST(NULL AS bigint) AS");
                connection.load(Statement::new(next).bind(after)).map_err(|_| error)?
            }
            Err(_) => {
                limit = limit.checked_div(2).unwrap_or(1).max(1);
                continue;
            }
        };
        let read = rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.count));
        after = rows.iter().map(|row| row.last).max().unwrap_or(after);
        for row in &rows {
            row.add_to(&mut adoption);
        }
        if read < limit {
            return Ok(Some(adoption));
        }
        limit = limit.saturating_mul(2).min(PORTION);
    }
}

/// Groups the users that follow an id. A week is its place in the list; before the first one, it is the first.
fn portion<C: Dialect>(
    connection: &mut C,
    user: i64,
    first: Timestamp,
    limit: i64,
) -> QueryResult<Vec<WeekRow>> {
    let time = |column| C::column(column, ColumnKind::Time);
    let since = |condition: String, at: &str| {
        format!("CASE WHEN {condition} THEN coalesce({at}, {}) ELSE {ABSENT} END", C::SMALLEST)
    };
    let week = |at: &str| {
        format!(
            "CASE WHEN {at} = {ABSENT} THEN NULL WHEN {at} <= $2 THEN 0 ELSE ({at} - $2 + $3 - 1) / $3 END"
        )
    };
    let query = format!(
        "SELECT {} AS factor, {} AS passkey, count(*) AS count, max(id) AS last FROM (SELECT id, passkey, \
         CASE WHEN app <= sms AND app <= passkey THEN app WHEN sms <= passkey THEN sms ELSE passkey END AS factor FROM ( \
         SELECT CAST(id AS bigint) AS id, {} AS app, {} AS sms, {} AS passkey \
         FROM users WHERE id > $1 ORDER BY users.id LIMIT $4) AS portion) AS since GROUP BY 1, 2",
        week("factor"),
        week("passkey"),
        since(user_state::app::<C>(), &time("totp_enrolled_at")),
        since(user_state::sms::<C>(), &time("phone_verified_at")),
        since(user_state::passkey::<C>(), C::FIRST_PASSKEY_AT),
    );
    let width = i64::try_from(Adoption::WEEK.as_millis()).unwrap_or(i64::MAX);
    connection.load(Statement::new(query).bind(user).bind(first.millis()).bind(width).bind(limit))
}

impl WeekRow {
    /// Adds the users to their week and all later ones.
    fn add_to(&self, adoption: &mut [Adoption]) {
        let count = u64::try_from(self.count).unwrap_or(0);
        let weeks_from =
            |week: Option<i64>| week.and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX);
        for week in adoption.iter_mut().skip(weeks_from(self.factor)) {
            week.with_factor = week.with_factor.saturating_add(count);
        }
        for week in adoption.iter_mut().skip(weeks_from(self.passkey)) {
            week.with_passkey = week.with_passkey.saturating_add(count);
        }
    }
}
