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

/// Number of a send among those of its user, from the latest.
pub(super) const LATEST_OF_USER: &str =
    "row_number() OVER (PARTITION BY user_id ORDER BY mfa_sms_sends.at DESC, id DESC)";

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

/// Numbers of sent SMS and of used codes, of a prefix, a country and a user.
#[derive(QueryableByName)]
pub(super) struct ConversionRow {
    #[diesel(sql_type = BigInt)]
    of_prefix_sent: i64,
    #[diesel(sql_type = BigInt)]
    of_prefix_used: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    of_prefix_nth_latest_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    of_country_sent: i64,
    #[diesel(sql_type = BigInt)]
    of_country_used: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    of_country_nth_latest_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    of_user_sent: i64,
    #[diesel(sql_type = BigInt)]
    of_user_used: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    of_user_nth_latest_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    number_used: i64,
}

impl ConversionRow {
    pub(super) fn into_conversion(self) -> Conversion {
        Conversion {
            prefix: uses(self.of_prefix_sent, self.of_prefix_used),
            country: uses(self.of_country_sent, self.of_country_used),
            user: uses(self.of_user_sent, self.of_user_used),
            prefix_nth_latest_at: self.of_prefix_nth_latest_at.map(Timestamp::from_millis),
            country_nth_latest_at: self.of_country_nth_latest_at.map(Timestamp::from_millis),
            user_nth_latest_at: self.of_user_nth_latest_at.map(Timestamp::from_millis),
            number_has_converted: self.number_used > 0,
        }
    }
}

/// Numbers of sent SMS and of used codes for one purpose, of one prefix or of a whole country.
#[derive(QueryableByName)]
pub(super) struct CodeUsageRow {
    #[diesel(sql_type = Text)]
    country: String,
    #[diesel(sql_type = Nullable<Text>)]
    prefix: Option<String>,
    #[diesel(sql_type = Text)]
    purpose: String,
    #[diesel(sql_type = BigInt)]
    sent: i64,
    #[diesel(sql_type = BigInt)]
    used: i64,
}

/// Returns the countries and prefixes with too few used codes, each country before its prefixes, confirmations first.
pub(super) fn low(rows: Vec<CodeUsageRow>, rule: ConversionRule) -> Vec<LowConversion> {
    let all = rows.into_iter().map(|row| LowConversion {
        uses: uses(row.sent, row.used),
        purpose: purpose_named(&row.purpose),
        country: row.country,
        prefix: row.prefix,
        user: None,
    });
    let mut low: Vec<_> = all.filter(|it| rule.is_low(it.uses)).collect();
    let key = |it: &LowConversion| (it.country.clone(), it.prefix.clone(), it.purpose.as_str());
    low.sort_by_key(key);
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

/// Returns the purpose of this name. Every other name is a confirmation, the purpose that anyone can cause.
fn purpose_named(name: &str) -> SmsPurpose {
    if name == SmsPurpose::SecondFactor.as_str() {
        SmsPurpose::SecondFactor
    } else {
        SmsPurpose::Confirmation
    }
}

/// Deletes portions until one is not full.
pub(super) fn in_portions(mut delete: impl FnMut() -> Result<usize, Error>) -> Result<(), Error> {
    let full = usize::try_from(PORTION).unwrap_or(usize::MAX);
    while delete()? >= full {}
    Ok(())
}
