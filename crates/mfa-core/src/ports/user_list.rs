//! Lists of users for administrators: filter, order, pages and records.

use crate::{Lock, Timestamp, UserId};

/// State of an account by which administrators filter users. The statistics count by the same conditions.
///
/// Exhaustive, so that each state has a condition in every adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// Locked, or unreadable until an administrator repairs the row.
    Locked,
    /// Without a second factor.
    NoFactor,
    /// With SMS as the only second factor.
    SmsOnly,
    /// Without a passkey.
    NoPasskey,
    /// MFA is required.
    Enforced,
    /// With a second factor and few unused recovery codes.
    FewCodes,
    /// May not log in.
    Disabled,
}

impl UserState {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Locked,
        Self::NoFactor,
        Self::SmsOnly,
        Self::NoPasskey,
        Self::Enforced,
        Self::FewCodes,
        Self::Disabled,
    ];

    /// An account with at most this many unused recovery codes has few.
    pub const FEW_CODES: u32 = 3;

    /// Returns the name used in requests and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::NoFactor => "no_factor",
            Self::SmsOnly => "sms_only",
            Self::NoPasskey => "no_passkey",
            Self::Enforced => "enforced",
            Self::FewCodes => "few_codes",
            Self::Disabled => "disabled",
        }
    }

    /// Returns the state with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// Order of a list of users. Users with equal values are in the order of their ids.
///
/// Exhaustive, so that each order has a key in every adapter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSort {
    /// By id.
    #[default]
    Id,
    /// By full name, or user name without one, regardless of case and accents.
    Name,
    /// By e-mail address, regardless of case and accents.
    Email,
    /// By time of the last verification of a second factor. Users who never verified one come first.
    LastSuccess,
}

impl UserSort {
    /// All orders.
    pub const ALL: [Self; 4] = [Self::Id, Self::Name, Self::Email, Self::LastSuccess];

    /// Returns the name used in requests and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Email => "email",
            Self::LastSuccess => "last_success_at",
        }
    }

    /// Returns the order with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// Direction of a list.
///
/// Exhaustive, so that each direction has its SQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    #[default]
    Ascending,
    /// Greatest first.
    Descending,
}

impl SortOrder {
    /// Both directions.
    pub const ALL: [Self; 2] = [Self::Ascending, Self::Descending];

    /// Returns the name used in requests and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }

    /// Returns the direction with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Returns the opposite direction.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// Place where a page of users starts or ends.
///
/// Exhaustive, so that each place is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageStart {
    /// With the first user.
    #[default]
    First,
    /// After this user, in the order of the list.
    After(UserId),
    /// With the last user before this one, in the order of the list.
    Before(UserId),
}

impl PageStart {
    /// Returns the start after a user, or with the first one.
    pub fn after(user: Option<UserId>) -> Self {
        user.map_or(Self::First, Self::After)
    }

    /// Returns the user whose place is meant.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::First => None,
            Self::After(user) | Self::Before(user) => Some(user),
        }
    }
}

/// Filter of users. Empty, it fits every user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserFilter {
    /// Only users in whose full name, user name, e-mail address or id each word of this text occurs, regardless of case
    /// and accents.
    pub text: Option<String>,
    /// Only users in this state.
    pub state: Option<UserState>,
}

impl UserFilter {
    /// Creates a filter.
    pub const fn new(text: Option<String>, state: Option<UserState>) -> Self {
        Self { text, state }
    }
}

/// Query for a page of users.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Which users.
    pub filter: UserFilter,
    /// By which value they are ordered.
    pub sort: UserSort,
    /// Direction of the order.
    pub order: SortOrder,
    /// Where the page starts.
    pub start: PageStart,
    /// Maximum number of users.
    pub limit: u32,
}

/// Page of users in the order of its query.
#[derive(Clone, Debug, Default)]
pub struct UserPage {
    /// Users of this page.
    pub users: Vec<UserRecord>,
    /// User after whom the next page starts, if there is one.
    pub next: Option<UserId>,
    /// User before whom the previous page ends, if there is one.
    pub previous: Option<UserId>,
}

/// Summary of a user.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// ID of the user.
    pub user: UserId,
    /// E-mail address; empty without one.
    pub email: String,
    /// User name; empty without one.
    pub username: String,
    /// Full name, for display.
    pub full_name: Option<String>,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user is an administrator.
    pub is_superuser: bool,
    /// Whether MFA is required for the user.
    pub mfa_enforced: bool,
    /// Whether an authenticator app is active.
    pub totp_enabled: bool,
    /// Whether SMS is an active second factor.
    pub sms_enabled: bool,
    /// Whether there is a passkey.
    pub has_passkey: bool,
    /// End of the latest lock.
    pub lock_until: Option<Timestamp>,
    /// Time of the last verification of a second factor.
    pub last_success_at: Option<Timestamp>,
    /// Name of a column with an invalid value, because of which the account cannot be used.
    pub unreadable: Option<String>,
}

impl UserRecord {
    /// Returns the lock in force at `now`. An account that cannot be read is locked until an administrator repairs it.
    pub fn lock(&self, now: Timestamp) -> Option<Lock> {
        let unreadable = self.unreadable.as_ref().map(|_| Lock::UntilAdministrator);
        unreadable.or_else(|| Lock::in_force(self.lock_until, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed_back_and_another_is_none() {
        assert!(UserState::ALL.into_iter().all(|it| UserState::parse(it.as_str()) == Some(it)));
        assert!(UserSort::ALL.into_iter().all(|it| UserSort::parse(it.as_str()) == Some(it)));
        assert!(SortOrder::ALL.into_iter().all(|it| SortOrder::parse(it.as_str()) == Some(it)));
        assert!(SortOrder::ALL.into_iter().all(|it| it.reversed() != it && it.reversed().reversed() == it));
        assert_eq!(
            (UserState::parse("no factor"), UserSort::parse(""), SortOrder::parse("up")),
            (None, None, None)
        );
    }
}
