//! Counting in SQLite.

use diesel::result::Error;
use diesel::sql_types::BigInt;
use diesel::{RunQueryDsl, SqliteConnection, sql_query};
use mfa_core::{Activity, BoxFuture, Period, Statistics, StoreError, Timestamp, Totals};

use super::SqliteDatabase;
use crate::database::sms::COUNTED;
use crate::database::statistics::{
    self, EventCount, FEW_CODES, PORTION, SmsCountRow, StatisticsQueries, TimeSlice, TotalsRow,
    counted_kinds, in_time,
};

impl Statistics for SqliteDatabase {
    fn activity(&self, period: Period) -> BoxFuture<'_, Result<Activity, StoreError>> {
        let count = self.pool.run("count activity", move |it| statistics::activity(&mut **it, period));
        self.counting.in_turn(Box::pin(async move { in_time(count.await?) }))
    }

    fn totals(&self, now: Timestamp) -> BoxFuture<'_, Result<Totals, StoreError>> {
        let remembered = self.counting.remembered();
        let count = self.pool.run("count users", move |it| statistics::totals(&mut **it, now, &remembered));
        self.counting.in_turn(Box::pin(async move { in_time(count.await?) }))
    }
}

impl StatisticsQueries for SqliteConnection {
    fn event_counts(&mut self, slice: TimeSlice) -> Result<Vec<EventCount>, Error> {
        sql_query(format!(
            "SELECT at / ?3 * ?3 AS bucket, event, method, outcome, count(*) AS count FROM mfa_events \
             WHERE at >= ?1 AND at < ?2 AND event IN ({}) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            counted_kinds(),
        ))
        .bind::<BigInt, _>(slice.from)
        .bind::<BigInt, _>(slice.to)
        .bind::<BigInt, _>(slice.width)
        .load(self)
    }

    fn sms_counts(&mut self, slice: TimeSlice) -> Result<Vec<SmsCountRow>, Error> {
        sql_query(format!(
            "SELECT at / ?3 * ?3 AS bucket, country, gateway, \
             count(*) FILTER (WHERE {COUNTED}) AS sent, count(*) FILTER (WHERE arrival = 'delivered') AS delivered, \
             count(*) FILTER (WHERE arrival = 'failed' OR state IN ('refused', 'not_sent')) AS failed, \
             count(used_at) AS used FROM mfa_sms_sends WHERE at >= ?1 AND at < ?2 GROUP BY 1, 2, 3"
        ))
        .bind::<BigInt, _>(slice.from)
        .bind::<BigInt, _>(slice.to)
        .bind::<BigInt, _>(slice.width)
        .load(self)
    }

    fn totals_after(&mut self, user: i64, now: Timestamp) -> Result<TotalsRow, Error> {
        sql_query(
            "SELECT count(*) AS users, max(id) AS last, count(*) FILTER (WHERE totp OR sms) AS with_factor, \
             count(*) FILTER (WHERE totp) AS with_totp, count(*) FILTER (WHERE sms) AS with_sms, \
             count(*) FILTER (WHERE locked) AS locked, count(*) FILTER (WHERE enforced) AS enforced, \
             count(*) FILTER (WHERE (totp OR sms) AND codes_left <= ?3) AS recovery_codes_low FROM ( \
             SELECT id, is_totp_enabled AND totp_secret IS NOT NULL AS totp, \
             is_phone_verified AND phone_number IS NOT NULL AND mfa_backup_method = 'sms' AS sms, \
             coalesce(mfa_lock_until > ?2, FALSE) AS locked, mfa_enforced AS enforced, \
             CASE WHEN json_valid(recovery_codes) AND json_type(recovery_codes) = 'array' THEN (SELECT count(*) \
             FROM json_each(recovery_codes) WHERE CASE type WHEN 'object' THEN value ->> 'used_at' END IS NULL) \
             ELSE 0 END AS codes_left FROM users WHERE id > ?1 ORDER BY id LIMIT ?4) AS portion",
        )
        .bind::<BigInt, _>(user)
        .bind::<BigInt, _>(now.millis())
        .bind::<BigInt, _>(FEW_CODES)
        .bind::<BigInt, _>(PORTION)
        .get_result(self)
    }
}
