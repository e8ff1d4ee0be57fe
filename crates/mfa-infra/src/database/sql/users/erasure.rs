//! Erasure of what is stored about a user outside of `users`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use diesel::QueryResult;
use mfa_core::{EventKind, UserId, user_actor_prefix};
use mfa_sms::BudgetScope;

use super::super::dialect::{Dialect, Statement};
use crate::database::row::{EventUserRow, IdRangeRow, PrefixRow};

/// Events that are searched for an actor in one statement, so that none takes long.
const WINDOW: i64 = 20_000;

/// Erases the events before the newest `admin_erase`, the log of SMS, queued mails, and the budgets of addresses.
///
/// The budgets come first, because their addresses are only known from the events. The event of the erasure keeps its
/// actor.
pub(super) fn erase_details<C: Dialect>(
    connection: &mut C,
    user: UserId,
    budget_key: fn(Option<IpAddr>) -> String,
) -> QueryResult<()> {
    let addresses = "SELECT DISTINCT ip AS prefix FROM mfa_events WHERE user_id = $1 AND ip IS NOT NULL";
    let addresses: Vec<PrefixRow> = connection.load(Statement::new(addresses).bind(user.value()))?;
    let addresses = addresses.into_iter().filter_map(|row| row.into_text().parse().ok());
    let keys: BTreeSet<String> = addresses.map(|ip| budget_key(Some(ip))).collect();
    for key in keys {
        let delete = Statement::new("DELETE FROM mfa_sms_budget WHERE scope = $1 AND key = $2");
        connection.execute(delete.bind(BudgetScope::Ip.as_str()).bind(key))?;
    }
    connection.write(|connection| {
        connection.execute(erase_events(BEFORE).bind(user.value()).bind(EventKind::AdminErase.as_str()))?;
        if let Some(statement) = C::DELETE_COPIES {
            connection.execute(Statement::new(statement))?;
        }
        let sends = Statement::new("DELETE FROM mfa_sms_sends WHERE user_id = $1");
        connection.execute(sends.bind(user.value()))?;
        let mails = Statement::new("DELETE FROM mfa_mail_outbox WHERE user_id = $1");
        connection.execute(mails.bind(user.value())).map(drop)
    })
}

/// Returns the users whose events name this user as the administrator. No index has the actor, so all events are read.
pub(super) fn administered_by<C: Dialect>(connection: &mut C, actor: UserId) -> QueryResult<Vec<UserId>> {
    let ids = "SELECT coalesce(min(id), 0) AS least, coalesce(max(id), 0) AS greatest FROM mfa_events";
    let ids: IdRangeRow = connection.one(Statement::new(ids))?;
    let pattern = format!("{}%", user_actor_prefix(actor));
    let mut users = BTreeSet::new();
    for (first, last) in ids.windows(WINDOW) {
        let query =
            "SELECT DISTINCT user_id AS id FROM mfa_events WHERE id >= $1 AND id <= $2 AND actor LIKE $3";
        let rows: Vec<EventUserRow> =
            connection.load(Statement::new(query).bind(first).bind(last).bind(&pattern))?;
        users.extend(rows.into_iter().map(EventUserRow::into_user));
    }
    Ok(users.into_iter().collect())
}

/// Erases the events of `user` by `actor` before the newest `actor_erase`. The chain of a deleted user has none.
pub(super) fn erase_actor<C: Dialect>(connection: &mut C, user: UserId, actor: UserId) -> QueryResult<()> {
    let by_actor = format!("actor LIKE $3 AND ({BEFORE} OR NOT EXISTS (SELECT 1 FROM users WHERE id = $1))");
    let statement = erase_events(&by_actor).bind(user.value()).bind(EventKind::ActorErase.as_str());
    connection.execute(statement.bind(format!("{}%", user_actor_prefix(actor)))).map(drop)
}

/// Condition that an event came before the newest event of the kind `$2` of the user `$1`.
const BEFORE: &str = "seq < (SELECT max(seq) FROM mfa_events WHERE user_id = $1 AND event = $2)";

/// Returns the statement that erases the personal data of those events of the user `$1`.
fn erase_events(condition: &str) -> Statement {
    Statement::new(format!(
        "UPDATE mfa_events SET ip = NULL, user_agent = NULL, actor = NULL, reason = NULL, salt = NULL \
         WHERE user_id = $1 AND {condition}"
    ))
}
