//! Connection URIs of libpq: `postgresql://[user[:password]@][host[:port],…][/database][?parameters]` (PostgreSQL
//! documentation, section "Connection URIs"). A general URL parser knows neither several hosts nor an empty one.

use std::borrow::Cow;
use std::path::Path;

use mfa_core::SecretText;

/// Remedy for a URI that cannot be parsed. It quotes nothing, because the unfit part is usually the password.
const ENCODE: &str = "DATABASE_URL is not a valid URL: percent-encode special characters in the password (% is %25, @ is %40, / is %2F, : \
     is %3A)";

/// Folders in which a server creates its socket. libpq itself only tries the folder that it was built for.
const SOCKET_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];
/// Certificate authorities of the system: Debian, Red Hat, SUSE, Alpine.
const AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Timeouts and session properties of every connection, unless the operator set others.
const PARAMETERS: [(&str, &str); 4] = [
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "5000"),
    ("application_name", "nova-mfa"),
    ("target_session_attrs", "read-write"),
];

/// Parts of a connection URI. The user and password are not split: nothing here reads them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ConnectionUri<'a> {
    user: Option<&'a str>,
    hosts: Cow<'a, str>,
    database: Option<&'a str>,
    parameters: Vec<(&'a str, &'a str)>,
}

/// Environment variables and files that complete a URI.
pub(super) struct Surroundings<'a> {
    /// Returns an environment variable.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// Returns whether a path exists.
    pub(super) exists: &'a dyn Fn(&Path) -> bool,
}

impl<'a> ConnectionUri<'a> {
    /// Parses a URI.
    ///
    /// # Errors
    ///
    /// A message for the operator, without any part of the URI.
    pub(super) fn parse(uri: &'a str) -> Result<Self, &'static str> {
        let schemes = ["postgresql://", "postgres://"];
        let rest = schemes.iter().find_map(|it| uri.strip_prefix(it)).ok_or(ENCODE)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (user, hosts) = match authority.split_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let database = path.strip_prefix('/').filter(|it| !it.is_empty());
        // An unencoded `@`, `/` or `?` of a password moves the rest of it into another part.
        let is_misplaced = |part: &str| part.contains(['@', '#', ' ']);
        let has_blank = query.contains(char::is_whitespace);
        let is_fit = !has_blank
            && hosts.split(',').all(is_host)
            && !is_misplaced(path)
            && !authority.contains(['#', ' ']);
        let parameters = query.split('&').filter(|it| !it.is_empty());
        let parameters: Option<Vec<_>> = parameters.map(|it| it.split_once('=')).collect();
        // SQLAlchemy writes hosts with ports as parameters, which libpq does not split.
        let hosts_with_ports: Vec<&str> = match &parameters {
            Some(parameters) if hosts.is_empty() => {
                parameters.iter().filter(|(name, _)| *name == "host").map(|(_, value)| *value).collect()
            }
            _ => Vec::new(),
        };
        let has_port = |it: &&str| !it.starts_with('/') && it.contains(':') && is_host(it);
        if let (Some(mut parameters), true) = (parameters.clone(), hosts_with_ports.iter().any(has_port)) {
            parameters.retain(|(name, _)| *name != "host");
            let hosts = hosts_with_ports.join(",");
            return if is_fit {
                Ok(Self { user, hosts: Cow::Owned(hosts), database, parameters })
            } else {
                Err(ENCODE)
            };
        }
        let hosts = Cow::Borrowed(hosts);
        match parameters {
            Some(parameters) if is_fit => Ok(Self { user, hosts, database, parameters }),
            _ => Err(ENCODE),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|(other, _)| *other == name)
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    /// Returns the hosts for display, without credentials.
    pub(super) fn shown_hosts(&self) -> String {
        let host = if self.hosts.is_empty() { self.value("host").unwrap_or_default() } else { &self.hosts };
        if host.is_empty() {
            "the local socket".to_owned()
        } else {
            host.replace("%2F", "/").replace("%2f", "/")
        }
    }

    /// Returns the name of the database for display.
    pub(super) fn shown_database(&self) -> &'a str {
        self.database.or_else(|| self.value("dbname")).unwrap_or_default()
    }

    /// Returns the URI with the parameters that every connection needs, and with those that psql finds on this machine: the
    /// folder of the socket, and the authorities for `sslmode=verify-full`.
    pub(super) fn completed(&self, surroundings: &Surroundings<'_>) -> SecretText {
        let mut added: Vec<(&str, String)> = Vec::new();
        let is_set = |name: &str| (surroundings.variable)(name).is_some_and(|it| !it.is_empty());
        for (name, value) in PARAMETERS {
            if !self.has(name) {
                added.push((name, value.to_owned()));
            }
        }
        let names_host =
            !self.hosts.is_empty() || ["host", "hostaddr", "service"].iter().any(|it| self.has(it));
        let folder = SOCKET_FOLDERS.iter().find(|it| self.has_socket(it, surroundings));
        if let Some(folder) = folder
            && !names_host
            && !["PGHOST", "PGHOSTADDR", "PGSERVICE"].into_iter().any(is_set)
        {
            added.push(("host", (*folder).to_owned()));
        }
        let verifies = self.value("sslmode").is_some_and(|it| matches!(it, "verify-ca" | "verify-full"));
        let own = (surroundings.variable)("HOME").map(|home| Path::new(&home).join(".postgresql/root.crt"));
        let has_own = own.is_some_and(|it| (surroundings.exists)(&it));
        if verifies && !self.has("sslrootcert") && !is_set("PGSSLROOTCERT") && !has_own {
            let given = (surroundings.variable)("SSL_CERT_FILE").filter(|it| !it.is_empty());
            let known = || AUTHORITIES.iter().find(|it| (surroundings.exists)(Path::new(it)));
            if let Some(file) = given.or_else(|| known().map(|it| (*it).to_owned())) {
                added.push(("sslrootcert", file));
            }
        }
        SecretText::new(self.joined(&added))
    }

    fn has_socket(&self, folder: &str, surroundings: &Surroundings<'_>) -> bool {
        let port = self.value("port").unwrap_or("5432");
        (surroundings.exists)(&Path::new(folder).join(format!(".s.PGSQL.{port}")))
    }

    fn joined(&self, added: &[(&str, String)]) -> String {
        let user = self.user.map(|it| format!("{it}@")).unwrap_or_default();
        let database = self.database.map(|it| format!("/{it}")).unwrap_or_default();
        let given = self.parameters.iter().map(|(name, value)| format!("{name}={value}"));
        let added = added.iter().map(|(name, value)| format!("{name}={value}"));
        let parameters: Vec<_> = given.chain(added).collect();
        format!("postgresql://{user}{}{database}?{}", self.hosts, parameters.join("&"))
    }
}

/// Returns whether the text may be a host with an optional port: a name, an address, an IPv6 address in brackets, or an
/// encoded path.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((address, rest)) => {
            (address, rest.strip_prefix(':').unwrap_or(if rest.is_empty() { "" } else { "?" }))
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '%' | ':');
    host.chars().all(is_name) && port.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Completes a URI on a machine with these files and variables.
    fn completed(uri: &str, files: &[&str], variables: &[(&str, &str)]) -> Result<String, &'static str> {
        let surroundings = Surroundings {
            variable: &|name| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned()),
            exists: &|path| files.iter().any(|it| Path::new(it) == path),
        };
        let uri = ConnectionUri::parse(uri)?.completed(&surroundings).expose().to_owned();
        let usual = "connect_timeout=3&tcp_user_timeout=5000&application_name=nova-mfa&target_session_attrs=read-write";
        Ok(uri.replace(usual, "*"))
    }

    #[test]
    fn the_forms_that_psql_takes_are_kept() {
        for (uri, expected) in [
            ("postgresql://u:p@h/db", "postgresql://u:p@h/db?*"),
            ("postgresql://u:p@a:5432,b:5433/db", "postgresql://u:p@a:5432,b:5433/db?*"),
            ("postgresql://u:p%40%2Fx@[::1]:5433/db", "postgresql://u:p%40%2Fx@[::1]:5433/db?*"),
            ("postgresql://u:p@/db?host=127.0.0.1:5433", "postgresql://u:p@127.0.0.1:5433/db?*"),
            ("postgresql://u:p@/db?host=a:1&x=y&host=b:2", "postgresql://u:p@a:1,b:2/db?x=y&*"),
            ("postgresql://u:p@/db?host=/run/x", "postgresql://u:p@/db?host=/run/x&*"),
            ("postgresql://%2Frun%2Fx/db", "postgresql://%2Frun%2Fx/db?*"),
            ("postgres://u@h", "postgresql://u@h?*"),
            ("postgresql://u@h", "postgresql://u@h?*"),
            ("postgresql:///db?user=u&password=p", "postgresql:///db?user=u&password=p&*"),
            ("postgresql://h/db?options=-c%20x%3Dy", "postgresql://h/db?options=-c%20x%3Dy&*"),
        ] {
            assert_eq!(completed(uri, &[], &[]).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn bounds_are_added_and_never_replace_the_operators() {
        let uri = completed("postgresql://h/db?connect_timeout=9&application_name=x", &[], &[]).unwrap();
        assert!(uri.contains("connect_timeout=9&application_name=x&tcp_user_timeout=5000"), "{uri}");
        assert!(!uri.contains("connect_timeout=3") && !uri.contains("application_name=nova"), "{uri}");
    }

    #[test]
    fn the_socket_is_found_where_the_system_has_it() {
        let debian = ["/var/run/postgresql/.s.PGSQL.5432"];
        let with_host = "postgresql://u@/db?*&host=/var/run/postgresql";
        assert_eq!(completed("postgresql://u@/db", &debian, &[]).as_deref(), Ok(with_host));
        assert_eq!(completed("postgresql://u@/db", &[], &[]).as_deref(), Ok("postgresql://u@/db?*"));
        for variable in ["PGHOST", "PGSERVICE"] {
            let uri = completed("postgresql://u@/db", &debian, &[(variable, "x")]);
            assert_eq!(uri.as_deref(), Ok("postgresql://u@/db?*"), "{variable}");
        }
        for uri in ["postgresql://u@h/db", "postgresql://u@/db?host=/x", "postgresql://u@/db?port=5433"] {
            assert!(!completed(uri, &debian, &[]).unwrap().contains("/var/run"), "{uri}");
        }
    }

    #[test]
    fn a_verified_connection_finds_the_authorities_of_the_system() {
        let system = ["/etc/ssl/certs/ca-certificates.crt"];
        let root = |uri: &str, files: &[&str], variables: &[(&str, &str)]| {
            let uri = completed(uri, files, variables).unwrap();
            uri.split_once("sslrootcert=").map(|(_, file)| file.to_owned())
        };
        let uri = "postgresql://h/db?sslmode=verify-full";
        assert_eq!(root(uri, &system, &[]).as_deref(), Some(system[0]));
        assert_eq!(root(uri, &system, &[("SSL_CERT_FILE", "/x.pem")]).as_deref(), Some("/x.pem"));
        assert_eq!(root(uri, &[system[0], "/home/u/.postgresql/root.crt"], &[("HOME", "/home/u")]), None);
        assert_eq!(root(uri, &system, &[("PGSSLROOTCERT", "/y.pem")]), None);
        assert_eq!(root("postgresql://h/db?sslmode=require", &system, &[]), None);
        let given = "postgresql://h/db?sslmode=verify-ca&sslrootcert=/z.pem&a=b";
        assert!(root(given, &system, &[]).unwrap().starts_with("/z.pem&"));
    }

    #[test]
    fn an_unencoded_password_is_refused_without_a_quote() {
        for uri in [
            "postgresql://nova:hun/ter2@h/db",
            "postgresql://nova:hun?ter2@h/db",
            "postgresql://nova:hun@ter2@h/db",
            "postgresql://nova:hun#ter2@h/db",
            "postgresql://nova:hun ter2@h/db",
            "postgresql://nova:hun/ter2@h",
            "postgresql://h:hunter2/db",
            "postgresql://[::1]x/db",
            "postgresql://h/db?user=nova&password=My hunter2",
        ] {
            let error = completed(uri, &[], &[]).unwrap_err();
            assert!(error.contains("percent-encode") && !error.contains("hun"), "{uri}: {error}");
        }
    }

    #[test]
    fn a_location_shows_hosts_and_database_only() {
        let shown =
            |uri| ConnectionUri::parse(uri).map(|it| format!("{} {}", it.shown_hosts(), it.shown_database()));
        assert_eq!(shown("postgresql://u:secret@a:1,b:2/db?x=y").as_deref(), Ok("a:1,b:2 db"));
        assert_eq!(shown("postgresql://u:secret@/db?host=/run/x").as_deref(), Ok("/run/x db"));
        assert_eq!(shown("postgresql://u:secret@/?dbname=db").as_deref(), Ok("the local socket db"));
    }
}
