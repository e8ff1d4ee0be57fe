//! Page to return to after a step-up, by name, so that no URL from outside is ever followed.

/// A page to return to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReturnTo {
    Home,
    App,
    AppRemoval,
    Codes,
    Phone,
    Backup,
    Admin,
}

impl ReturnTo {
    const ALL: [Self; 7] =
        [Self::Home, Self::App, Self::AppRemoval, Self::Codes, Self::Phone, Self::Backup, Self::Admin];

    /// Returns the name in forms and URLs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::App => "app",
            Self::AppRemoval => "app-removal",
            Self::Codes => "codes",
            Self::Phone => "phone",
            Self::Backup => "backup",
            Self::Admin => "admin",
        }
    }

    /// Returns the path below the first page.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Home => "",
            Self::App => "/app",
            Self::AppRemoval => "/app/remove",
            Self::Codes => "/codes",
            Self::Phone => "/phone",
            Self::Backup => "/backup",
            Self::Admin => "/admin",
        }
    }

    /// Returns the page with this name, or the first page.
    pub(crate) fn parse(name: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|it| Some(it.as_str()) == name).unwrap_or(Self::Home)
    }

    /// Returns the page with the form that posts to this path.
    pub(crate) fn from_path(path: &str) -> Self {
        match path {
            "/app/start" | "/app/confirm" => Self::App,
            "/codes/new" => Self::Codes,
            "/phone/confirm" | "/phone/remove" => Self::Phone,
            _ if path.starts_with("/admin") => Self::Admin,
            _ => Self::ALL.into_iter().find(|it| it.path() == path).unwrap_or(Self::Home),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_by_its_path_and_nothing_else_is() {
        for then in ReturnTo::ALL {
            assert_eq!(ReturnTo::parse(Some(then.as_str())), then);
            assert_eq!(ReturnTo::from_path(then.path()), then);
        }
        for name in ["//evil.test", "https://evil.test", "", "/app"] {
            assert_eq!(ReturnTo::parse(Some(name)), ReturnTo::Home, "{name}");
        }
        assert_eq!(ReturnTo::from_path("/codes/new"), ReturnTo::Codes);
    }
}
