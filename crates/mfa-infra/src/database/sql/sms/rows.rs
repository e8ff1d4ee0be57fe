//! Sends and budgets as rows, the same for both databases.

use diesel::QueryableByName;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{SmsPurpose, Timestamp};
use mfa_sms::{
    BudgetDecision, BudgetRequest, CodeUsage, Conversion, ConversionRule, LowConversion, SendState,
};

/// The states of the sends that count: what certainly was not sent is not among them.
pub(in crate::database) const COUNTED: &str = "state IN ('sending', 'accepted', 'unknown')";

/// How many rows a sweep deletes at once, so that it neither outlives the time of a statement nor keeps others waiting.
pub(super) const PORTION: i64 = 1_000;

/// What is stored of one bucket.
#[derive(QueryableByName)]
pub(in crate::database) struct BucketRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    full_at: Option<i64>,
}

/// What a request decides on these rows, one for each of its lines, and the times to store.
pub(in crate::database) fn settle(request: &BudgetRequest, rows: &[BucketRow]) -> (BudgetDecision, Vec<i64>) {
    let stored: Vec<_> = rows.iter().map(|row| row.full_at.map(Timestamp::from_millis)).collect();
    let settlement = request.settle(&stored);
    (settlement.verdict, settlement.full_at.into_iter().map(Timestamp::millis).collect())
}

/// What came back of what was sent to a prefix and a country.
#[derive(QueryableByName)]
pub(super) struct ConversionRow {
    #[diesel(sql_type = BigInt)]
    prefix_sent: i64,
    #[diesel(sql_type = BigInt)]
    prefix_used: i64,
    #[diesel(sql_type = BigInt)]
    country_sent: i64,
    #[diesel(sql_type = BigInt)]
    country_used: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    prefix_nth_latest_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    country_nth_latest_at: Option<i64>,
}

impl ConversionRow {
    pub(super) fn into_conversion(self) -> Conversion {
        Conversion {
            prefix: uses(self.prefix_sent, self.prefix_used),
            country: uses(self.country_sent, self.country_used),
            prefix_nth_latest_at: self.prefix_nth_latest_at.map(Timestamp::from_millis),
            country_nth_latest_at: self.country_nth_latest_at.map(Timestamp::from_millis),
        }
    }
}

/// What came back of what was sent to one prefix, or to a country as a whole.
#[derive(QueryableByName)]
pub(super) struct CodeUsageRow {
    #[diesel(sql_type = Text)]
    country: String,
    #[diesel(sql_type = Nullable<Text>)]
    prefix: Option<String>,
    #[diesel(sql_type = BigInt)]
    sent: i64,
    #[diesel(sql_type = BigInt)]
    used: i64,
}

/// Those of which too few came back, a country before its prefixes.
pub(super) fn low(rows: Vec<CodeUsageRow>, rule: ConversionRule) -> Vec<LowConversion> {
    let all = rows.into_iter().map(|row| LowConversion {
        uses: uses(row.sent, row.used),
        country: row.country,
        prefix: row.prefix,
    });
    let mut low: Vec<_> = all.filter(|it| rule.is_low(it.uses)).collect();
    low.sort_by(|a, b| (&a.country, &a.prefix).cmp(&(&b.country, &b.prefix)));
    low
}

fn uses(sent: i64, used: i64) -> CodeUsage {
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    CodeUsage { sent: count(sent), used: count(used) }
}

/// The gateway that has a send, and the gateway's name for it.
pub(super) fn carried_by(state: &SendState) -> (Option<&'static str>, Option<&str>) {
    match state {
        SendState::Accepted { gateway, message } => (Some(gateway), Some(message)),
        SendState::Unknown { gateway } => (*gateway, None),
        SendState::Sending | SendState::Refused | SendState::NotSent => (None, None),
    }
}

/// The name of a purpose in rows.
pub(super) const fn purpose(purpose: SmsPurpose) -> &'static str {
    match purpose {
        SmsPurpose::SecondFactor => "second_factor",
        SmsPurpose::Confirmation => "confirmation",
    }
}

/// Deletes portion after portion, until one is not full.
pub(super) fn in_portions(mut delete: impl FnMut() -> Result<usize, Error>) -> Result<(), Error> {
    let full = usize::try_from(PORTION).unwrap_or(usize::MAX);
    while delete()? >= full {}
    Ok(())
}
