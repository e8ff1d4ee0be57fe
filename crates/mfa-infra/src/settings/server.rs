//! Where the server listens, and whom it believes about addresses.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use super::SettingsError;
use super::reader::SettingsReader;

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `MFA_BIND`. Port 0 picks a free one.
    pub bind: SocketAddr,
    /// `MFA_OPS_BIND`: where `/metrics` and the detail of `/health/ready` are served instead.
    pub ops_bind: Option<SocketAddr>,
    /// `BEHIND_TLS_PROXY`: a proxy in front does TLS.
    pub behind_tls_proxy: bool,
    /// `TLS_CERT` and `TLS_KEY`.
    pub tls: Option<TlsFiles>,
    /// `PUBLIC_URL`: under which providers reach this server.
    pub public_url: Option<Url>,
    /// `TRUSTED_PROXIES`: whose header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `TRUSTED_PROXY_HEADER`: a list of addresses, the nearest hop last.
    pub trusted_proxy_header: String,
}

/// The files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, PEM.
    pub cert: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

impl ServerSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        let bind_cure = "give an address and a port, such as 127.0.0.1:8200";
        let settings = Self {
            bind: reader.socket("MFA_BIND")?.ok_or_else(|| reader.wrong("MFA_BIND", bind_cure))?,
            ops_bind: reader.socket("MFA_OPS_BIND")?,
            behind_tls_proxy: reader.flag("BEHIND_TLS_PROXY")?,
            tls: tls(reader)?,
            public_url: public_url(reader)?,
            trusted_proxies: trusted_proxies(reader)?,
            trusted_proxy_header: header(reader)?,
        };
        if settings.bind.port() != 0 && settings.ops_bind == Some(settings.bind) {
            return Err(reader.wrong("MFA_OPS_BIND", "give another port than that of MFA_BIND"));
        }
        settings.refuse_plain_http(reader)?;
        Ok(settings)
    }

    /// Whether only this machine can reach the server.
    pub fn is_loopback(&self) -> bool {
        self.bind.ip().to_canonical().is_loopback()
    }

    fn refuse_plain_http(&self, reader: &SettingsReader<'_>) -> Result<(), SettingsError> {
        let environment = reader.environment();
        if environment.is_development() || self.is_loopback() || self.behind_tls_proxy || self.tls.is_some() {
            return Ok(());
        }
        Err(SettingsError::refused(
            "MFA_BIND",
            format!("is {}, which would serve plain HTTP to others in {}", self.bind, environment.name()),
            "set TLS_CERT and TLS_KEY, or BEHIND_TLS_PROXY=true where a proxy does TLS, or bind to 127.0.0.1",
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
            let cure = format!("set both, or take {given} out");
            Err(SettingsError::refused(missing, format!("is not set while {given} is"), cure))
        }
    }
}

fn public_url(reader: &SettingsReader<'_>) -> Result<Option<Url>, SettingsError> {
    let Some(text) = reader.text("PUBLIC_URL") else { return Ok(None) };
    let scheme_fits = |url: &Url| match url.scheme() {
        "https" => true,
        "http" => reader.environment().is_development(),
        _ => false,
    };
    let url = Url::parse(text).ok().filter(|url| {
        scheme_fits(url) && url.has_host() && url.username().is_empty() && url.query().is_none()
    });
    url.map(Some).ok_or_else(|| {
        SettingsError::refused(
            "PUBLIC_URL",
            "is no address that providers can call",
            "give an https:// address, such as https://mfa.example.com",
        )
    })
}

fn trusted_proxies(reader: &SettingsReader<'_>) -> Result<Vec<IpNet>, SettingsError> {
    let parse = |item: &str| {
        let net: Option<IpNet> = item.parse().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
        let refused = |problem: &str, cure: &str| {
            Err(SettingsError::refused(
                "TRUSTED_PROXIES",
                format!("holds {}, {problem}", item.escape_debug()),
                cure,
            ))
        };
        match net {
            None => refused("no address or CIDR block", "give a list such as 10.0.0.0/8,192.0.2.7"),
            Some(net) if net.prefix_len() == 0 => {
                refused("which lets every client choose its own address", "name the proxies alone")
            }
            Some(net) => Ok(net.trunc()),
        }
    };
    reader.list("TRUSTED_PROXIES").into_iter().map(parse).collect()
}

fn header(reader: &SettingsReader<'_>) -> Result<String, SettingsError> {
    let name = reader.defaulted("TRUSTED_PROXY_HEADER")?;
    // `Forwarded` (RFC 7239) is no list of addresses.
    let is_header = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_header && !name.eq_ignore_ascii_case("forwarded") {
        Ok(name.to_owned())
    } else {
        Err(reader.wrong("TRUSTED_PROXY_HEADER", "give the name of a header such as X-Forwarded-For"))
    }
}
