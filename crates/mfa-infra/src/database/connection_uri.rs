//! Connection URIs of libpq: `postgresql://[user[:password]@][host[:port],…][/database][?parameters]` (PostgreSQL
//! documentation, section "Connection URIs"). A general URL parser knows neither several hosts nor an empty one.

use std::borrow::Cow;
use std::path::Path;

use mfa_core::SecretText;

use super::uri_parameters;
use super::uri_text::{UriError, decoded, encoded};

/// Checks a URI, without a connection.
///
/// # Errors
///
/// [`UriError`], also for parameters that libpq rejects and for those that ask for a server without writes.
pub(crate) fn check(uri: &str) -> Result<(), UriError> {
    ConnectionUri::parse(uri).map(drop)
}

/// Returns whether libpq verifies the certificate of the server, and the URI names no authority for that.
pub(crate) fn needs_authorities(uri: &str) -> bool {
    ConnectionUri::parse(uri).is_ok_and(|it| it.verifies() && !it.has("sslrootcert"))
}

/// Returns the URI with one more parameter.
pub(crate) fn with_parameter(uri: &str, name: &str, value: &str) -> String {
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{name}={}", encoded(value))
}

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
    /// [`UriError`], without any part of a password.
    pub(super) fn parse(uri: &'a str) -> Result<Self, UriError> {
        let schemes = ["postgresql://", "postgres://"];
        let rest = schemes.iter().find_map(|it| uri.strip_prefix(it)).ok_or_else(UriError::encode)?;
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
        let is_fit = !query.contains(char::is_whitespace)
            && !hosts.contains('@')
            && !is_misplaced(path)
            && !authority.contains(['#', ' ']);
        if !is_fit {
            return Err(UriError::encode());
        }
        if path.contains(['&', ';']) || (path.is_empty() && hosts.contains(['&', ';'])) {
            let remedy = "write ?NAME=VALUE&NAME=VALUE after the database: parameters begin with ? (in a name, & is %26 and ; is \
                          %3B)";
            return Err(UriError::new("has & or ; before its first ?", remedy));
        }
        // Without a user before an `@`, each part may belong to a password.
        let is_split = user.is_some() || !rest.contains('@');
        let mut parameters = Vec::new();
        for parameter in query.split('&').filter(|it| !it.is_empty()) {
            match parameter.split_once('=') {
                Some(pair) => parameters.push(pair),
                None if is_split => {
                    let remedy = "write ?NAME=VALUE&NAME=VALUE after the database";
                    return Err(UriError::new("has a parameter without a value", remedy));
                }
                None => return Err(UriError::encode()),
            }
        }
        for host in hosts.split(',') {
            check_host(host, user.is_some())?;
        }
        uri_parameters::check(&parameters, is_split)?;
        // SQLAlchemy writes hosts with ports as parameters, which libpq does not split.
        let named: Vec<&str> =
            parameters.iter().filter(|(name, _)| *name == "host").map(|(_, value)| *value).collect();
        let has_port = |it: &&str| !it.starts_with('/') && it.contains(':');
        if hosts.is_empty() && named.iter().any(has_port) {
            for host in named.iter().flat_map(|it| it.split(',')).filter(|it| !it.starts_with('/')) {
                check_host(host, true)?;
            }
            let hosts = Cow::Owned(named.join(","));
            parameters.retain(|(name, _)| *name != "host");
            return Ok(Self { user, hosts, database, parameters });
        }
        Ok(Self { user, hosts: Cow::Borrowed(hosts), database, parameters })
    }

    /// Returns the role that connects; `None` if libpq takes it from elsewhere.
    pub(super) fn role(&self) -> Option<String> {
        let user = self.user.map(|it| it.split(':').next().unwrap_or(it)).filter(|it| !it.is_empty());
        user.or_else(|| self.value("user")).map(decoded)
    }

    fn verifies(&self) -> bool {
        self.value("sslmode").is_some_and(|it| matches!(it, "verify-ca" | "verify-full"))
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
        if host.is_empty() { "the local socket".to_owned() } else { decoded(host) }
    }

    /// Returns the name of the database for display.
    pub(super) fn shown_database(&self) -> String {
        decoded(self.database.or_else(|| self.value("dbname")).unwrap_or_default())
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
        let own = (surroundings.variable)("HOME").map(|home| Path::new(&home).join(".postgresql/root.crt"));
        let has_own = own.is_some_and(|it| (surroundings.exists)(&it));
        if self.verifies() && !self.has("sslrootcert") && !is_set("PGSSLROOTCERT") && !has_own {
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
        let added = added.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let parameters: Vec<_> = given.chain(added).collect();
        format!("postgresql://{user}{}{database}?{}", self.hosts, parameters.join("&"))
    }
}

/// Checks a host with an optional port: a name, an address, an IPv6 address in brackets, or an encoded path.
///
/// `after_user`: the host follows a user and an `@`, so it is no part of a password.
fn check_host(text: &str, after_user: bool) -> Result<(), UriError> {
    let brackets = "write an IPv6 address in brackets, such as [::1]:5432";
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else {
            return Err(UriError::new("has an IPv6 address without its closing bracket", brackets));
        };
        let port = if rest.is_empty() { Some("") } else { rest.strip_prefix(':') };
        (address, port.ok_or_else(UriError::encode)?)
    } else {
        let is_ipv6 = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
        if text.matches(':').count() > 1 && text.chars().all(is_ipv6) {
            return Err(UriError::new("has an IPv6 address without brackets", brackets));
        }
        text.split_once(':').unwrap_or((text, ""))
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '%' | ':');
    let is_number = port.bytes().all(|it| it.is_ascii_digit());
    if !host.chars().all(is_name) || (!is_number && !after_user) {
        return Err(UriError::encode());
    }
    uri_parameters::check_port(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Completes a URI on a machine with these files and variables.
    fn completed(uri: &str, files: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
        let surroundings = Surroundings {
            variable: &|name| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned()),
            exists: &|path| files.iter().any(|it| Path::new(it) == path),
        };
        let uri = ConnectionUri::parse(uri)
            .map_err(|it| it.to_string())?
            .completed(&surroundings)
            .expose()
            .to_owned();
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
            ("postgresql://u:p@/db?host=a:1&user=y&host=b:2", "postgresql://u:p@a:1,b:2/db?user=y&*"),
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
        let given = "postgresql://h/db?sslmode=verify-ca&sslrootcert=/z.pem&user=b";
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
    fn each_unfit_part_has_a_reason_of_its_own() {
        for (uri, reason) in [
            ("postgresql://u:p@[::1/db", "closing bracket"),
            ("postgresql://u:p@::1/db", "IPv6 address without brackets"),
            ("postgresql://u:p@h:99999/db", "port"),
            ("postgresql://u:p@h:0/db", "port"),
            ("postgresql://h:99999/db", "port"),
            ("postgresql://u:p@h:54x2/db", "port"),
            ("postgresql://u:p@/db?host=h&port=54x2", "port"),
            ("postgresql://u:p@h/db?sslmode", "without a value"),
            ("postgresql://u:p@h/db?sslmod=require", "did you mean sslmode?"),
            ("postgresql://u:p@h/db?pool=3", "has the unknown parameter pool: the PostgreSQL documentation"),
            ("postgresql://u:p@h/db&sslmode=require", "parameters begin with ?"),
            ("postgresql://u:p@h/db?sslmode=a&sslmode=b=c", "has sslmode=a: use"),
            ("postgresql://u:p@h/db?sslmode=require?connect_timeout=1", "separate parameters with &"),
            ("postgresql://u:p@h/db?sslmode=strict", "sslmode=strict: use disable, allow"),
            ("postgresql://u:p@h/db?connect_timeout=abc", "connect_timeout=abc: use a whole number"),
            ("postgresql://u:p@h/db?target_session_attrs=read-only", "rejects writes"),
            ("postgresql://u:p@h/db?target_session_attrs=any-one", "use any, primary or read-write"),
        ] {
            let error = completed(uri, &[], &[]).unwrap_err();
            assert!(error.contains(reason), "{uri}: {error}");
            assert!(
                !error.contains("percent-encode") && error.starts_with("DATABASE_URL has "),
                "{uri}: {error}"
            );
        }
        let moved = "postgresql:///db?user=nova&pasword=hun@ter2";
        assert!(!completed(moved, &[], &[]).unwrap_err().contains("ter2"));
    }

    #[test]
    fn no_part_of_a_password_in_a_wrong_place_is_quoted() {
        for (uri, reason) in [
            ("postgresql://h/db?sslmode=disable;password=Hunter2", "separate parameters with &"),
            ("postgresql://h/db?sslmode=disable?password=Hunter2", "separate parameters with &"),
            ("postgresql://h/db?sslmode=disable;Hunter2", "sslmode=…"),
            ("postgresql://h/db?connect_timeout=3=Hunter2", "separate parameters with &"),
            ("postgresql://h/x&password=Hunter2", "parameters begin with ?"),
            ("postgresql://h/x;user=nova;password=Hunter2", "parameters begin with ?"),
            ("postgresql://h&password=Hunter2", "parameters begin with ?"),
            ("postgresql://h/db?password=a&Hunter2=1", "has an unknown parameter: use"),
            ("postgresql://h/db?password=a&sslmode=Hunter2", "sslmode=…"),
        ] {
            let error = completed(uri, &[], &[]).unwrap_err();
            assert!(error.contains(reason) && !error.contains("Hunter2"), "{uri}: {error}");
        }
    }

    #[test]
    fn a_path_with_a_blank_is_encoded() {
        let variables = [("SSL_CERT_FILE", "/my files/é.pem")];
        let uri = completed("postgresql://h/db?sslmode=verify-full", &[], &variables).unwrap();
        assert!(uri.ends_with("&sslrootcert=/my%20files/%C3%A9.pem"), "{uri}");
        assert_eq!(decoded("/my%20files/%C3%A9.pem%"), "/my files/é.pem%");
    }

    #[test]
    fn a_location_shows_hosts_and_database_only() {
        let shown =
            |uri| ConnectionUri::parse(uri).map(|it| format!("{} {}", it.shown_hosts(), it.shown_database()));
        assert_eq!(shown("postgresql://u:secret@a:1,b:2/n%C3%A9%20a?user=y").as_deref(), Ok("a:1,b:2 né a"));
        assert_eq!(shown("postgresql://u:secret@/db?host=/run/x").as_deref(), Ok("/run/x db"));
        assert_eq!(shown("postgresql://u:secret@/?dbname=db").as_deref(), Ok("the local socket db"));
    }
}
