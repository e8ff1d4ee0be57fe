//! Page to return to after a step-up, by name, so that no URL from outside is ever followed.

use std::borrow::Cow;

/// A page to return to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReturnTo {
    Home,
    App,
    AppAddition,
    AppRemoval,
    Passkey,
    /// The page that removes the authenticator with this ID.
    Removal(AuthenticatorId),
    Codes,
    Phone,
    Backup,
    Admin,
}

/// An authenticator's ID from a URL: letters, digits, `-` and `_` only. The authenticator may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthenticatorId(String);

impl AuthenticatorId {
    /// The longest ID, in bytes.
    const MAX_LENGTH: usize = 64;

    /// Parses an ID.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=Self::MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
        is_id.then(|| Self(text.to_owned()))
    }

    /// Returns the ID.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl ReturnTo {
    /// All pages whose path is constant.
    const ALL: [Self; 9] = [
        Self::Home,
        Self::App,
        Self::AppAddition,
        Self::AppRemoval,
        Self::Passkey,
        Self::Codes,
        Self::Phone,
        Self::Backup,
        Self::Admin,
    ];

    /// Returns the name in forms and URLs.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Home => "home",
            Self::App => "app",
            Self::AppAddition => "app-addition",
            Self::AppRemoval => "app-removal",
            Self::Passkey => "passkey",
            Self::Removal(id) => return Cow::Owned(format!("removal.{}", id.as_str())),
            Self::Codes => "codes",
            Self::Phone => "phone",
            Self::Backup => "backup",
            Self::Admin => "admin",
        })
    }

    /// Returns the path below the first page.
    pub(crate) fn path(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Home => "",
            Self::App => "/app",
            Self::AppAddition => "/app/add",
            Self::AppRemoval => "/app/remove",
            Self::Passkey => "/passkey",
            Self::Removal(id) => return Cow::Owned(format!("/authenticators/{}/remove", id.as_str())),
            Self::Codes => "/codes",
            Self::Phone => "/phone",
            Self::Backup => "/backup",
            Self::Admin => "/admin",
        })
    }

    /// Returns the page with this name, or the first page.
    pub(crate) fn parse(name: Option<&str>) -> Self {
        let removal = name.and_then(|it| it.strip_prefix("removal.")).and_then(AuthenticatorId::parse);
        if let Some(id) = removal {
            return Self::Removal(id);
        }
        Self::ALL.into_iter().find(|it| Some(&*it.name()) == name).unwrap_or(Self::Home)
    }

    /// Returns the page with the form that posts to this path.
    pub(crate) fn from_path(path: &str) -> Self {
        match path {
            "/app/start" | "/app/confirm" => Self::App,
            "/passkey/options" => Self::Passkey,
            "/codes/new" => Self::Codes,
            "/phone/confirm" | "/phone/remove" => Self::Phone,
            _ if path.starts_with("/admin") => Self::Admin,
            _ => {
                let removal = path.strip_prefix("/authenticators/").and_then(|it| it.strip_suffix("/remove"));
                if let Some(id) = removal.and_then(AuthenticatorId::parse) {
                    return Self::Removal(id);
                }
                Self::ALL.into_iter().find(|it| it.path() == path).unwrap_or(Self::Home)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_by_its_path_and_nothing_else_is() {
        let removal = ReturnTo::Removal(AuthenticatorId::parse("aB3-_x").unwrap());
        for then in ReturnTo::ALL.into_iter().chain([removal]) {
            assert_eq!(ReturnTo::parse(Some(&then.name())), then);
            assert_eq!(ReturnTo::from_path(&then.path()), then);
        }
        for name in
            ["//evil.test", "https://evil.test", "", "/app", "removal.", "removal../..", "removal.a/b"]
        {
            assert_eq!(ReturnTo::parse(Some(name)), ReturnTo::Home, "{name}");
        }
        assert_eq!(ReturnTo::from_path("/codes/new"), ReturnTo::Codes);
    }
}
