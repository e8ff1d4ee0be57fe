//! Mails as columns, stored by the statement that stores their events.

use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Text};
use mfa_mail::QueuedNotice;

/// Mails as columns, for `unnest`.
#[derive(Debug, Default)]
pub(super) struct MailColumns {
    event_id: Vec<String>,
    user_id: Vec<i64>,
    seq: Vec<i64>,
    address: Vec<String>,
    notice: Vec<&'static str>,
    language: Vec<&'static str>,
    at: Vec<i64>,
}

impl MailColumns {
    pub(super) fn extend(&mut self, mails: &[QueuedNotice]) {
        for mail in mails {
            self.event_id.push(mail.event_id.clone());
            self.user_id.push(mail.user.value());
            self.seq.push(i64::try_from(mail.seq).unwrap_or(i64::MAX));
            self.address.push(mail.address.clone());
            self.notice.push(mail.notice.as_str());
            self.language.push(mail.language.tag());
            self.at.push(mail.at.millis());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.event_id.is_empty()
    }

    /// `, mailed AS (INSERT … only the mails of accounts that were stored)`, after the events.
    pub(super) fn insert<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            ", mailed AS (INSERT INTO mfa_mail_outbox (event_id, user_id, seq, address, notice, language, at, \
             next_try_at) SELECT m.event_id, m.user_id, m.seq, m.address, m.notice, m.language, \
             to_timestamp(m.at / 1000.0), to_timestamp(m.at / 1000.0) FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.event_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.user_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.seq)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.address)?;
        for column in [&self.notice, &self.language] {
            out.push_sql(", ");
            out.push_bind_param::<Array<Text>, _>(column)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.at)?;
        out.push_sql(
            ") AS m(event_id, user_id, seq, address, notice, language, at) JOIN won ON won.id = m.user_id)",
        );
        Ok(())
    }
}
