//! Settings of the listening addresses, TLS and trusted proxies.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use super::error::SettingsError;
use super::exposed_files::ExposedFile;
use super::reader::SettingsReader;

/// Listening addresses, TLS and trusted proxies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Listening address (`MFA_BIND`). Port 0 selects a free port.
    pub bind: SocketAddr,
    /// Separate listening address for `/metrics` and the details of `/health/ready` (`MFA_OPS_BIND`).
    pub ops_bind: Option<SocketAddr>,
    /// Whether a proxy terminates TLS (`BEHIND_TLS_PROXY`).
    pub behind_tls_proxy: bool,
    /// Certificate files (`TLS_CERT` and `TLS_KEY`).
    pub tls: Option<TlsFiles>,
    /// URL at which SMS providers reach this server (`PUBLIC_URL`).
    pub public_url: Option<Url>,
    /// Proxies whose client address header is trusted (`TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<IpNet>,
    /// Header with the list of client addresses, the nearest hop last (`TRUSTED_PROXY_HEADER`).
    pub trusted_proxy_header: String,
}

/// Files of the TLS certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub cert: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Returns the private key as an exposed file if every user of the machine can access it.
    pub fn exposed_key(&self) -> Option<ExposedFile> {
        ExposedFile::find("TLS_KEY", &self.key)
    }
}

impl ServerSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        let bind_remedy = "use an IP address and a port, such as 127.0.0.1:8200";
        let settings = Self {
            bind: reader.socket("MFA_BIND")?.ok_or_else(|| reader.invalid("MFA_BIND", bind_remedy))?,
            ops_bind: reader.socket("MFA_OPS_BIND")?,
            behind_tls_proxy: reader.flag("BEHIND_TLS_PROXY")?,
            tls: tls(reader)?,
            public_url: public_url(reader)?,
            trusted_proxies: trusted_proxies(reader)?,
            trusted_proxy_header: header(reader)?,
        };
        if settings.bind.port() != 0 && settings.ops_bind == Some(settings.bind) {
            return Err(reader.invalid("MFA_OPS_BIND", "use a port other than that of MFA_BIND"));
        }
        settings.reject_plain_http(reader)?;
        Ok(settings)
    }

    /// Returns whether only this machine can reach the server.
    pub fn is_loopback(&self) -> bool {
        self.bind.ip().to_canonical().is_loopback()
    }

    fn reject_plain_http(&self, reader: &SettingsReader<'_>) -> Result<(), SettingsError> {
        let environment = reader.environment();
        if environment.is_development() || self.is_loopback() || self.behind_tls_proxy || self.tls.is_some() {
            return Ok(());
        }
        Err(SettingsError::invalid(
            "MFA_BIND",
            format!(
                "is {}, which would serve plain HTTP over the network in {}",
                self.bind,
                environment.name()
            ),
            "set TLS_CERT and TLS_KEY, set BEHIND_TLS_PROXY=true if a proxy terminates TLS, or bind to 127.0.0.1",
        ))
    }
}

fn tls(reader: &SettingsReader<'_>) -> Result<Option<TlsFiles>, SettingsError> {
    match (reader.path("TLS_CERT"), reader.path("TLS_KEY")) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (cert, _) => {
            let (given, missing) =
                if cert.is_some() { ("TLS_CERT", "TLS_KEY") } else { ("TLS_KEY", "TLS_CERT") };
            let remedy = format!("set both, or remove {given}");
            Err(SettingsError::invalid(missing, format!("is not set while {given} is"), remedy))
        }
    }
}

fn public_url(reader: &SettingsReader<'_>) -> Result<Option<Url>, SettingsError> {
    let Some(text) = reader.text("PUBLIC_URL") else { return Ok(None) };
    let scheme_allowed = |url: &Url| match url.scheme() {
        "https" => true,
        "http" => reader.environment().is_development(),
        _ => false,
    };
    let url = Url::parse(text).ok().filter(|url| {
        scheme_allowed(url)
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
    });
    url.map(Some).ok_or_else(|| {
        SettingsError::invalid(
            "PUBLIC_URL",
            "is not a URL that SMS providers can call",
            "use an https:// URL, such as https://mfa.example.com",
        )
    })
}

fn trusted_proxies(reader: &SettingsReader<'_>) -> Result<Vec<IpNet>, SettingsError> {
    let parse = |item: &str| {
        let net: Option<IpNet> = item.parse().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
        let invalid = |problem: &str, remedy: &str| {
            Err(SettingsError::invalid(
                "TRUSTED_PROXIES",
                match reader.quoted("TRUSTED_PROXIES", item) {
                    Some(item) => format!("contains {item}, which {problem}"),
                    None => format!("contains an item that {problem}"),
                },
                remedy,
            ))
        };
        match net {
            None => invalid("is not an IP address or CIDR block", "use a list such as 10.0.0.0/8,192.0.2.7"),
            Some(net) if net.prefix_len() == 0 => {
                invalid("lets every client forge its own address", "list only the proxies")
            }
            Some(net) => Ok(net.trunc()),
        }
    };
    reader.list("TRUSTED_PROXIES").into_iter().map(parse).collect()
}

fn header(reader: &SettingsReader<'_>) -> Result<String, SettingsError> {
    let name = reader.required("TRUSTED_PROXY_HEADER")?;
    // `Forwarded` (RFC 7239) is not a plain list of addresses.
    let is_header = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_header && !name.eq_ignore_ascii_case("forwarded") {
        Ok(name.to_owned())
    } else {
        Err(reader.invalid("TRUSTED_PROXY_HEADER", "use a header name such as X-Forwarded-For"))
    }
}
