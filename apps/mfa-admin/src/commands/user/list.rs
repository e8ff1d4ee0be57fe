//! Output of `user list`: one line per user.

use mfa_core::{Lock, Timestamp, UserRecord};
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, visible};

/// Builds the output for the first `limit` users, with the id after which the next page starts.
pub(super) fn format_users(mut users: Vec<UserRecord>, limit: u32, now: Timestamp) -> CommandOutput {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = users.len() > limit;
    users.truncate(limit);
    let next = users.last().filter(|_| more).map(|user| user.user);
    let mut lines = vec![["ID", "USERNAME", "EMAIL", "STATUS"].map(str::to_owned)];
    lines.extend(users.iter().map(|user| {
        [user.user.to_string(), visible(&user.username), visible(&user.email), status(user, now)]
    }));
    let shown = if users.is_empty() { "no users found".to_owned() } else { columns(&lines) };
    let text = match next {
        Some(next) => format!("{shown}\nmore users: continue with --after {next}"),
        None => shown,
    };
    let documents: Vec<_> = users.iter().map(|user| document(user, now)).collect();
    CommandOutput { text, json: json!({ "users": documents, "next": next }) }
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
        "locked": lock.is_some(),
        "lock_until": lock.and_then(lock_end),
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
        user.mfa_enforced.then_some("enforced"),
        lock.as_deref(),
        unreadable.as_deref(),
    ];
    states.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use mfa_core::UserId;

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
            lock_until: None,
            unreadable: None,
        }
    }

    #[test]
    fn a_page_contains_the_id_after_which_the_next_one_starts() {
        let output = format_users(vec![user(3), user(5), user(9)], 2, NOW);
        assert_eq!(output.json["users"].as_array().unwrap().len(), 2);
        assert_eq!(output.json["next"], 5);
        assert!(output.text.ends_with("u5@b.c\nmore users: continue with --after 5"), "{}", output.text);

        let last = format_users(vec![user(9)], 2, NOW);
        assert_eq!(last.json["next"], Value::Null);
        assert_eq!(last.text, "ID  USERNAME  EMAIL   STATUS\n9   u9        u9@b.c");
    }

    #[test]
    fn an_empty_page_is_a_message_and_an_empty_list() {
        let output = format_users(Vec::new(), 50, NOW);
        assert_eq!(output.text, "no users found");
        assert_eq!(output.json, json!({ "users": [], "next": null }));
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
