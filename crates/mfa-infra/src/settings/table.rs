//! List of all settings. Tests compare every other list of settings with it.

/// Setting with its name in the environment and `.env`. Files in `config/` use the same name in lower case.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) sensitivity: Sensitivity,
    /// Default; `None` if there is none or it follows from other settings.
    pub(super) default: Option<&'static str>,
    /// Description, as in `.env.example`.
    pub(super) description: &'static str,
}

/// Sensitivity of a value: what may be displayed, and whether `NAME_FILE` may replace it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sensitivity {
    /// Displayed as it is.
    Public,
    /// URL that may contain a password, which is masked; `NAME_FILE` is allowed.
    Address,
    /// Never displayed; `NAME_FILE` is allowed.
    Secret,
}

impl Setting {
    /// Returns whether the value may be read from the file that `NAME_FILE` names.
    pub(super) fn may_come_from_a_file(&self) -> bool {
        self.sensitivity != Sensitivity::Public
    }
}

/// Group of settings under one heading of `.env.example`.
#[derive(Debug)]
pub(super) struct SettingGroup {
    pub(super) title: &'static str,
    pub(super) settings: &'static [Setting],
}

const fn plain(name: &'static str, default: &'static str, description: &'static str) -> Setting {
    Setting { name, sensitivity: Sensitivity::Public, default: Some(default), description }
}

const fn unset(name: &'static str, description: &'static str) -> Setting {
    Setting { name, sensitivity: Sensitivity::Public, default: None, description }
}

const fn address(name: &'static str, description: &'static str) -> Setting {
    Setting { name, sensitivity: Sensitivity::Address, default: None, description }
}

const fn secret(name: &'static str, description: &'static str) -> Setting {
    Setting { name, sensitivity: Sensitivity::Secret, default: None, description }
}

/// All settings by group, in display order.
pub(super) const GROUPS: &[SettingGroup] = &[
    SettingGroup {
        title: "Server",
        settings: &[
            plain(
                "MFA_ENV",
                "development",
                "Environment: development, production, or the name of a file in config/. Set it here or in the environment only.",
            ),
            plain("MFA_BIND", "127.0.0.1:8200", "Address and port to listen on. Port 0 picks a free port."),
            unset(
                "MFA_OPS_BIND",
                "Separate address for /metrics and the details of /health/ready. Empty: served on MFA_BIND.",
            ),
            plain("BEHIND_TLS_PROXY", "false", "Set to true if a reverse proxy terminates TLS."),
            unset("TLS_CERT", "Certificate chain (PEM file), to serve TLS without a proxy."),
            unset("TLS_KEY", "Private key (PEM file) of TLS_CERT."),
            plain(
                "MFA_DATA_DIR",
                "data",
                "Directory of the SQLite database, the generated keys and the demo password.",
            ),
        ],
    },
    SettingGroup {
        title: "Database",
        settings: &[
            address("DATABASE_URL", "sqlite://PATH or postgresql://… Default: nova-mfa.db in MFA_DATA_DIR."),
            plain("MFA_DATABASE_POOL", "8", "Size of the connection pool for reads."),
            plain(
                "MFA_COMMITTERS",
                "2",
                "Number of committers (writers). Each has its own database connection.",
            ),
            plain(
                "MFA_MAX_CLOCK_SKEW",
                "5",
                "Maximum clock difference with the PostgreSQL server, in seconds. 0 disables the check.",
            ),
            unset(
                "SSL_CERT_FILE",
                "Certificate authorities (PEM file) of PostgreSQL (sslmode=verify-full), Redis (rediss://) and the mail server. Empty: those of the system.",
            ),
        ],
    },
    SettingGroup {
        title: "Redis (optional: without it, each process keeps its own limits)",
        settings: &[
            address(
                "REDIS_URL",
                "redis://… or rediss://… Cluster and Sentinel: comma-separated URLs (Sentinel: ?master=NAME, default mymaster).",
            ),
            plain("REDIS_MODE", "single", "single, cluster or sentinel."),
            plain("REDIS_PREFIX", "nova-mfa:", "Prefix of every key."),
            plain(
                "MFA_SERVERS",
                "1",
                "Number of servers. Without Redis, each server applies the limits divided by this number.",
            ),
        ],
    },
    SettingGroup {
        title: "Tokens",
        settings: &[
            secret(
                "JWT_SECRET_KEY",
                "Secret that signs tokens (HS256), used as is: at least 32 bytes (mfa-admin keys generate).",
            ),
            secret(
                "JWT_PREVIOUS_SECRET_KEYS",
                "Previous secrets, still accepted for verification. Separated by commas or line breaks.",
            ),
            plain("JWT_ALGORITHM", "HS256", "Signature algorithm of access tokens: HS256, EdDSA or ES256."),
            secret(
                "JWT_PRIVATE_KEYS",
                "Private keys for EdDSA and ES256 (PEM, PKCS#8). The first one signs, all of them verify.",
            ),
            plain("JWT_ISSUER", "nova-mfa", "Value of the iss claim."),
            plain("JWT_AUDIENCE", "nova", "Value of the aud claim of access tokens."),
            plain(
                "JWT_ACCEPT_LEGACY_TOKENS",
                "false",
                "Set to true while the Python backend still issues tokens.",
            ),
            secret(
                "INTROSPECTION_KEY",
                "Bearer key of the token introspection endpoint. Empty: the endpoint is disabled.",
            ),
        ],
    },
    SettingGroup {
        title: "Encryption at rest",
        settings: &[secret(
            "MFA_ENCRYPTION_KEYS",
            "id:base64,id:base64, 32 bytes each. The first one encrypts, all of them decrypt (mfa-admin keys generate).",
        )],
    },
    SettingGroup {
        title: "Rate limits and lockout",
        settings: &[
            plain("MFA_RATE_LIMIT_WINDOW", "60", "Time window, in seconds, of MFA_RATE_LIMIT_MAX."),
            plain("MFA_RATE_LIMIT_MAX", "10", "Code verifications per window and client IP address."),
            plain("MFA_RECOVERY_RATE_MAX", "5", "Recovery code attempts per minute and user."),
            plain("MFA_REGENERATE_PER_HOUR", "5", "New sets of recovery codes per hour and user."),
            plain(
                "LOGIN_RATE_USER_MAX",
                "5",
                "Login attempts per minute, per user name and client network; ten times as many per user name.",
            ),
            plain("LOGIN_RATE_IP_MAX", "20", "Login attempts per minute and client IP address."),
            plain("MFA_MAX_FAILURES", "10", "Consecutive incorrect codes that lock an account."),
            plain(
                "MFA_LOCK_MINUTES",
                "15",
                "Duration of the first lockout, in minutes. It doubles with each further lockout.",
            ),
            plain(
                "MFA_STEP_UP_MAX_AGE",
                "600",
                "Maximum age of a verification, in seconds. After that, a change of factors requires a new code (step-up).",
            ),
            plain(
                "MFA_ACCESS_PASS_MINUTES",
                "60",
                "Lifetime of a temporary access pass, in minutes, if the issuer gives none.",
            ),
        ],
    },
    SettingGroup {
        title: "Branding",
        settings: &[
            plain("MFA_ISSUER", "NOVA", "Issuer name shown in the authenticator app."),
            plain("MFA_BRAND", "itspirit", "Last segment of the web interface's path: /interface/BRAND."),
        ],
    },
    SettingGroup {
        title: "Help",
        settings: &[
            unset(
                "MFA_HELP_URL",
                "Help link on every page: https://…, mailto:helpdesk@example.com or tel:+33123456789.",
            ),
            unset("MFA_HELP_TEXT", "One line of text beside the link, such as whom to call, and when."),
            unset("MFA_PRIVACY_URL", "Privacy notice (https://…), linked on every page."),
        ],
    },
    SettingGroup {
        title: "SMS",
        settings: &[
            unset(
                "MFA_SMS_PROVIDERS",
                "Failover order: ovh, twilio, outbox. Default: the providers that are configured below.",
            ),
            unset(
                "MFA_SMS_OUTBOX",
                "File of the outbox provider. Default: sms-outbox.jsonl in MFA_DATA_DIR.",
            ),
            plain(
                "MFA_SMS_COUNTRIES",
                "FR,BE,CH,LU,MC",
                "Countries that SMS may be sent to (ISO 3166-1 codes). Empty: SMS is disabled.",
            ),
            plain("MFA_SMS_PER_MINUTE", "1", "SMS per minute, per user and per number."),
            plain("MFA_SMS_PER_HOUR", "3", "SMS per hour, per user and per number."),
            plain("MFA_SMS_PER_IP_HOUR", "20", "SMS per hour and client IP address."),
            plain(
                "MFA_SMS_PER_PREFIX_HOUR",
                "50",
                "SMS per hour and number prefix (the number without its last four digits).",
            ),
            plain("MFA_SMS_PER_COUNTRY_DAY", "2000", "SMS per day and country."),
            plain("MFA_SMS_PER_DAY", "10000", "SMS per day in total."),
            plain(
                "MFA_SMS_MIN_CONVERSION",
                "0.2",
                "Minimum share of used SMS codes, from the 20th SMS on. Below it, SMS to that prefix or country are suspended.",
            ),
            unset("MFA_SMS_DOMAIN", "Domain in the last line of the SMS, for autofill in browsers (WebOTP)."),
        ],
    },
    SettingGroup {
        title: "OVH",
        settings: &[
            secret("OVH_APP_KEY", "Application key."),
            secret("OVH_APP_SECRET", "Application secret."),
            secret("OVH_CONSUMER_KEY", "Consumer key."),
            unset("OVH_SMS_ACCOUNT", "SMS account, such as sms-ab12345-1."),
            unset("OVH_SMS_SENDER", "Sender that the account is allowed to use."),
            plain(
                "OVH_ENDPOINT",
                "https://eu.api.ovh.com/1.0",
                "Base URL of the API, or the name of an endpoint, such as ovh-eu.",
            ),
        ],
    },
    SettingGroup {
        title: "Twilio",
        settings: &[
            unset("TWILIO_ACCOUNT_SID", "Account SID (AC…)."),
            secret("TWILIO_AUTH_TOKEN", "Auth token."),
            unset("TWILIO_FROM", "Sender: a phone number or a sender ID."),
            plain("TWILIO_ENDPOINT", "https://api.twilio.com", "Base URL of the API."),
        ],
    },
    SettingGroup {
        title: "SMS delivery reports",
        settings: &[
            unset("PUBLIC_URL", "Public URL of this server: callbacks of the providers, passkeys."),
            secret("HOOK_SECRET", "Secret last path segment of the OVH callback URL."),
        ],
    },
    SettingGroup {
        title: "Mail",
        settings: &[
            unset(
                "MFA_NOTIFY",
                "Notifications to users by email: off or changes. Default: changes if SMTP_URL is set, and in development.",
            ),
            address(
                "SMTP_URL",
                "Mail server: smtps://USER:PASSWORD@HOST:465, or smtp://USER:PASSWORD@HOST:587, which requires STARTTLS.",
            ),
            unset("MFA_MAIL_FROM", "Sender: an address, or NAME <ADDRESS>."),
        ],
    },
    SettingGroup {
        title: "Passkeys",
        settings: &[
            unset(
                "MFA_RP_ID",
                "RP ID: domain that passkeys belong to. It cannot be changed later. Default: the host of PUBLIC_URL.",
            ),
            unset(
                "MFA_RP_ORIGINS",
                "Origins of the pages that use passkeys, comma-separated. Default: the origin of PUBLIC_URL.",
            ),
            unset(
                "MFA_RELATED_ORIGINS",
                "Origins of other domains that may use the passkeys, comma-separated.",
            ),
            plain("MFA_MAX_PASSKEYS", "10", "Maximum number of passkeys of a user."),
            plain("MFA_MAX_TOTP_APPS", "3", "Maximum number of authenticator apps of a user."),
            plain(
                "MFA_PASSKEY_STRICT_BACKUP_FLAG",
                "false",
                "Reject a passkey whose backup-eligible flag changed since its registration.",
            ),
            plain(
                "MFA_REQUIRE_PHISHING_RESISTANT",
                "none",
                "Users who can log in with a passkey only: none, administrators or all. An administrator can add users.",
            ),
        ],
    },
    SettingGroup {
        title: "Trusted proxies",
        settings: &[
            unset("TRUSTED_PROXIES", "IP addresses or CIDR blocks of trusted proxies, comma-separated."),
            plain(
                "TRUSTED_PROXY_HEADER",
                "X-Forwarded-For",
                "Header in which the proxies put the client IP address.",
            ),
        ],
    },
    SettingGroup {
        title: "Login",
        settings: &[
            plain(
                "LOGIN_ENABLED",
                "false",
                "Set to true to serve /api/auth/login (true by default in development).",
            ),
            unset(
                "MFA_LOGIN_URL",
                "Login page to use when LOGIN_ENABLED=false. It may post pending tokens to /handover.",
            ),
            plain(
                "MFA_PASSWORD_REHASH",
                "false",
                "Set to true to replace the bcrypt hashes in NOVA's users table with Argon2id.",
            ),
        ],
    },
    SettingGroup {
        title: "Logging and audit",
        settings: &[
            plain(
                "MFA_LOG_FILE",
                "logs/mfa.log",
                "Log file (JSON lines), reopened on SIGHUP. Use - for standard output.",
            ),
            plain("MFA_LOG_LEVEL", "info", "Log level: critical, error, warning, info, debug or trace."),
            plain("MFA_AUDIT_DAYS", "365", "Retention of audit events, in days."),
            plain("MFA_LOCALE", "fr", "Default language (fr or en) if the request specifies none."),
        ],
    },
];

/// Returns all settings, in display order.
pub(super) fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

/// Returns the setting with this name.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.name == name)
}
