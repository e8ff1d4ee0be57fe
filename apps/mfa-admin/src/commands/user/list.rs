//! Output of `user list`: one line per user.

use mfa_core::{Lock, Timestamp, UserQuery, UserRecord};
use mfa_flows::{UserList, user_csv, user_csv_header};
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, visible};
use crate::error::CliError;
use crate::session::AdminSession;

/// Builds the output for a page of users, with the total and the id after which the next page starts.
pub(super) fn format_users(list: &UserList, now: Timestamp) -> CommandOutput {
    let UserList { page, total, .. } = list;
    let mut lines = vec![["ID", "USERNAME", "EMAIL", "STATUS"].map(str::to_owned)];
    lines.extend(page.users.iter().map(|user| {
        [user.user.to_string(), visible(&user.username), visible(&user.email), status(user, now)]
    }));
    let shown = if page.users.is_empty() { "no users found".to_owned() } else { columns(&lines) };
    let text = match page.next {
        Some(next) => format!("{shown}\n{total} users match: continue with --after {next}"),
        None => shown,
    };
    let documents: Vec<_> = page.users.iter().map(|user| document(user, now)).collect();
    let json = json!({ "users": documents, "total": total, "next": page.next, "previous": page.previous });
    CommandOutput { text, json }
}

/// Writes every user that fits to standard output as CSV, page by page.
pub(super) fn csv(session: &AdminSession, query: UserQuery) -> Result<CommandOutput, CliError> {
    let flows = session.flows();
    let mut export = flows.export_users(session.call(), query);
    let mut text = user_csv_header();
    while let Some(users) = session.run(flows.next_users(&mut export))? {
        text.extend(users.iter().map(|user| user_csv(user, flows.now())));
    }
    text.truncate(text.trim_end().len());
    let json = json!({ "csv": &text });
    Ok(CommandOutput { text, json })
}

fn document(user: &UserRecord, now: Timestamp) -> Value {
    let lock = user.lock(now);
    json!({
        "user_id": user.user,
        "email": user.email,
        "username": user.username,
        "full_name": user.full_name,
        "is_active": user.is_active,
        "is_superuser": user.is_superuser,
        "mfa_enforced": user.mfa_enforced,
        "totp_enabled": user.totp_enabled,
        "sms_enabled": user.sms_enabled,
        "passkey_enabled": user.has_passkey,
        "locked": lock.is_some(),
        "lock_until": lock.and_then(lock_end),
        "last_success_at": user.last_success_at.and_then(Timestamp::to_rfc3339),
        "unreadable": user.unreadable,
    })
}

fn lock_end(lock: Lock) -> Option<String> {
    match lock {
        Lock::Until(end) => end.to_rfc3339(),
        Lock::UntilAdministrator => None,
    }
}

fn status(user: &UserRecord, now: Timestamp) -> String {
    let unreadable = user.unreadable.as_ref().map(|column| format!("unreadable: column {column} is invalid"));
    let lock = Lock::in_force(user.lock_until, now).map(|lock| match lock_end(lock) {
        Some(end) => format!("locked until {end}"),
        None => "locked until unlocked by an administrator".to_owned(),
    });
    let states = [
        (!user.is_active).then_some("inactive"),
        user.is_superuser.then_some("superuser"),
        user.totp_enabled.then_some("totp"),
        user.sms_enabled.then_some("sms"),
        user.has_passkey.then_some("passkey"),
        user.mfa_enforced.then_some("enforced"),
        lock.as_deref(),
        unreadable.as_deref(),
    ];
    states.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use mfa_core::{UserId, UserPage};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn user(id: i64) -> UserRecord {
        UserRecord {
            user: UserId::new(id),
            email: format!("u{id}@b.c"),
            username: format!("u{id}"),
            full_name: None,
            is_active: true,
            is_superuser: false,
            mfa_enforced: false,
            totp_enabled: false,
            sms_enabled: false,
            has_passkey: false,
            lock_until: None,
            last_success_at: None,
            unreadable: None,
        }
    }

    fn list(users: Vec<UserRecord>, next: Option<i64>, total: u64) -> UserList {
        let page = UserPage { users, next: next.map(UserId::new), previous: None };
        UserList::new(page, total)
    }

    #[test]
    fn a_page_contains_the_id_after_which_the_next_one_starts() {
        let output = format_users(&list(vec![user(3), user(5)], Some(5), 9), NOW);
        assert_eq!(output.json["users"].as_array().unwrap().len(), 2);
        assert_eq!((&output.json["next"], &output.json["total"]), (&json!(5), &json!(9)));
        assert!(output.text.ends_with("u5@b.c\n9 users match: continue with --after 5"), "{}", output.text);

        let last = format_users(&list(vec![user(9)], None, 1), NOW);
        assert_eq!(last.json["next"], Value::Null);
        assert_eq!(last.text, "ID  USERNAME  EMAIL   STATUS\n9   u9        u9@b.c");
    }

    #[test]
    fn an_empty_page_is_a_message_and_an_empty_list() {
        let output = format_users(&list(Vec::new(), None, 0), NOW);
        assert_eq!(output.text, "no users found");
        assert_eq!(output.json, json!({ "users": [], "total": 0, "next": null, "previous": null }));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_listed_with_the_column_and_counts_as_locked() {
        let odd = UserRecord {
            email: String::new(),
            username: String::new(),
            unreadable: Some("mfa_lock_until".to_owned()),
            ..user(7)
        };
        assert_eq!(status(&odd, NOW), "unreadable: column mfa_lock_until is invalid");
        let document = document(&odd, NOW);
        assert_eq!((&document["locked"], &document["unreadable"]), (&json!(true), &json!("mfa_lock_until")));
    }

    #[test]
    fn only_an_active_lock_is_shown() {
        let expired = UserRecord { lock_until: Some(NOW), ..user(1) };
        assert_eq!(document(&expired, NOW)["lock_until"], Value::Null);
        assert_eq!(status(&expired, NOW), "");

        let locked = UserRecord {
            lock_until: Some(Timestamp::from_seconds(1_060)),
            is_active: false,
            totp_enabled: true,
            ..user(1)
        };
        assert_eq!(document(&locked, NOW)["lock_until"], "1970-01-01T00:17:40Z");
        assert_eq!(status(&locked, NOW), "inactive, totp, locked until 1970-01-01T00:17:40Z");

        let permanent = UserRecord { lock_until: Some(Timestamp::FAR_FUTURE), ..user(1) };
        assert_eq!(document(&permanent, NOW)["locked"], true);
        assert_eq!(document(&permanent, NOW)["lock_until"], Value::Null);
        assert_eq!(status(&permanent, NOW), "locked until unlocked by an administrator");
    }
}
