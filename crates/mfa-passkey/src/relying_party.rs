//! The relying party: RP ID and allowed origins.

use url::{Host, Url};

/// Settings of the relying party.
#[derive(Clone, Debug, Default)]
pub struct RelyingPartyConfig {
    /// RP ID: a domain such as `example.com`. Permanent: credentials work with this RP ID only.
    pub rp_id: String,
    /// Name that authenticators may show.
    pub rp_name: String,
    /// Origins of pages that may register and use passkeys, such as `https://login.example.com`.
    pub origins: Vec<String>,
    /// Origins outside the RP ID's domain that `/.well-known/webauthn` lists (WebAuthn Level 3 §5.11).
    pub related_origins: Vec<String>,
    /// Whether an assertion is rejected if its backup-eligible flag differs from the one at registration.
    pub strict_backup_flag: bool,
    /// Whether pages of `http://localhost`, at any port, may register and use passkeys, for development.
    pub allow_http_localhost: bool,
}

/// Error of the relying party's settings. Each names the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelyingPartyError {
    /// The RP ID is an IP address.
    #[error("RP ID {0:?} is an IP address: browsers accept a domain only")]
    RpIdIsIpAddress(String),
    /// The RP ID is not a domain in lower-case ASCII, or has a single label and is not `localhost`.
    #[error("RP ID {0:?} is not a domain: write it in lower case, without scheme, port and path")]
    RpIdNotDomain(String),
    /// The name of the relying party is empty.
    #[error("the name of the relying party is empty")]
    NoName,
    /// There is no origin.
    #[error("the relying party has no origin")]
    NoOrigin,
    /// The origin is not a scheme, a host and an optional port.
    #[error("{0:?} is not an origin: write scheme, host and port, such as https://login.example.com")]
    NotAnOrigin(String),
    /// The origin's host is an IP address.
    #[error("origin {0:?} has an IP address: browsers refuse passkeys there")]
    OriginIsIpAddress(String),
    /// The origin does not use HTTPS.
    #[error("origin {0:?} does not use HTTPS")]
    InsecureOrigin(String),
    /// The origin's host is neither the RP ID nor a subdomain of it.
    #[error("origin {origin:?} is outside RP ID {rp_id:?}: change the RP ID, or list a related origin")]
    OriginOutsideRpId {
        /// Origin of the settings.
        origin: String,
        /// RP ID of the settings.
        rp_id: String,
    },
}

/// Relying party with checked settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    name: String,
    origins: Vec<Url>,
    allowed: Vec<String>,
    related: Vec<String>,
    strict_backup_flag: bool,
    allow_http_localhost: bool,
}

impl RelyingParty {
    /// Checks the settings.
    ///
    /// Public suffixes with several labels, such as `co.uk`, are not recognised: browsers refuse them as RP ID.
    ///
    /// # Errors
    ///
    /// [`RelyingPartyError`] if browsers would refuse the RP ID or an origin, or if an origin is not secure: correct
    /// the settings.
    pub fn new(config: RelyingPartyConfig) -> Result<Self, RelyingPartyError> {
        let RelyingPartyConfig { rp_id, rp_name, origins, related_origins, .. } = config;
        check_rp_id(&rp_id)?;
        if rp_name.trim().is_empty() {
            return Err(RelyingPartyError::NoName);
        }
        if origins.is_empty() {
            return Err(RelyingPartyError::NoOrigin);
        }
        let mut parsed = Vec::new();
        for text in &origins {
            let origin = parse_origin(text, config.allow_http_localhost)?;
            if !is_within(origin.domain().unwrap_or_default(), &rp_id) {
                return Err(RelyingPartyError::OriginOutsideRpId { origin: text.clone(), rp_id });
            }
            parsed.push(origin);
        }
        let mut related = Vec::new();
        for text in &related_origins {
            let origin = parse_origin(text, config.allow_http_localhost)?;
            related.push(origin.origin().ascii_serialization());
            parsed.push(origin);
        }
        let allowed: Vec<_> = parsed.iter().map(|it| it.origin().ascii_serialization()).collect();
        // For the library only: `allows_origin` compares first.
        if config.allow_http_localhost {
            parsed.extend(Url::parse("http://localhost"));
        }
        let strict_backup_flag = config.strict_backup_flag;
        let allow_http_localhost = config.allow_http_localhost;
        let name = rp_name;
        Ok(Self {
            id: rp_id,
            name,
            origins: parsed,
            allowed,
            related,
            strict_backup_flag,
            allow_http_localhost,
        })
    }

    /// Returns the RP ID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns all allowed origins, related ones last.
    pub fn origins(&self) -> &[String] {
        &self.allowed
    }

    /// Returns the related origins, for `/.well-known/webauthn`.
    pub fn related_origins(&self) -> &[String] {
        &self.related
    }

    /// Returns whether an assertion whose backup-eligible flag changed is rejected.
    pub fn strict_backup_flag(&self) -> bool {
        self.strict_backup_flag
    }

    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        let is_local = || self.allow_http_localhost && is_http_localhost(origin);
        self.allowed.iter().any(|allowed| allowed == origin) || is_local()
    }

    pub(crate) fn allows_any_port(&self) -> bool {
        self.allow_http_localhost
    }

    pub(crate) fn origin_urls(&self) -> &[Url] {
        &self.origins
    }
}

/// Returns whether an origin, as browsers serialize it, is `http://localhost` at some port.
fn is_http_localhost(origin: &str) -> bool {
    let url =
        Url::parse(origin).ok().filter(|url| url.scheme() == "http" && url.domain() == Some("localhost"));
    url.is_some_and(|url| url.origin().ascii_serialization() == origin)
}

fn check_rp_id(text: &str) -> Result<(), RelyingPartyError> {
    match Host::parse(text) {
        Ok(Host::Domain(domain)) => {
            let has_labels = domain.contains('.') || domain == "localhost";
            if domain == text && has_labels && domain.split('.').all(|label| !label.is_empty()) {
                Ok(())
            } else {
                Err(RelyingPartyError::RpIdNotDomain(text.to_owned()))
            }
        }
        Ok(_) => Err(RelyingPartyError::RpIdIsIpAddress(text.to_owned())),
        Err(_) => Err(RelyingPartyError::RpIdNotDomain(text.to_owned())),
    }
}

fn parse_origin(text: &str, allow_http_localhost: bool) -> Result<Url, RelyingPartyError> {
    let not_an_origin = || RelyingPartyError::NotAnOrigin(text.to_owned());
    let url = Url::parse(text).map_err(|_| not_an_origin())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err(not_an_origin());
    }
    match url.host() {
        Some(Host::Domain(domain)) => {
            let local = domain == "localhost" || domain.ends_with(".localhost");
            match url.scheme() {
                "https" => Ok(url),
                "http" if local && allow_http_localhost => Ok(url),
                "http" => Err(RelyingPartyError::InsecureOrigin(text.to_owned())),
                _ => Err(not_an_origin()),
            }
        }
        Some(_) => Err(RelyingPartyError::OriginIsIpAddress(text.to_owned())),
        None => Err(not_an_origin()),
    }
}

/// Returns whether the host is the domain or a subdomain of it.
fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
}
