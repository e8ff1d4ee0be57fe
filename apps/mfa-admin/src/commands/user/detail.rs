//! Output of `user show`: the MFA status of one user. Contains no secret, neither encrypted nor as a digest.

use mfa_core::{Account, FactorKind, Role, Timestamp};
use mfa_flows::AccountStatus;
use serde_json::json;

use crate::command_output::{CommandOutput, columns, visible, yes_no};

/// Builds the output for an account and its MFA status.
pub(super) fn format_user(
    account: &Account,
    status: &AccountStatus,
    full_name: Option<&str>,
    role: Role,
) -> CommandOutput {
    CommandOutput {
        text: text(account, status, full_name, role),
        json: document(account, status, full_name, role),
    }
}

fn document(
    account: &Account,
    status: &AccountStatus,
    full_name: Option<&str>,
    role: Role,
) -> serde_json::Value {
    json!({
        "user_id": status.user,
        "email": account.email,
        "username": account.username,
        "full_name": full_name,
        "is_active": account.is_active,
        "is_superuser": account.is_superuser,
        "role": role.as_str(),
        "mfa_enforced": status.mfa_enforced,
        "totp_enabled": status.totp_enabled,
        "totp_enrolled_at": status.totp_enrolled_at.and_then(Timestamp::to_rfc3339),
        "phone_verified": status.phone_verified,
        "backup_method": status.backup_method,
        "recovery_codes_left": status.recovery_codes_left,
        "locked": status.locked,
        "lock_until": status.lock_until.and_then(Timestamp::to_rfc3339),
        "failed_attempts": status.failed_attempts,
        "last_success_at": status.last_success_at.and_then(Timestamp::to_rfc3339),
        "last_method": status.last_method.map(FactorKind::as_str),
        "phishing_resistant": status.phishing_resistant,
        "phishing_resistant_required": status.phishing_resistant_required,
    })
}

fn text(account: &Account, status: &AccountStatus, full_name: Option<&str>, role: Role) -> String {
    let since = |at: Option<Timestamp>| {
        at.and_then(Timestamp::to_rfc3339).map(|at| format!(", since {at}")).unwrap_or_default()
    };
    let lock = match (status.locked, status.lock_until.and_then(Timestamp::to_rfc3339)) {
        (false, _) => "no".to_owned(),
        (true, Some(end)) => format!("until {end}"),
        (true, None) => "until unlocked by an administrator".to_owned(),
    };
    let last = match (status.last_success_at.and_then(Timestamp::to_rfc3339), status.last_method) {
        (Some(at), Some(method)) => format!("{at}, {}", method.as_str()),
        (Some(at), None) => at,
        (None, _) => "never".to_owned(),
    };
    columns(&[
        line("user id", &status.user.to_string()),
        line("email", &visible(&account.email)),
        line("username", &visible(&account.username)),
        line("full name", &full_name.map(visible).unwrap_or_default()),
        line("active", yes_no(account.is_active)),
        line("superuser", yes_no(account.is_superuser)),
        line("role", role.as_str()),
        line("MFA required", yes_no(status.mfa_enforced)),
        line("passkey required", yes_no(status.phishing_resistant_required)),
        line("passkeys", &status.authenticators.passkey.to_string()),
        line(
            "authenticator app",
            &format!("{}{}", yes_no(status.totp_enabled), since(status.totp_enrolled_at)),
        ),
        line("phone verified", yes_no(status.phone_verified)),
        line("backup method", status.backup_method),
        line("recovery codes left", &status.recovery_codes_left.to_string()),
        line("locked", &lock),
        line("failed attempts", &status.failed_attempts.to_string()),
        line("last verification", &last),
    ])
}

fn line(name: &str, value: &str) -> [String; 2] {
    [name.to_owned(), value.to_owned()]
}

#[cfg(test)]
mod tests {
    use mfa_core::{PhishingResistantPolicy, RecoveryCode, Sealed, UserId};

    use super::*;

    fn status(account: &Account) -> AccountStatus {
        AccountStatus::from_account(account, PhishingResistantPolicy::None, Timestamp::from_seconds(0))
    }

    #[test]
    fn a_new_account_is_shown_in_full() {
        let account = Account::new(UserId::new(7), "a@b.c", "alice");
        let output = format_user(&account, &status(&account), Some("Alice A"), Role::Helpdesk);
        let expected = json!({
            "user_id": 7, "email": "a@b.c", "username": "alice", "full_name": "Alice A", "is_active": true,
            "is_superuser": false, "role": "helpdesk",
            "mfa_enforced": false, "totp_enabled": false, "totp_enrolled_at": null, "phone_verified": false,
            "backup_method": "none", "recovery_codes_left": 0, "locked": false, "lock_until": null,
            "failed_attempts": 0, "last_success_at": null, "last_method": null,
            "phishing_resistant": false, "phishing_resistant_required": false,
        });
        assert_eq!(output.json, expected);
        assert!(output.text.starts_with("user id              7\nemail                a@b.c\n"));
    }

    #[test]
    fn the_end_of_a_lock_is_shown_if_it_has_one() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "alice");
        let shown = |account: &Account| format_user(account, &status(account), None, Role::None);
        account.lock_until = Some(Timestamp::from_seconds(900));
        assert_eq!(shown(&account).json["lock_until"], "1970-01-01T00:15:00Z");
        assert!(shown(&account).text.contains("until 1970-01-01T00:15:00Z"));
        account.lock_until = Some(Timestamp::FAR_FUTURE);
        assert_eq!(shown(&account).json["locked"], true);
        assert_eq!(shown(&account).json["lock_until"], serde_json::Value::Null);
        assert!(shown(&account).text.contains("until unlocked by an administrator"));
    }

    #[test]
    fn no_encrypted_value_and_no_digest_is_shown() {
        let mut account = Account::new(UserId::new(7), "a@b.c", "alice");
        account.totp.enabled = true;
        account.totp.secret = Some(Sealed::from_column("sealed-secret".to_owned()));
        account.phone.number = Some(Sealed::from_column("sealed-number".to_owned()));
        account.recovery.codes = vec![RecoveryCode {
            id: "1".to_owned(),
            digest: "digest-of-a-code".to_owned(),
            tag_key: None,
            tag: None,
            used_at: None,
            rest: serde_json::Map::new(),
        }];
        let output = format_user(&account, &status(&account), None, Role::None);
        for text in [output.text, output.json.to_string()] {
            assert!(!text.contains("sealed-") && !text.contains("digest"), "{text}");
        }
    }
}
