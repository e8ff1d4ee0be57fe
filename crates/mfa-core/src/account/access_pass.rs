//! Temporary access pass of an account, and the enrolment that a used one allows.

use serde::{Deserialize, Serialize};

use super::{Account, BackupMethod, PasskeyState, PhoneState, RecoveryState, TotpState};
use crate::{AuthenticatedToken, DenylistReason, Role, Timestamp, TokenId};

/// Access pass that was issued and is not used yet. A newer one replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPass {
    /// Keyed digest of user and pass, in lower-case hexadecimal. Never the pass itself.
    #[serde(rename = "d")]
    pub digest: String,
    /// ID of the digest's key.
    #[serde(rename = "k")]
    pub key: String,
    /// Time when the pass expires.
    #[serde(rename = "exp")]
    pub expires_at: Timestamp,
    /// Role of the issuer. An operator on the command line is an administrator.
    #[serde(rename = "by")]
    pub issuer: Role,
}

/// Enrolment that a used access pass allows, with one enrolment token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassEnrolment {
    /// ID of the token.
    #[serde(rename = "id")]
    pub token: TokenId,
    /// Time when the token expires.
    #[serde(rename = "exp")]
    pub expires_at: Timestamp,
}

impl AccessPass {
    /// Returns whether the pass may be used by a user with this role at this time. One that the helpdesk issued is void if
    /// the user got a role since.
    pub fn is_valid(&self, role: Role, now: Timestamp) -> bool {
        self.expires_at > now && (role == Role::None || self.issuer == Role::Admin)
    }
}

impl Account {
    /// Revokes an access pass that the helpdesk issued, because the user gets a role.
    pub fn revoke_pass_of_helpdesk(&mut self) {
        if self.internal.access_pass.as_ref().is_some_and(|it| it.issuer != Role::Admin) {
            self.internal.access_pass = None;
        }
    }

    /// Stores an access pass. It replaces an earlier one, and ends the enrolment that an earlier one allows.
    pub fn set_access_pass(&mut self, pass: AccessPass, now: Timestamp) {
        self.internal.access_pass = Some(pass);
        self.end_pass_enrolment(now);
    }

    /// Revokes the enrolment token of a used access pass, if there is one.
    ///
    /// Without the entry in the row, the token would enrol a factor beside the others.
    fn end_pass_enrolment(&mut self, now: Timestamp) {
        let Some(PassEnrolment { token, expires_at }) = self.internal.pass_enrolment.take() else { return };
        if !self.internal.denylist.insert(token, expires_at, DenylistReason::Revoked, now) {
            self.revoke_sessions(now, None);
            self.internal.denylist.clear();
        }
    }

    /// Returns whether this token came from an access pass: what it enrols replaces all other factors.
    pub fn enrols_by_pass(&self, token: &AuthenticatedToken) -> bool {
        self.internal.pass_enrolment.as_ref().is_some_and(|it| it.token == token.id)
    }

    /// Returns the account without its factors. Enrolments in progress stay, so that one of them can be confirmed.
    #[must_use]
    pub fn without_factors(&self) -> Self {
        let mut account = self.clone();
        account.totp = TotpState { pending: account.totp.pending.take(), ..TotpState::default() };
        account.phone = PhoneState { pending: account.phone.pending.take(), ..PhoneState::default() };
        account.backup_method = BackupMethod::None;
        account.recovery = RecoveryState::default();
        account.passkeys = PasskeyState::default();
        account.names.clear();
        account.other_authenticators.clear();
        account.internal.authenticators.clear();
        account
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Sealed, Stage, UserId};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn pass(issuer: Role) -> AccessPass {
        let expires_at = NOW.plus(Duration::from_hours(1));
        AccessPass { digest: "d".into(), key: "k".into(), expires_at, issuer }
    }

    fn token(name: &str) -> AuthenticatedToken {
        AuthenticatedToken {
            user: UserId::new(1),
            id: TokenId::from_jti(name),
            stage: Stage::Enrolment,
            session: Some(0),
            issued_at: NOW,
            expires_at: NOW.plus(Duration::from_mins(15)),
            auth_time: None,
            is_superuser: false,
        }
    }

    #[test]
    fn a_pass_of_the_helpdesk_is_void_for_a_user_with_a_role() {
        for (issuer, role, is_valid) in [
            (Role::Helpdesk, Role::None, true),
            (Role::Helpdesk, Role::Helpdesk, false),
            (Role::Helpdesk, Role::Admin, false),
            (Role::Admin, Role::Helpdesk, true),
            (Role::Admin, Role::Admin, true),
        ] {
            assert_eq!(pass(issuer).is_valid(role, NOW), is_valid, "{issuer:?} {role:?}");
        }
        let end = pass(Role::Admin).expires_at;
        assert!(pass(Role::Admin).is_valid(Role::None, end.minus(Duration::from_millis(1))));
        assert!(!pass(Role::Admin).is_valid(Role::None, end));
    }

    #[test]
    fn a_new_pass_revokes_the_enrolment_of_the_earlier_one() {
        let mut account = Account::new(UserId::new(1), "a@b.c", "a");
        let enrolment = PassEnrolment { token: token("t").id, expires_at: token("t").expires_at };
        account.internal.pass_enrolment = Some(enrolment);
        assert!(account.enrols_by_pass(&token("t")) && !account.enrols_by_pass(&token("policy")));
        account.set_access_pass(pass(Role::Helpdesk), NOW);
        assert!(!account.enrols_by_pass(&token("t")));
        let reason = account.internal.denylist.reason(&token("t").id);
        assert_eq!(reason, Some(DenylistReason::Revoked));
    }

    #[test]
    fn without_factors_an_enrolment_in_progress_is_left() {
        let mut account = Account::new(UserId::new(1), "a@b.c", "a");
        account.totp.enabled = true;
        account.totp.secret = Some(Sealed::from_column("s".into()));
        account.phone.number = Some(Sealed::from_column("n".into()));
        account.phone.pending = Some(Sealed::from_column("p".into()));
        account.phone.is_verified = true;
        account.backup_method = BackupMethod::Sms;
        account.names.insert("totp".into(), "Phone".into());
        let without = account.without_factors();
        assert!(!without.has_factor() && without.names.is_empty());
        assert_eq!(without.phone.pending, account.phone.pending);
        assert!(account.has_totp() && account.has_sms(), "the account itself is unchanged");
    }
}
