//! Statement that stores mails in the transaction of their events.

use std::sync::Arc;

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{RunQueryDsl, SqliteConnection};
use serde_json::{Value, json};

use crate::database::committer::AccountWrite;

/// Stores the mails of a group, in a JSON array.
#[derive(Debug, QueryId)]
pub(super) struct StoreMails(String);

impl StoreMails {
    /// Returns the statement; `None` if the group has no mail, as groups of verifications have not.
    pub(super) fn new(writes: &[Arc<AccountWrite>]) -> Option<Self> {
        let mails: Vec<Value> = writes
            .iter()
            .flat_map(|write| &write.mails)
            .map(|mail| {
                json!([
                    mail.event_id,
                    mail.user.value(),
                    mail.seq,
                    mail.address,
                    mail.notice.as_str(),
                    mail.language.tag(),
                    mail.at.millis(),
                ])
            })
            .collect();
        (!mails.is_empty()).then(|| Self(Value::Array(mails).to_string()))
    }
}

impl QueryFragment<Sqlite> for StoreMails {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO mfa_mail_outbox (event_id, user_id, seq, address, notice, language, at, next_try_at) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
             value ->> 6 FROM json_each(",
        );
        out.push_bind_param::<Text, _>(&self.0)?;
        out.push_sql(")");
        Ok(())
    }
}

impl RunQueryDsl<SqliteConnection> for StoreMails {}
