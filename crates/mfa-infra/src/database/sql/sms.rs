//! Queries of SMS budgets and of the log of SMS.

mod rows;

use mfa_core::{BoxFuture, StoreError, Timestamp};
use mfa_sms::{
    BudgetDecision, BudgetRequest, Conversion, ConversionQuery, ConversionRule, DeliveryStatus,
    LowConversion, SendId, SendRecord, SendState, SmsBudgets, SmsSendLog,
};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};
use rows::{CodeUsageRow, ConversionRow, LATEST_OF_USER, PORTION, carried_by, in_portions, low};

pub(in crate::database) use rows::{BucketRow, COUNTED, settle};

impl<C: Dialect> SmsBudgets for SqlDatabase<C> {
    fn reserve<'a>(
        &'a self,
        request: &'a BudgetRequest,
    ) -> BoxFuture<'a, Result<BudgetDecision, StoreError>> {
        let request = request.clone();
        self.pool.run("reserve sms", move |connection| connection.reserve(&request))
    }
}

impl<C: Dialect> SmsSendLog for SqlDatabase<C> {
    fn begin<'a>(&'a self, record: &'a SendRecord) -> BoxFuture<'a, Result<(), StoreError>> {
        let record = record.clone();
        self.pool.run("begin send", move |connection| {
            // Not for a request that an erasure of the user overtook. The lock makes the erasure wait for this statement, or
            // the statement for the erasure.
            let insert = format!(
                "WITH account AS MATERIALIZED (SELECT CAST(mfa_internal ->> 'erased' AS bigint) AS erased \
                 FROM users WHERE id = $2 {}) \
                 INSERT INTO mfa_sms_sends (id, user_id, purpose, number, prefix, country, at, state) \
                 SELECT $1, $2, $3, $4, $5, $6, {}, $8 WHERE NOT EXISTS (SELECT 1 FROM account WHERE erased >= $7)",
                C::SHARE_LOCK,
                C::timestamp("$7")
            );
            let insert = Statement::new(insert)
                .bind(record.id.as_str())
                .bind(record.user.value())
                .bind(record.purpose.as_str())
                .bind(&record.number)
                .bind(&record.prefix)
                .bind(&record.country)
                .bind(record.at.millis())
                .bind(SendState::Sending.as_str());
            connection.execute(insert).map(drop)
        })
    }

    fn settle<'a>(&'a self, id: &'a SendId, state: &'a SendState) -> BoxFuture<'a, Result<(), StoreError>> {
        let (id, state) = (id.clone(), state.clone());
        self.pool.run("settle send", move |connection| {
            let (gateway, message) = carried_by(&state);
            let update = "UPDATE mfa_sms_sends SET state = $2, gateway = $3, message = $4 WHERE id = $1";
            let update = Statement::new(update).bind(id.as_str()).bind(state.as_str());
            connection.execute(update.bind(gateway).bind(message)).map(drop)
        })
    }

    fn mark_used<'a>(&'a self, id: &'a SendId, at: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        let id = id.clone();
        self.pool.run("mark send used", move |connection| {
            let update = format!("UPDATE mfa_sms_sends SET used_at = {} WHERE id = $1", C::timestamp("$2"));
            connection.execute(Statement::new(update).bind(id.as_str()).bind(at.millis())).map(drop)
        })
    }

    fn report<'a>(
        &'a self,
        gateway: &'a str,
        message: &'a str,
        arrival: DeliveryStatus,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (gateway, message) = (gateway.to_owned(), message.to_owned());
        self.pool.run("report send", move |connection| {
            let update = format!(
                "UPDATE mfa_sms_sends SET \
                 arrival = CASE WHEN arrival IN ('delivered', 'failed') THEN arrival ELSE $3 END, \
                 arrival_at = CASE WHEN arrival IN ('delivered', 'failed') THEN arrival_at ELSE {} END \
                 WHERE gateway = $1 AND message = $2",
                C::timestamp("$4")
            );
            let update = Statement::new(update).bind(gateway).bind(message);
            connection.execute(update.bind(arrival.as_str()).bind(at.millis())).map(|rows| rows > 0)
        })
    }

    fn conversion<'a>(&'a self, query: &'a ConversionQuery) -> BoxFuture<'a, Result<Conversion, StoreError>> {
        let query = query.clone();
        self.pool.run("conversion", move |connection| {
            let (since, at) = (C::timestamp("$6"), C::millis("at"));
            // The sends of a prefix, country or user, numbered from the latest of each user.
            let sends = |name, column, parameter| {
                format!(
                    "{name} AS (SELECT at, used_at, {LATEST_OF_USER} AS nth FROM mfa_sms_sends \
                     WHERE {column} = {parameter} AND purpose = $5 AND at > {since} AND {COUNTED})"
                )
            };
            let usage = |name, condition| {
                format!(
                    "(SELECT count(*) FROM {name} {condition}) AS {name}_sent, \
                     (SELECT count(used_at) FROM {name} {condition}) AS {name}_used, \
                     (SELECT {at} FROM {name} {condition} ORDER BY {name}.at DESC LIMIT 1 OFFSET $7) \
                     AS {name}_nth_latest_at"
                )
            };
            let text = format!(
                "WITH {}, {}, {} SELECT {}, {}, {}, (SELECT count(*) FROM (SELECT 1 FROM mfa_sms_sends \
                 WHERE number = $4 AND used_at IS NOT NULL LIMIT 1) AS used) AS number_used",
                sends("of_prefix", "prefix", "$1"),
                sends("of_country", "country", "$2"),
                sends("of_user", "user_id", "$3"),
                usage("of_prefix", "WHERE nth <= $8"),
                usage("of_country", "WHERE nth <= $8"),
                usage("of_user", "")
            );
            let statement = Statement::new(text)
                .bind(&query.prefix)
                .bind(&query.country)
                .bind(query.user.value())
                .bind(&query.number)
                .bind(query.purpose.as_str())
                .bind(query.since.millis())
                .bind(i64::from(query.nth_latest.saturating_sub(1)))
                .bind(i64::from(query.most_per_user));
            connection.one(statement).map(ConversionRow::into_conversion)
        })
    }

    fn low(
        &self,
        rule: ConversionRule,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<LowConversion>, StoreError>> {
        self.pool.run("low conversion", move |connection| {
            let latest = |scope| {
                format!(
                    "row_number() OVER (PARTITION BY {scope}, purpose, user_id ORDER BY at DESC, id DESC)"
                )
            };
            let query = format!(
                "WITH recent AS (SELECT country, prefix, purpose, used_at, {} AS of_prefix, {} AS of_country \
                 FROM mfa_sms_sends WHERE at > {} AND {COUNTED}) \
                 SELECT country, prefix, purpose, count(*) AS sent, count(used_at) AS used FROM recent \
                 WHERE of_prefix <= $3 GROUP BY country, prefix, purpose HAVING count(*) >= $2 \
                 UNION ALL SELECT country, CAST(NULL AS text), purpose, count(*), count(used_at) FROM recent \
                 WHERE of_country <= $3 GROUP BY country, purpose HAVING count(*) >= $2",
                latest("country, prefix"),
                latest("country"),
                C::timestamp("$1")
            );
            let query = Statement::new(query)
                .bind(since.millis())
                .bind(i64::from(rule.min_sends()))
                .bind(i64::from(rule.max_per_user()));
            let rows: Vec<CodeUsageRow> = connection.load(query)?;
            Ok(low(rows, rule))
        })
    }

    fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.pool.run("sweep sends", move |connection| {
            // Skips locked rows: a sweep never waits for a session that waits for it.
            let (time, lock) = (C::timestamp("$1"), C::SKIP_LOCKED);
            let abandon = format!(
                "UPDATE mfa_sms_sends SET state = 'unknown' WHERE id IN (SELECT id FROM mfa_sms_sends \
                 WHERE state = 'sending' AND at < {time} {lock})"
            );
            let abandoned = connection.execute(Statement::new(abandon).bind(abandoned.millis()))?;
            let sends = format!(
                "DELETE FROM mfa_sms_sends WHERE id IN (SELECT id FROM mfa_sms_sends \
                 WHERE at < {time} LIMIT $2 {lock})"
            );
            let budgets = format!(
                "DELETE FROM mfa_sms_budget WHERE (scope, key) IN (SELECT scope, key FROM mfa_sms_budget \
                 WHERE full_at < {time} LIMIT $2 {lock})"
            );
            for delete in [sends, budgets] {
                in_portions(|| {
                    connection.execute(Statement::new(delete.as_str()).bind(old.millis()).bind(PORTION))
                })?;
            }
            Ok(u64::try_from(abandoned).unwrap_or(u64::MAX))
        })
    }
}
