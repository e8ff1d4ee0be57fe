//! What is said at the start, to whoever started it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use mfa_core::SecretText;
use mfa_infra::Mfa;
use serde::Serialize;

/// The start banner: where the server is, where it keeps its data, and in development how to try it.
#[derive(Debug)]
pub struct Banner {
    address: SocketAddr,
    store: String,
    demo: Option<(String, SecretText)>,
}

impl Banner {
    /// Of this server at this address.
    pub fn of(mfa: &Mfa, address: SocketAddr) -> Self {
        let demo = mfa.demo().filter(|_| mfa.settings().login.enabled);
        Self {
            address,
            store: mfa.store_name(),
            demo: demo.map(|demo| (demo.username.to_string(), demo.password.clone())),
        }
    }

    /// Under which a browser on this machine finds it.
    fn url(&self) -> String {
        let ip = match self.address.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }
}

/// The body of a login, in the order that a reader expects.
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
        writeln!(f, "[INFO]    API: {url}/api/mfa")?;
        writeln!(f, "[INFO]    Health: {url}/health")?;
        write!(f, "[INFO]    Store: {}", self.store)?;
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
        Banner { address: address.parse().unwrap(), store: "SQLite data/nova-mfa.db".into(), demo }
            .to_string()
    }

    #[test]
    fn the_banner_says_where_the_server_is_and_what_it_keeps_its_data_in() {
        let text = banner("0.0.0.0:8200", None);
        for part in ["NOVA MFA", "started", "http://127.0.0.1:8200/health", "SQLite data/nova-mfa.db"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("Demo"));
    }

    #[test]
    fn the_line_to_try_survives_any_password() {
        let text = banner("[::1]:1", Some(r#"it's "me""#));
        assert!(
            text.contains(r#"-d '{"username":"demo","password":"it'\''s \"me\""}' http://[::1]:1/api"#),
            "{text}"
        );
    }
}
