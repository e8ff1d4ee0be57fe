//! Secret parts of values: which values have one, and how it is hidden.

use super::table::{self, Sensitivity};

/// Text in place of a secret.
pub(super) const MASK: &str = "***";

/// Returns whether this value of a setting is secret, as a URL is only with a password. A file with the value is not: it is
/// examined by itself.
pub(super) fn is_secret(name: &str, text: &str) -> bool {
    let sensitivity = table::find(name).map(|setting| setting.sensitivity);
    match sensitivity {
        Some(Sensitivity::Secret) => !text.is_empty(),
        Some(Sensitivity::Address) => !text.is_empty() && mask_url(text) != text,
        Some(Sensitivity::Public) | None => false,
    }
}

/// Masks the password of one or more URLs, and passwords in their query.
///
/// Masks too much rather than too little: a password that is not percent-encoded may contain any character.
pub(super) fn mask_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return MASK.to_owned() };
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user.to_owned(), |(user, _)| format!("{user}:{MASK}"));
            format!("{user}@{}", mask_query(host))
        }
        None => mask_query(rest),
    };
    format!("{scheme}://{rest}")
}

fn mask_query(text: &str) -> String {
    let Some((before, query)) = text.split_once('?') else { return text.to_owned() };
    let parts: Vec<_> = query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some((key, _)) if key.to_ascii_lowercase().contains("pass") => format!("{key}={MASK}"),
            _ => part.to_owned(),
        })
        .collect();
    format!("{before}?{}", parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_is_masked_wherever_it_is() {
        for (address, shown) in [
            ("sqlite://data/a.db", "sqlite://data/a.db"),
            ("postgresql://nova@db/nova", "postgresql://nova@db/nova"),
            ("postgresql://nova:hunter2@db:5432/nova", "postgresql://nova:***@db:5432/nova"),
            ("postgresql://nova:hun/ter2@db/nova", "postgresql://nova:***@db/nova"),
            ("postgresql://nova:hun@ter2?@db/nova", "postgresql://nova:***@db/nova"),
            (
                "postgresql://db/nova?user=a&password=hunter2&sslmode=require",
                "postgresql://db/nova?user=a&password=***&sslmode=require",
            ),
            ("postgresql://a@db/nova?sslpassword=hunter2", "postgresql://a@db/nova?sslpassword=***"),
            ("redis://:hunter2@cache:6379/1", "redis://:***@cache:6379/1"),
            ("redis://:hunter2@a:1,redis://:hunter2@b:2", "redis://:***@b:2"),
            ("hunter2", "***"),
        ] {
            assert_eq!(mask_url(address), shown);
        }
    }
}
