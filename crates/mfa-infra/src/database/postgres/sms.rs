//! Budgets and sends of SMS in PostgreSQL.

use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::{PgConnection, RunQueryDsl, sql_query};
use mfa_core::{BoxFuture, StoreError, Timestamp};
use mfa_sms::{
    BudgetDecision, BudgetRequest, Conversion, ConversionQuery, ConversionRule, DeliveryStatus,
    LowConversion, SendId, SendRecord, SendState, SmsBudgets, SmsSendLog,
};

use super::PostgresDatabase;
use crate::database::sms::{
    BucketRow, COUNTED, CodeUsageRow, ConversionRow, PORTION, carried_by, in_portions, low, purpose, settle,
};

impl SmsBudgets for PostgresDatabase {
    fn reserve<'a>(
        &'a self,
        request: &'a BudgetRequest,
    ) -> BoxFuture<'a, Result<BudgetDecision, StoreError>> {
        let request = request.clone();
        self.pool.run("reserve sms", move |connection| {
            // Each row as it is once its lock is held, whatever the server's default is.
            connection.build_transaction().read_committed().run(|it| reserve(it, &request))
        })
    }
}

fn reserve(connection: &mut PgConnection, request: &BudgetRequest) -> Result<BudgetDecision, Error> {
    let lines = request.lines();
    let scopes: Vec<_> = lines.iter().map(|it| it.scope.as_str()).collect();
    let keys: Vec<_> = lines.iter().map(|it| it.key.as_str()).collect();
    // Makes or locks row by row in the order of the lines, in one statement: an UPDATE that changes nothing locks a row
    // that is there, even one that another server makes or sweeps away at this moment.
    let rows: Vec<BucketRow> = sql_query(
        "WITH line AS (SELECT * FROM unnest($1, $2) WITH ORDINALITY AS it (scope, key, place)), \
         locked AS (INSERT INTO mfa_sms_budget AS budget (scope, key) SELECT scope, key FROM line ORDER BY place \
         ON CONFLICT (scope, key) DO UPDATE SET full_at = budget.full_at RETURNING scope, key, full_at) \
         SELECT (extract(epoch from full_at) * 1000)::bigint AS full_at FROM line JOIN locked USING (scope, key) \
         ORDER BY place",
    )
    .bind::<Array<Text>, _>(&scopes)
    .bind::<Array<Text>, _>(&keys)
    .load(connection)?;
    let (verdict, full_at) = settle(request, &rows);
    sql_query(
        "UPDATE mfa_sms_budget AS budget SET full_at = to_timestamp(line.full_at / 1000.0) \
         FROM unnest($1, $2, $3) AS line (scope, key, full_at) \
         WHERE budget.scope = line.scope AND budget.key = line.key",
    )
    .bind::<Array<Text>, _>(&scopes)
    .bind::<Array<Text>, _>(&keys)
    .bind::<Array<BigInt>, _>(full_at)
    .execute(connection)?;
    Ok(verdict)
}

impl SmsSendLog for PostgresDatabase {
    fn begin<'a>(&'a self, record: &'a SendRecord) -> BoxFuture<'a, Result<(), StoreError>> {
        let record = record.clone();
        self.pool.run("begin send", move |connection| {
            sql_query(
                "INSERT INTO mfa_sms_sends (id, user_id, purpose, number, prefix, country, at, state) \
                 VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7 / 1000.0), $8)",
            )
            .bind::<Text, _>(record.id.as_str())
            .bind::<BigInt, _>(record.user.value())
            .bind::<Text, _>(purpose(record.purpose))
            .bind::<Text, _>(&record.number)
            .bind::<Text, _>(&record.prefix)
            .bind::<Text, _>(&record.country)
            .bind::<BigInt, _>(record.at.millis())
            .bind::<Text, _>(SendState::Sending.as_str())
            .execute(connection)
            .map(drop)
        })
    }

    fn settle<'a>(&'a self, id: &'a SendId, state: &'a SendState) -> BoxFuture<'a, Result<(), StoreError>> {
        let (id, state) = (id.clone(), state.clone());
        self.pool.run("settle send", move |connection| {
            let (gateway, message) = carried_by(&state);
            sql_query("UPDATE mfa_sms_sends SET state = $2, gateway = $3, message = $4 WHERE id = $1")
                .bind::<Text, _>(id.as_str())
                .bind::<Text, _>(state.as_str())
                .bind::<Nullable<Text>, _>(gateway)
                .bind::<Nullable<Text>, _>(message)
                .execute(connection)
                .map(drop)
        })
    }

    fn mark_used<'a>(&'a self, id: &'a SendId, at: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        let id = id.clone();
        self.pool.run("mark send used", move |connection| {
            sql_query("UPDATE mfa_sms_sends SET used_at = to_timestamp($2 / 1000.0) WHERE id = $1")
                .bind::<Text, _>(id.as_str())
                .bind::<BigInt, _>(at.millis())
                .execute(connection)
                .map(drop)
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
            let rows = sql_query(
                "UPDATE mfa_sms_sends SET \
                 arrival = CASE WHEN arrival IN ('delivered', 'failed') THEN arrival ELSE $3 END, \
                 arrival_at = CASE WHEN arrival IN ('delivered', 'failed') THEN arrival_at \
                 ELSE to_timestamp($4 / 1000.0) END \
                 WHERE gateway = $1 AND message = $2",
            )
            .bind::<Text, _>(gateway)
            .bind::<Text, _>(message)
            .bind::<Text, _>(arrival.as_str())
            .bind::<BigInt, _>(at.millis())
            .execute(connection)?;
            Ok(rows > 0)
        })
    }

    fn conversion<'a>(&'a self, query: &'a ConversionQuery) -> BoxFuture<'a, Result<Conversion, StoreError>> {
        let query = query.clone();
        self.pool.run("conversion", move |connection| {
            sql_query(format!(
                "SELECT prefix.sent AS prefix_sent, prefix.used AS prefix_used, \
                 country.sent AS country_sent, country.used AS country_used, \
                 (SELECT (extract(epoch from at) * 1000)::bigint FROM mfa_sms_sends \
                 WHERE prefix = $1 AND {COUNTED} ORDER BY at DESC LIMIT 1 OFFSET $4) AS prefix_nth_latest_at, \
                 (SELECT (extract(epoch from at) * 1000)::bigint FROM mfa_sms_sends \
                 WHERE country = $2 AND {COUNTED} ORDER BY at DESC LIMIT 1 OFFSET $4) AS country_nth_latest_at FROM \
                 (SELECT count(*) AS sent, count(used_at) AS used FROM mfa_sms_sends \
                 WHERE prefix = $1 AND at > to_timestamp($3 / 1000.0) AND {COUNTED}) AS prefix, \
                 (SELECT count(*) AS sent, count(used_at) AS used FROM mfa_sms_sends \
                 WHERE country = $2 AND at > to_timestamp($3 / 1000.0) AND {COUNTED}) AS country"
            ))
            .bind::<Text, _>(&query.prefix)
            .bind::<Text, _>(&query.country)
            .bind::<BigInt, _>(query.since.millis())
            .bind::<BigInt, _>(i64::from(query.nth_latest.saturating_sub(1)))
            .get_result::<ConversionRow>(connection)
            .map(ConversionRow::into_conversion)
        })
    }

    fn low(
        &self,
        rule: ConversionRule,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<LowConversion>, StoreError>> {
        self.pool.run("low conversion", move |connection| {
            let rows = sql_query(format!(
                "WITH recent AS (SELECT country, prefix, used_at FROM mfa_sms_sends \
                 WHERE at > to_timestamp($1 / 1000.0) AND {COUNTED}) \
                 SELECT country, prefix, count(*) AS sent, count(used_at) AS used FROM recent \
                 GROUP BY country, prefix HAVING count(*) >= $2 \
                 UNION ALL SELECT country, NULL::text, count(*), count(used_at) FROM recent \
                 GROUP BY country HAVING count(*) >= $2"
            ))
            .bind::<BigInt, _>(since.millis())
            .bind::<BigInt, _>(i64::from(rule.min_sends()))
            .load::<CodeUsageRow>(connection)?;
            Ok(low(rows, rule))
        })
    }

    fn sweep(&self, abandoned: Timestamp, old: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.pool.run("sweep sends", move |connection| {
            // Never waits for a row that another call holds, and so never for one that waits for it.
            let given_up = sql_query(
                "UPDATE mfa_sms_sends SET state = 'unknown' WHERE id IN (SELECT id FROM mfa_sms_sends \
                 WHERE state = 'sending' AND at < to_timestamp($1 / 1000.0) FOR UPDATE SKIP LOCKED)",
            )
            .bind::<BigInt, _>(abandoned.millis())
            .execute(connection)?;
            let sends = "DELETE FROM mfa_sms_sends WHERE id IN (SELECT id FROM mfa_sms_sends \
                         WHERE at < to_timestamp($1 / 1000.0) LIMIT $2 FOR UPDATE SKIP LOCKED)";
            let budgets = "DELETE FROM mfa_sms_budget WHERE (scope, key) IN (SELECT scope, key FROM mfa_sms_budget \
                           WHERE full_at < to_timestamp($1 / 1000.0) LIMIT $2 FOR UPDATE SKIP LOCKED)";
            for statement in [sends, budgets] {
                in_portions(|| {
                    sql_query(statement)
                        .bind::<BigInt, _>(old.millis())
                        .bind::<BigInt, _>(PORTION)
                        .execute(connection)
                })?;
            }
            Ok(u64::try_from(given_up).unwrap_or(u64::MAX))
        })
    }
}
