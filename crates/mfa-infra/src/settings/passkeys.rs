//! Settings of passkeys, and the number of authenticators of a user.

use mfa_core::PhishingResistantPolicy;
use mfa_passkey::{RelyingParty, RelyingPartyConfig};

use super::error::SettingsError;
use super::reader::SettingsReader;
use super::server::ServerSettings;

/// Relying party and limits of passkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasskeySettings {
    /// Relying party (`MFA_RP_ID`, `MFA_RP_ORIGINS`, `MFA_RELATED_ORIGINS`, `MFA_PASSKEY_STRICT_BACKUP_FLAG`). `None`:
    /// passkeys are off, because neither `MFA_RP_ID` nor `PUBLIC_URL` is set in production.
    pub relying_party: Option<RelyingParty>,
    /// Maximum number of passkeys of a user (`MFA_MAX_PASSKEYS`).
    pub max_per_user: usize,
    /// Maximum number of authenticator apps of a user (`MFA_MAX_TOTP_APPS`).
    pub max_totp_apps: usize,
    /// Users of whom a phishing-resistant factor is required (`MFA_REQUIRE_PHISHING_RESISTANT`). Without a relying party
    /// always [`PhishingResistantPolicy::None`].
    pub required: PhishingResistantPolicy,
}

impl PasskeySettings {
    pub(super) fn read(
        reader: &SettingsReader<'_>,
        server: Option<&ServerSettings>,
    ) -> Result<Self, SettingsError> {
        let max = reader.number("MFA_MAX_PASSKEYS", 1, 100)?;
        let max_totp_apps = reader.number("MFA_MAX_TOTP_APPS", 1, 10)?;
        let strict_backup_flag = reader.flag("MFA_PASSKEY_STRICT_BACKUP_FLAG")?;
        let is_development = reader.environment().is_development();
        let public_url = server.and_then(|it| it.public_url.as_ref());
        let public_host = public_url.and_then(|url| url.domain());
        let rp_id = reader.text("MFA_RP_ID").or(public_host).or(is_development.then_some("localhost"));
        let texts = |name| reader.list(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let (mut origins, related_origins) = (texts("MFA_RP_ORIGINS"), texts("MFA_RELATED_ORIGINS"));
        let max_per_user = usize::try_from(max).unwrap_or(usize::MAX);
        let max_totp_apps = usize::try_from(max_totp_apps).unwrap_or(usize::MAX);
        let required = required_of(reader)?;
        let Some(rp_id) = rp_id else {
            if required != PhishingResistantPolicy::None {
                return Err(
                    reader.invalid(REQUIRED, "set PUBLIC_URL or MFA_RP_ID, or use none: passkeys are off")
                );
            }
            for (name, is_set) in [
                ("MFA_RP_ORIGINS", !origins.is_empty()),
                ("MFA_RELATED_ORIGINS", !related_origins.is_empty()),
            ] {
                if is_set {
                    let problem = "is set, but the RP ID of passkeys is not";
                    return Err(SettingsError::invalid(name, problem, "set MFA_RP_ID or PUBLIC_URL"));
                }
            }
            return Ok(Self { relying_party: None, max_per_user, max_totp_apps, required });
        };
        let names_origins = !origins.is_empty();
        if !names_origins {
            origins = match public_url {
                Some(url) => vec![url.origin().ascii_serialization()],
                None if rp_id == "localhost" => vec!["http://localhost".to_owned()],
                None => vec![format!("https://{rp_id}")],
            };
        }
        let config = RelyingPartyConfig {
            rp_id: rp_id.to_owned(),
            rp_name: reader.required("MFA_ISSUER")?.to_owned(),
            origins,
            related_origins,
            strict_backup_flag,
            allow_http_localhost: is_development,
        };
        // Without the related origins, everything else can be used.
        let without = RelyingPartyConfig { related_origins: Vec::new(), ..config.clone() };
        let blames_related_origins = !config.related_origins.is_empty() && RelyingParty::new(without).is_ok();
        let relying_party = RelyingParty::new(config).map_err(|error| {
            let name = match () {
                () if blames_related_origins => "MFA_RELATED_ORIGINS",
                () if names_origins => "MFA_RP_ORIGINS",
                () if reader.text("MFA_RP_ID").is_some() => "MFA_RP_ID",
                () => "PUBLIC_URL",
            };
            SettingsError::invalid(
                name,
                format!("cannot be used for passkeys: {error}"),
                "see \"Configure passkeys\" in docs/deployment.md",
            )
        })?;
        Ok(Self { relying_party: Some(relying_party), max_per_user, max_totp_apps, required })
    }
}

const REQUIRED: &str = "MFA_REQUIRE_PHISHING_RESISTANT";

fn required_of(reader: &SettingsReader<'_>) -> Result<PhishingResistantPolicy, SettingsError> {
    match reader.required(REQUIRED)?.to_ascii_lowercase().as_str() {
        "none" => Ok(PhishingResistantPolicy::None),
        "administrators" => Ok(PhishingResistantPolicy::Administrators),
        "all" => Ok(PhishingResistantPolicy::All),
        _ => Err(reader.invalid(REQUIRED, "use none, administrators or all")),
    }
}
