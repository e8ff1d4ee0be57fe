//! Roles of the administration.

/// Role of a user in the administration, from the least to the greatest.
///
/// Exhaustive, so that each role has a name and its rights.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Role {
    /// No role.
    #[default]
    #[serde(rename = "none")]
    None,
    /// Helps users without a role: views them, ends locks, and issues access passes.
    #[serde(rename = "helpdesk")]
    Helpdesk,
    /// Administrator (`is_superuser`).
    #[serde(rename = "admin")]
    Admin,
}

impl Role {
    /// Returns the role of a user. An administrator who is also of the helpdesk is an administrator.
    pub const fn new(is_superuser: bool, is_helpdesk: bool) -> Self {
        match (is_superuser, is_helpdesk) {
            (true, _) => Self::Admin,
            (false, true) => Self::Helpdesk,
            (false, false) => Self::None,
        }
    }

    /// Returns the name used in responses and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Helpdesk => "helpdesk",
            Self::Admin => "admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_outranks_the_helpdesk() {
        assert_eq!(Role::new(true, true), Role::Admin);
        assert!(Role::new(false, true) < Role::Admin && Role::new(false, false) < Role::Helpdesk);
        for role in [Role::None, Role::Helpdesk, Role::Admin] {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
