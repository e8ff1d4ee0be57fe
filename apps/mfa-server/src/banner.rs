//! Start banner, on standard output unless the log is written there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use mfa_core::SecretText;
use mfa_infra::Mfa;
use serde::Serialize;

use crate::Server;

/// Start banner: addresses, database, and in development the demo user.
#[derive(Debug)]
pub struct Banner {
    address: SocketAddr,
    ops_address: Option<SocketAddr>,
    is_localhost: bool,
    over_tls: bool,
    interface: String,
    database: String,
    demo: Option<(String, SecretText)>,
    demo_problem: Option<String>,
}

impl Banner {
    /// Creates the banner of a running server.
    pub fn new(mfa: &Mfa, running: &Server) -> Self {
        let demo = mfa.demo().filter(|_| mfa.settings().login.enabled);
        Self {
            address: running.address(),
            ops_address: running.ops_address(),
            is_localhost: running.is_localhost(),
            over_tls: mfa.settings().server.tls.is_some(),
            interface: format!("/interface/{}", mfa.settings().brand.path),
            database: mfa.database().name(),
            demo: demo.map(|demo| (demo.username.to_string(), demo.password.clone())),
            demo_problem: mfa.demo_problem().filter(|_| mfa.settings().login.enabled).map(str::to_owned),
        }
    }

    /// Returns the URL of the server for a browser on this machine.
    fn url(&self) -> String {
        let scheme = if self.over_tls { "https" } else { "http" };
        if self.is_localhost {
            // Browsers refuse passkeys on an IP address.
            return format!("{scheme}://localhost:{}", self.address.port());
        }
        let ip = match self.address.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("{scheme}://{}", SocketAddr::new(ip, self.address.port()))
    }
}

/// Body of a login request. A struct keeps the order of its fields.
#[derive(Serialize)]
struct LoginBody<'a> {
    username: &'a str,
    password: &'a str,
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        writeln!(f, "[INFO] NOVA MFA {} started", env!("CARGO_PKG_VERSION"))?;
        writeln!(f, "[INFO]    Listening: {}", self.address)?;
        if let Some(address) = self.ops_address {
            writeln!(f, "[INFO]    Operators: {address}")?;
        }
        writeln!(f, "[INFO]    Interface: {url}{}", self.interface)?;
        writeln!(f, "[INFO]    API: {url}/api/mfa")?;
        writeln!(f, "[INFO]    Health: {url}/health")?;
        writeln!(f, "[INFO]    Documentation: {url}/docs")?;
        write!(f, "[INFO]    Database: {}", self.database)?;
        if let Some(problem) = &self.demo_problem {
            write!(f, "\n[WARN]    Demo user: {problem}")?;
        }
        let Some((username, password)) = &self.demo else { return Ok(()) };
        let password = password.expose();
        let body = serde_json::to_string(&LoginBody { username, password }).map_err(|_| fmt::Error)?;
        writeln!(f)?;
        writeln!(f, "[INFO]    Demo user (development only): {username}, password {password}")?;
        writeln!(f, "[INFO]    Try: curl -H 'Content-Type: application/json' \\")?;
        write!(f, "           -d '{}' {url}/api/auth/login", body.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(address: &str, demo: Option<&str>) -> String {
        let demo = demo.map(|password| ("demo".to_owned(), SecretText::new(password.to_owned())));
        let interface = "/interface/itspirit".to_owned();
        let address = address.parse().unwrap();
        let database = "SQLite data/nova-mfa.db".into();
        let (ops_address, over_tls, demo_problem) = (None, false, None);
        let is_localhost = false;
        Banner { address, ops_address, is_localhost, over_tls, interface, database, demo, demo_problem }
            .to_string()
    }

    #[test]
    fn the_banner_has_the_https_url_and_the_address_for_operators() {
        let address: SocketAddr = "0.0.0.0:8443".parse().unwrap();
        let ops_address = Some("10.0.0.1:9100".parse().unwrap());
        let (interface, database) = (String::new(), String::new());
        let text = Banner {
            address,
            interface,
            ops_address,
            is_localhost: false,
            over_tls: true,
            database,
            demo: None,
            demo_problem: None,
        }
        .to_string();
        assert!(text.contains("https://127.0.0.1:8443/api/mfa"), "{text}");
        assert!(text.contains("Operators: 10.0.0.1:9100\n"), "{text}");
    }

    #[test]
    fn the_banner_has_the_addresses_and_the_database() {
        let text = banner("0.0.0.0:8200", None);
        for part in [
            "NOVA MFA",
            "started",
            "http://127.0.0.1:8200/interface/itspirit",
            "http://127.0.0.1:8200/health",
            "SQLite data/nova-mfa.db",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("Demo"));
    }

    #[test]
    fn in_development_the_urls_have_the_name_localhost() {
        let address = "127.0.0.1:8200".parse().unwrap();
        let (interface, database) = ("/interface/itspirit".to_owned(), String::new());
        let (ops_address, over_tls, demo, demo_problem) = (None, false, None, None);
        let is_localhost = true;
        let text =
            Banner { address, ops_address, is_localhost, over_tls, interface, database, demo, demo_problem }
                .to_string();
        assert!(text.contains("Listening: 127.0.0.1:8200\n"), "{text}");
        assert!(text.contains("Interface: http://localhost:8200/interface/itspirit\n"), "{text}");
    }

    #[test]
    fn the_example_request_quotes_any_password() {
        let text = banner("[::1]:1", Some(r#"it's "me""#));
        assert!(
            text.contains(r#"-d '{"username":"demo","password":"it'\''s \"me\""}' http://[::1]:1/api"#),
            "{text}"
        );
    }
}
