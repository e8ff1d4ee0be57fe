//! Acts of an administrator on one account: their names in URLs, their texts, and what each needs.

use std::borrow::Cow;

use mfa_core::{Account, Role};
use mfa_flows::{AccountStatus, Profile};

use super::person::UserView;
use crate::request::PageRequest;
use crate::return_to::AuthenticatorId;

/// An act on one account, which has a page of its own below the user's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Unlock,
    AccessPass,
    Codes,
    Enforce,
    Release,
    RequirePasskey,
    ReleasePasskey,
    Reset,
    EndSessions,
    GrantHelpdesk,
    RevokeHelpdesk,
    /// Removes the authenticator with this ID.
    Remove(AuthenticatorId),
}

impl Act {
    /// Acts whose path is constant, in the order of the user's page.
    const ALL: [Self; 11] = [
        Self::Unlock,
        Self::AccessPass,
        Self::Codes,
        Self::Enforce,
        Self::Release,
        Self::RequirePasskey,
        Self::ReleasePasskey,
        Self::Reset,
        Self::EndSessions,
        Self::GrantHelpdesk,
        Self::RevokeHelpdesk,
    ];

    /// Parses the path below the user's page.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let removal = path.strip_prefix("authenticators/").and_then(|it| it.strip_suffix("/remove"));
        if let Some(id) = removal {
            return AuthenticatorId::parse(id).map(Self::Remove);
        }
        Self::ALL.into_iter().find(|it| it.path() == path)
    }

    /// Returns the path below the user's page.
    pub(super) fn path(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Unlock => "unlock",
            Self::AccessPass => "access-pass",
            Self::Codes => "codes",
            Self::Enforce => "enforce",
            Self::Release => "release",
            Self::RequirePasskey => "require-passkey",
            Self::ReleasePasskey => "release-passkey",
            Self::Reset => "reset",
            Self::EndSessions => "sessions",
            Self::GrantHelpdesk => "grant-helpdesk",
            Self::RevokeHelpdesk => "revoke-helpdesk",
            Self::Remove(id) => return Cow::Owned(format!("authenticators/{}/remove", id.as_str())),
        })
    }

    /// Returns the message with the texts: the value names the act, `.title` names it with the person, `.text` says what
    /// it does, `.go` is the link to its page, `.do` the button.
    pub(super) const fn message(&self) -> &'static str {
        match self {
            Self::Unlock => "act-unlock",
            Self::AccessPass => "act-pass",
            Self::Codes => "act-codes",
            Self::Enforce => "act-enforce",
            Self::Release => "act-release",
            Self::RequirePasskey => "act-passkey",
            Self::ReleasePasskey => "act-passkey-release",
            Self::Reset => "act-reset",
            Self::EndSessions => "act-sessions",
            Self::GrantHelpdesk => "act-helpdesk",
            Self::RevokeHelpdesk => "act-helpdesk-end",
            Self::Remove(_) => "act-remove",
        }
    }

    /// Returns true if the act needs a reason. An unlock gives nobody access.
    pub(super) const fn needs_reason(&self) -> bool {
        !matches!(self, Self::Unlock)
    }

    /// Returns true if the act takes something away for good.
    pub(super) const fn is_dangerous(&self) -> bool {
        matches!(self, Self::Reset | Self::EndSessions | Self::Remove(_))
    }

    /// Returns true if the helpdesk may do it too.
    pub(super) const fn is_support(&self) -> bool {
        matches!(self, Self::Unlock | Self::AccessPass)
    }

    /// Returns the acts that the user's page offers to this caller.
    pub(super) fn offered(
        request: &PageRequest,
        caller: &Profile,
        subject: &UserView,
    ) -> impl Iterator<Item = Self> {
        let (account, status) = (&subject.account, &subject.status);
        let (role, is_admin) = (subject.role, caller.role == Role::Admin);
        let is_self = caller.status.user == account.user;
        let is_final = status.locked && status.lock_until.is_none();
        let is_active = account.is_active;
        let requires_passkey = account.internal.phishing_resistant_required;
        let offers_passkeys = request.site.offers_passkeys();
        let is_enforced = status.mfa_enforced;
        Self::ALL.into_iter().filter(move |act| match act {
            Self::Unlock => account.can_be_unlocked() && (is_admin || !is_final),
            // Who can open this page has a second factor.
            Self::AccessPass => is_active && !is_self,
            _ if !is_admin => false,
            Self::Codes | Self::Reset | Self::EndSessions | Self::Remove(_) => true,
            Self::Enforce => !is_enforced,
            Self::Release => is_enforced,
            // Requiring a passkey without a relying party would lock the user out.
            Self::RequirePasskey => !requires_passkey && offers_passkeys,
            Self::ReleasePasskey => requires_passkey,
            Self::GrantHelpdesk => role == Role::None,
            Self::RevokeHelpdesk => role == Role::Helpdesk,
        })
    }

    /// Returns what follows for this account in particular, as names of texts.
    pub(super) fn warnings(&self, account: &Account, status: &AccountStatus) -> Vec<&'static str> {
        match self {
            Self::RequirePasskey => {
                let first = match (status.phishing_resistant, account.has_factor()) {
                    (true, _) => None,
                    (false, true) => Some("act-passkey.none"),
                    (false, false) => Some("act-passkey.first"),
                };
                let setting = status.phishing_resistant_required.then_some("act-passkey.setting");
                first.into_iter().chain(setting).collect()
            }
            Self::Reset => vec!["act-reset.warning"],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfa_http::Language;
    use mfa_http::i18n::Translations;

    #[test]
    fn each_act_is_found_by_its_path_and_has_texts_in_both_languages() {
        let texts = Translations::load(&crate::TEXTS).unwrap();
        let removal = Act::Remove(AuthenticatorId::parse("aB3-_x").unwrap());
        for act in Act::ALL.into_iter().chain([removal]) {
            assert_eq!(Act::parse(&act.path()), Some(act.clone()));
            for part in ["", ".title", ".text", ".do", ".go"] {
                let name = format!("{}{part}", act.message());
                for language in [Language::French, Language::English] {
                    assert_ne!(texts.translate(language, &name, &[]), name);
                }
            }
        }
        for path in ["", "nothing", "unlock/", "authenticators//remove", "authenticators/a.b/remove"] {
            assert_eq!(Act::parse(path), None, "{path}");
        }
    }
}
