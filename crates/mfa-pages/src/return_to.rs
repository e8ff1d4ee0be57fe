//! Page to return to after a login or a step-up: a name or a checked path, so that no URL from outside is followed.

use std::borrow::Cow;

use url::form_urlencoded;

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
    /// The page that asks before it generates recovery codes.
    Renewal,
    Phone,
    Backup,
    Admin,
    /// Any other page of this site.
    Page(PagePath),
}

/// The path of a page below the first page, perhaps with a query.
///
/// It has only characters that cannot lead out of this site: it is always appended to the path of the first page, so it
/// is no URL, and without a dot it cannot go up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PagePath(String);

impl PagePath {
    /// The longest path, in bytes: a selection of a hundred users fits.
    const MAX_LENGTH: usize = 1_600;
    /// Paths that are no page to return to: parts of a login, forms, and files.
    const NOT_RETURNED_TO: [&str; 9] = [
        "/login",
        "/logout",
        "/handover",
        "/start",
        "/verify",
        "/assets",
        "/outbox",
        "/codes/kept",
        "/passkey/options",
    ];

    /// Parses a path below the first page.
    fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
        };
        let is_query = |it: u8| {
            it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.' | b'=' | b'&' | b'%' | b'+')
        };
        let is_path = path.strip_prefix('/').is_some_and(|it| it.split('/').all(is_part));
        let is_below =
            |it: &&str| path.strip_prefix(*it).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let is_page = text.len() <= Self::MAX_LENGTH && is_path && query.bytes().all(is_query);
        (is_page && !Self::NOT_RETURNED_TO.iter().any(is_below)).then(|| Self(text.to_owned()))
    }
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
    const ALL: [Self; 10] = [
        Self::Home,
        Self::App,
        Self::AppAddition,
        Self::AppRemoval,
        Self::Passkey,
        Self::Codes,
        Self::Renewal,
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
            Self::Renewal => "renewal",
            Self::Phone => "phone",
            Self::Backup => "backup",
            Self::Admin => "admin",
            Self::Page(path) => return Cow::Owned(path.0.clone()),
        })
    }

    /// Returns the name as part of a query string.
    pub(crate) fn encoded(&self) -> String {
        form_urlencoded::byte_serialize(self.name().as_bytes()).collect()
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
            Self::Renewal => "/codes/renew",
            Self::Phone => "/phone",
            Self::Backup => "/backup",
            Self::Admin => "/admin",
            Self::Page(path) => return Cow::Owned(path.0.clone()),
        })
    }

    /// Returns true for the page of a lost phone, which is part of a login that is not complete.
    pub(crate) fn is_lost_phone(&self) -> bool {
        matches!(self, Self::Page(path) if path.0 == "/lost")
    }

    /// Returns the page with this name or path, or the first page.
    pub(crate) fn parse(name: Option<&str>) -> Self {
        if let Some(path) = name.filter(|it| it.starts_with('/')) {
            return Self::from_path(path);
        }
        let removal = name.and_then(|it| it.strip_prefix("removal.")).and_then(AuthenticatorId::parse);
        if let Some(id) = removal {
            return Self::Removal(id);
        }
        Self::ALL.into_iter().find(|it| Some(&*it.name()) == name).unwrap_or(Self::Home)
    }

    /// Returns the page at this path, or the page with the form that posts to it. The path may have a query.
    pub(crate) fn from_path(path: &str) -> Self {
        match path {
            "/app/start" | "/app/confirm" | "/app/enrol" => Self::App,
            "/passkey/options" => Self::Passkey,
            "/codes/new" | "/codes/renew" => Self::Renewal,
            "/phone/confirm" | "/phone/remove" => Self::Phone,
            _ => {
                let removal = path.strip_prefix("/authenticators/").and_then(|it| it.strip_suffix("/remove"));
                if let Some(id) = removal.and_then(AuthenticatorId::parse) {
                    return Self::Removal(id);
                }
                let known = Self::ALL.into_iter().find(|it| it.path() == path);
                known.or_else(|| PagePath::parse(path).map(Self::Page)).unwrap_or(Self::Home)
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
        for name in [
            "//evil.test",
            "https://evil.test",
            "",
            "removal.",
            "removal../..",
            "removal.a/b",
            "/a//b",
            "/../x",
            "/a/..",
            "/a\\b",
            "/a b",
            "/a\r\nb",
            "/a;b",
            "/login",
            "/verify/totp",
            "/codes/kept",
            "/a?b=//c",
            "/@evil",
        ] {
            assert_eq!(ReturnTo::parse(Some(name)), ReturnTo::Home, "{name}");
        }
        assert_eq!(ReturnTo::parse(Some(&format!("/{}", "a".repeat(1_600)))), ReturnTo::Home);
        assert_eq!(ReturnTo::from_path("/codes/new"), ReturnTo::Renewal);
    }

    #[test]
    fn any_other_page_of_this_site_is_kept_with_its_query() {
        for path in [
            "/activity",
            "/admin/users/17",
            "/admin/users?query=c%C3%A9line+petit&state=locked",
            "/verifying",
        ] {
            let then = ReturnTo::parse(Some(path));
            assert_eq!((&*then.path(), &*then.name()), (path, path));
        }
        assert_eq!(ReturnTo::parse(Some("/admin/users?a=b")).encoded(), "%2Fadmin%2Fusers%3Fa%3Db");
        assert_eq!(ReturnTo::parse(Some("/app")), ReturnTo::App);
    }
}
