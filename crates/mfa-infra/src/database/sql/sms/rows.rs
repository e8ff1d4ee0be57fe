//! Rows of SMS budgets and of sent SMS.

use diesel::QueryableByName;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{SmsPurpose, Timestamp};
use mfa_sms::{
    BudgetDecision, BudgetRequest, CodeUsage, Conversion, ConversionRule, LowConversion, SendState,
};

/// Condition for SMS that count: all except those that certainly were not sent.
pub(in crate::database) const COUNTED: &str = "state IN ('sending', 'accepted', 'unknown')";

/// Number of rows that a sweep deletes at once: few enough for the statement timeout, and to let other sessions in.
pub(super) const PORTION: i64 = 1_000;

/// Stored state of one bucket.
#[derive(QueryableByName)]
pub(in crate::database) struct BucketRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    full_at: Option<i64>,
}

/// Returns the decision of a request on its rows, one for each line, and the times to store.
pub(in crate::database) fn settle(request: &BudgetRequest, rows: &[BucketRow]) -> (BudgetDecision, Vec<i64>) {
    let stored: Vec<_> = rows.iter().map(|row| row.full_at.map(Timestamp::from_millis)).collect();
    let settlement = request.settle(&stored);
    (settlement.verdict, settlement.full_at.into_iter().map(Timestamp::millis).collect())
}

/// Numbers of sent SMS and of used codes, of a prefix and of a country.
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

/// Numbers of sent SMS and of used codes, of one prefix or of a whole country.
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

/// Returns the countries and prefixes with too few used codes, each country before its prefixes.
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

/// Returns the gateway of a send, and the gateway's id for it.
pub(super) fn carried_by(state: &SendState) -> (Option<&'static str>, Option<&str>) {
    match state {
        SendState::Accepted { gateway, message } => (Some(gateway), Some(message)),
        SendState::Unknown { gateway } => (*gateway, None),
        SendState::Sending | SendState::Refused | SendState::NotSent => (None, None),
    }
}

/// Returns the name of a purpose in rows.
pub(super) const fn purpose(purpose: SmsPurpose) -> &'static str {
    match purpose {
        SmsPurpose::SecondFactor => "second_factor",
        SmsPurpose::Confirmation => "confirmation",
    }
}

/// Deletes portions until one is not full.
pub(super) fn in_portions(mut delete: impl FnMut() -> Result<usize, Error>) -> Result<(), Error> {
    let full = usize::try_from(PORTION).unwrap_or(usize::MAX);
    while delete()? >= full {}
    Ok(())
}
