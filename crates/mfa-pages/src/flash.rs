//! Flash messages: one page sets a message by name, and the next page shows it.

/// A message about a change, or the reason why the reader is on this page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flash {
    SignedOut,
    SessionOver,
    /// The lock that ended the login is over.
    LockEnded,
    /// The login leads back to the page of a lost phone, for an access pass.
    LogInForPass,
    LoggedInElsewhere,
    AppAdded,
    AppRemoved,
    PasskeyAdded,
    AuthenticatorRenamed,
    AuthenticatorRemoved,
    PhoneReady,
    PhoneRemoved,
    BackupSms,
    BackupNone,
    FewCodesLeft,
    /// The recovery codes were imported from another system.
    ForeignCodes,
    NoCodesLeft,
    StepUpFirst,
    Unlocked,
    Reset,
    Enforced,
    NotEnforced,
    PasskeyRequired,
    PasskeyNotRequired,
    HelpdeskGranted,
    HelpdeskRevoked,
    SessionEnded,
    /// The session to end had ended before.
    SessionGone,
    OtherSessionsEnded,
    UserSessionsEnded,
    /// No user is selected for a change of many.
    NobodyTicked,
}

impl Flash {
    const ALL: [Self; 31] = [
        Self::SignedOut,
        Self::SessionOver,
        Self::LockEnded,
        Self::LogInForPass,
        Self::LoggedInElsewhere,
        Self::AppAdded,
        Self::AppRemoved,
        Self::PasskeyAdded,
        Self::AuthenticatorRenamed,
        Self::AuthenticatorRemoved,
        Self::PhoneReady,
        Self::PhoneRemoved,
        Self::BackupSms,
        Self::BackupNone,
        Self::FewCodesLeft,
        Self::ForeignCodes,
        Self::NoCodesLeft,
        Self::StepUpFirst,
        Self::Unlocked,
        Self::Reset,
        Self::Enforced,
        Self::NotEnforced,
        Self::PasskeyRequired,
        Self::PasskeyNotRequired,
        Self::HelpdeskGranted,
        Self::HelpdeskRevoked,
        Self::SessionEnded,
        Self::SessionGone,
        Self::OtherSessionsEnded,
        Self::UserSessionsEnded,
        Self::NobodyTicked,
    ];

    /// Returns the name in the cookie; the text is `flash-` and this name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::SessionOver => "session-over",
            Self::LockEnded => "lock-ended",
            Self::LogInForPass => "log-in-for-pass",
            Self::LoggedInElsewhere => "logged-in-elsewhere",
            Self::AppAdded => "app-added",
            Self::AppRemoved => "app-removed",
            Self::PasskeyAdded => "passkey-added",
            Self::AuthenticatorRenamed => "authenticator-renamed",
            Self::AuthenticatorRemoved => "authenticator-removed",
            Self::PhoneReady => "phone-ready",
            Self::PhoneRemoved => "phone-removed",
            Self::BackupSms => "backup-sms",
            Self::BackupNone => "backup-none",
            Self::FewCodesLeft => "few-codes-left",
            Self::ForeignCodes => "foreign-codes",
            Self::NoCodesLeft => "no-codes-left",
            Self::StepUpFirst => "step-up-first",
            Self::Unlocked => "unlocked",
            Self::Reset => "reset",
            Self::Enforced => "enforced",
            Self::NotEnforced => "not-enforced",
            Self::PasskeyRequired => "passkey-required",
            Self::PasskeyNotRequired => "passkey-not-required",
            Self::HelpdeskGranted => "helpdesk-granted",
            Self::HelpdeskRevoked => "helpdesk-revoked",
            Self::SessionEnded => "session-ended",
            Self::SessionGone => "session-gone",
            Self::OtherSessionsEnded => "other-sessions-ended",
            Self::UserSessionsEnded => "user-sessions-ended",
            Self::NobodyTicked => "nobody-ticked",
        }
    }

    /// Returns the message with this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Returns true if the message reports a success.
    pub(crate) const fn is_good(self) -> bool {
        !matches!(
            self,
            Self::SessionOver
                | Self::LogInForPass
                | Self::NobodyTicked
                | Self::FewCodesLeft
                | Self::ForeignCodes
                | Self::NoCodesLeft
                | Self::StepUpFirst
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfa_http::Language;
    use mfa_http::i18n::Translations;

    #[test]
    fn each_has_a_name_of_its_own_and_a_text_in_both_languages() {
        let texts = Translations::load(&crate::TEXTS).unwrap();
        for flash in Flash::ALL {
            assert_eq!(Flash::parse(flash.as_str()), Some(flash));
            let name = format!("flash-{}", flash.as_str());
            for language in [Language::French, Language::English] {
                assert_ne!(texts.translate(language, &name, &[]), name);
            }
        }
        assert_eq!(Flash::parse("<b>"), None);
    }
}
