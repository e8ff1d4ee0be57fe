//! Where a second factor leads that was asked for on the way: one of our own pages, by name, so that no address from
//! outside is ever followed.

/// A page to go on to.
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

    /// Its name in forms and addresses.
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

    /// Its path below the first page.
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

    /// The one of that name; home where there is none.
    pub(crate) fn parse(name: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|it| Some(it.as_str()) == name).unwrap_or(Self::Home)
    }

    /// The page from which an action of that path is begun.
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
