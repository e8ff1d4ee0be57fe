//! Some users, a line each.

use mfa_core::{Lock, Timestamp, UserRecord};
use serde_json::{Value, json};

use crate::command_output::{CommandOutput, columns, visible};

/// The first `limit` of these users, and after which id the rest follow.
pub(super) fn of(mut users: Vec<UserRecord>, limit: u32, now: Timestamp) -> CommandOutput {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = users.len() > limit;
    users.truncate(limit);
    let next = users.last().filter(|_| more).map(|user| user.user);
    let mut lines = vec![["ID", "USER NAME", "E-MAIL", "STATE"].map(str::to_owned)];
    lines.extend(users.iter().map(|user| {
        [user.user.to_string(), visible(&user.username), visible(&user.email), state(user, now)]
    }));
    let shown = if users.is_empty() { "no user".to_owned() } else { columns(&lines) };
    let text = match next {
        Some(next) => format!("{shown}\nthere are more: --after {next}"),
        None => shown,
    };
    let documents: Vec<_> = users.iter().map(|user| document(user, now)).collect();
    CommandOutput { text, json: json!({ "users": documents, "next": next }) }
}

fn document(user: &UserRecord, now: Timestamp) -> Value {
    let lock = Lock::in_force(user.lock_until, now);
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
        "lock_until": lock.and_then(end),
    })
}

fn end(lock: Lock) -> Option<String> {
    match lock {
        Lock::Until(end) => end.to_rfc3339(),
        Lock::UntilAdministrator => None,
    }
}

fn state(user: &UserRecord, now: Timestamp) -> String {
    let lock = Lock::in_force(user.lock_until, now).map(|lock| match end(lock) {
        Some(end) => format!("locked until {end}"),
        None => "locked until an administrator unlocks it".to_owned(),
    });
    let words = [
        (!user.is_active).then_some("inactive"),
        user.is_superuser.then_some("superuser"),
        user.totp_enabled.then_some("totp"),
        user.mfa_enforced.then_some("enforced"),
        lock.as_deref(),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
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
        }
    }

    #[test]
    fn a_page_tells_after_whom_the_next_one_starts() {
        let answer = of(vec![user(3), user(5), user(9)], 2, NOW);
        assert_eq!(answer.json["users"].as_array().unwrap().len(), 2);
        assert_eq!(answer.json["next"], 5);
        assert!(answer.text.ends_with("u5@b.c\nthere are more: --after 5"), "{}", answer.text);

        let last = of(vec![user(9)], 2, NOW);
        assert_eq!(last.json["next"], Value::Null);
        assert_eq!(last.text, "ID  USER NAME  E-MAIL  STATE\n9   u9         u9@b.c");
    }

    #[test]
    fn nobody_is_said_in_words_and_as_an_empty_list() {
        let answer = of(Vec::new(), 50, NOW);
        assert_eq!(answer.text, "no user");
        assert_eq!(answer.json, json!({ "users": [], "next": null }));
    }

    #[test]
    fn only_a_lock_in_force_is_told() {
        let over = UserRecord { lock_until: Some(NOW), ..user(1) };
        assert_eq!(document(&over, NOW)["lock_until"], Value::Null);
        assert_eq!(state(&over, NOW), "");

        let locked = UserRecord {
            lock_until: Some(Timestamp::from_seconds(1_060)),
            is_active: false,
            totp_enabled: true,
            ..user(1)
        };
        assert_eq!(document(&locked, NOW)["lock_until"], "1970-01-01T00:17:40Z");
        assert_eq!(state(&locked, NOW), "inactive, totp, locked until 1970-01-01T00:17:40Z");

        let for_good = UserRecord { lock_until: Some(Timestamp::FAR_FUTURE), ..user(1) };
        assert_eq!(document(&for_good, NOW)["locked"], true);
        assert_eq!(document(&for_good, NOW)["lock_until"], Value::Null);
        assert_eq!(state(&for_good, NOW), "locked until an administrator unlocks it");
    }
}
