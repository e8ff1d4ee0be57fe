//! Queries of the queue of mails, and of the lease of the server that sends them.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{BoxFuture, PreferredLanguage, StoreError, Timestamp, UserId};
use mfa_mail::{MailOutbox, MailQueueState, Notice, QueuedMail, QueuedNotice};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};

/// Name of the lease of the server that sends.
const LEASE: &str = "mail";

impl<C: Dialect> MailOutbox for SqlDatabase<C> {
    fn queue_state(&self) -> BoxFuture<'_, Result<MailQueueState, StoreError>> {
        self.pool.run("mail queue", |connection| {
            let query = format!(
                "SELECT count(*) AS queued, min({}) AS oldest, min({}) AS next_try FROM mfa_mail_outbox WHERE {}",
                C::millis("at"),
                C::millis("next_try_at"),
                C::text_is_in("notice", "text", "$1"),
            );
            let row: StateRow = connection.one(Statement::new(query).bind(known_notices()))?;
            Ok(MailQueueState {
                queued: u64::try_from(row.queued).unwrap_or_default(),
                oldest: row.oldest.map(Timestamp::from_millis),
                next_try: row.next_try.map(Timestamp::from_millis),
            })
        })
    }

    fn lease_mail(
        &self,
        holder: String,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("lease mail", move |connection| {
            // One statement: the row is locked while its holder and end are compared.
            let query = format!(
                "INSERT INTO mfa_leases (name, holder, until) VALUES ($1, $2, {until}) \
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
                 WHERE mfa_leases.holder = excluded.holder OR mfa_leases.until <= {now}",
                until = C::timestamp("$3"),
                now = C::timestamp("$4"),
            );
            let query =
                Statement::new(query).bind(LEASE).bind(holder).bind(until.millis()).bind(now.millis());
            connection.execute(query).map(|rows| rows == 1)
        })
    }

    fn release_mail(&self, holder: String) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("release mail", move |connection| {
            let query = Statement::new("DELETE FROM mfa_leases WHERE name = $1 AND holder = $2");
            connection.execute(query.bind(LEASE).bind(holder)).map(drop)
        })
    }

    fn next_mail(&self, now: Timestamp) -> BoxFuture<'_, Result<Option<QueuedMail>, StoreError>> {
        self.pool.run("next mail", move |connection| {
            let query = format!(
                "SELECT o.event_id, o.user_id, o.seq, o.address, o.notice, o.language, {at} AS at, o.tries, \
                 e.ip, e.user_agent FROM mfa_mail_outbox AS o \
                 LEFT JOIN mfa_events AS e ON e.user_id = o.user_id AND e.seq = o.seq \
                 WHERE o.next_try_at <= {now} AND {known} \
                 AND EXISTS (SELECT 1 FROM users AS u WHERE u.id = o.user_id) \
                 ORDER BY o.next_try_at, o.at, o.event_id LIMIT 1",
                at = C::millis("o.at"),
                now = C::timestamp("$2"),
                known = C::text_is_in("o.notice", "text", "$1"),
            );
            let query = Statement::new(query).bind(known_notices()).bind(now.millis());
            Ok(connection.first::<MailRow>(query)?.and_then(MailRow::into_mail))
        })
    }

    fn remove_mail(&self, event_id: String) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("remove mail", move |connection| {
            let delete = Statement::new("DELETE FROM mfa_mail_outbox WHERE event_id = $1");
            connection.execute(delete.bind(event_id)).map(drop)
        })
    }

    fn postpone_mail(
        &self,
        event_id: String,
        tries: u32,
        next_try: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("postpone mail", move |connection| {
            let update = format!(
                "UPDATE mfa_mail_outbox SET tries = $2, next_try_at = {} WHERE event_id = $1",
                C::timestamp("$3")
            );
            let update = Statement::new(update).bind(event_id).bind(i64::from(tries));
            connection.execute(update.bind(next_try.millis())).map(drop)
        })
    }

    fn remove_mails_of_deleted_users(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.pool.run("remove mails of deleted users", |connection| {
            let delete = "DELETE FROM mfa_mail_outbox \
                          WHERE NOT EXISTS (SELECT 1 FROM users AS u WHERE u.id = mfa_mail_outbox.user_id)";
            connection.execute(Statement::new(delete)).map(count)
        })
    }

    fn remove_mails_before(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.pool.run("remove old mails", move |connection| {
            let delete = format!("DELETE FROM mfa_mail_outbox WHERE at < {}", C::timestamp("$1"));
            connection.execute(Statement::new(delete).bind(before.millis())).map(count)
        })
    }
}

/// Returns the notices that this version can compose. Another version may have queued others.
fn known_notices() -> Vec<String> {
    Notice::ALL.iter().map(|notice| notice.as_str().to_owned()).collect()
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = BigInt)]
    queued: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    oldest: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    next_try: Option<i64>,
}

#[derive(QueryableByName)]
struct MailRow {
    #[diesel(sql_type = Text)]
    event_id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    notice: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = BigInt)]
    tries: i64,
    #[diesel(sql_type = Nullable<Text>)]
    ip: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_agent: Option<String>,
}

impl MailRow {
    /// `None` for a notice that only another version knows.
    fn into_mail(self) -> Option<QueuedMail> {
        Some(QueuedMail {
            queued: QueuedNotice {
                user: UserId::new(self.user_id),
                seq: u64::try_from(self.seq).unwrap_or_default(),
                event_id: self.event_id,
                address: self.address,
                notice: Notice::parse(&self.notice)?,
                language: PreferredLanguage::from_tag(&self.language).unwrap_or(PreferredLanguage::English),
                at: Timestamp::from_millis(self.at),
            },
            tries: u32::try_from(self.tries).unwrap_or(u32::MAX),
            ip: self.ip.and_then(|ip| ip.parse().ok()),
            user_agent: self.user_agent,
        })
    }
}
