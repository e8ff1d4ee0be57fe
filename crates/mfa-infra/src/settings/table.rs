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
                "development, production, or the name of a file in config/ (only here or in the environment)",
            ),
            plain("MFA_BIND", "127.0.0.1:8200", "address and port to listen on; port 0 picks a free one"),
            unset("MFA_OPS_BIND", "own address for /metrics and the detail of /health/ready"),
            plain("BEHIND_TLS_PROXY", "false", "true where a proxy in front does TLS"),
            unset("TLS_CERT", "certificate chain (PEM file) for TLS without a proxy"),
            unset("TLS_KEY", "private key (PEM file) of TLS_CERT"),
            plain(
                "MFA_DATA_DIR",
                "data",
                "folder of the embedded database, generated keys and demo password",
            ),
        ],
    },
    SettingGroup {
        title: "Database",
        settings: &[
            address("DATABASE_URL", "sqlite://PATH or postgresql://…; default: nova-mfa.db in MFA_DATA_DIR"),
            plain("MFA_DATABASE_POOL", "8", "connections for reads"),
            plain("MFA_COMMITTERS", "2", "committers, each with a connection of its own"),
            plain(
                "MFA_MAX_CLOCK_SKEW",
                "5",
                "seconds that this process may differ from a PostgreSQL server; 0 switches the check off",
            ),
        ],
    },
    SettingGroup {
        title: "Redis (without it, limits are kept in this process)",
        settings: &[
            address(
                "REDIS_URL",
                "redis://… or rediss://…; several, by comma, for cluster and sentinel (?master=NAME, or mymaster)",
            ),
            plain("REDIS_MODE", "single", "single, cluster or sentinel"),
            plain("REDIS_PREFIX", "nova-mfa:", "start of every key"),
            plain("MFA_SERVERS", "1", "servers that share the limits, for the fallback without Redis"),
        ],
    },
    SettingGroup {
        title: "Tokens",
        settings: &[
            secret(
                "JWT_SECRET_KEY",
                "signs tokens: its bytes as they stand, 32 or more (mfa-admin keys generate)",
            ),
            secret("JWT_PREVIOUS_SECRET_KEYS", "older keys that still verify, by comma or one a line"),
            plain("JWT_ALGORITHM", "HS256", "of access tokens: HS256, EdDSA or ES256"),
            secret(
                "JWT_PRIVATE_KEYS",
                "PEM (PKCS#8) private keys for EdDSA and ES256: the first signs, all verify",
            ),
            plain("JWT_ISSUER", "nova-mfa", "the iss claim"),
            plain("JWT_AUDIENCE", "nova", "the aud claim of access tokens"),
            plain("JWT_ACCEPT_LEGACY_TOKENS", "false", "true while the Python backend still makes tokens"),
            secret("INTROSPECTION_KEY", "bearer key of the introspection endpoint"),
        ],
    },
    SettingGroup {
        title: "Encryption at rest",
        settings: &[secret(
            "MFA_ENCRYPTION_KEYS",
            "id:base64,id:base64 of 32 bytes each: the first seals, all unseal (mfa-admin keys generate)",
        )],
    },
    SettingGroup {
        title: "Limits",
        settings: &[
            plain("MFA_RATE_LIMIT_WINDOW", "60", "seconds in which one client address may check…"),
            plain("MFA_RATE_LIMIT_MAX", "10", "…so many codes"),
            plain("MFA_RECOVERY_RATE_MAX", "5", "recovery codes a minute for one user"),
            plain("LOGIN_RATE_USER_MAX", "5", "logins a minute for one user name"),
            plain("LOGIN_RATE_IP_MAX", "20", "logins a minute for one client address"),
            plain("MFA_MAX_FAILURES", "10", "wrong codes in a row that lock an account"),
            plain("MFA_LOCK_MINUTES", "15", "minutes of the first lock; each further one is twice as long"),
            plain(
                "MFA_STEP_UP_MAX_AGE",
                "600",
                "seconds after which a change of factors asks for a code again",
            ),
        ],
    },
    SettingGroup {
        title: "Names",
        settings: &[
            plain("MFA_ISSUER", "NOVA", "name in the authenticator app"),
            plain("MFA_BRAND", "itspirit", "last part of the interface's path"),
        ],
    },
    SettingGroup {
        title: "SMS",
        settings: &[
            unset(
                "MFA_SMS_PROVIDERS",
                "order of failover: ovh, twilio, outbox; default: those configured below",
            ),
            unset("MFA_SMS_OUTBOX", "file of the outbox provider; default: sms-outbox.jsonl in MFA_DATA_DIR"),
            plain("MFA_SMS_COUNTRIES", "FR,BE,CH,LU,MC", "countries that may get SMS; empty means no SMS"),
            plain("MFA_SMS_PER_MINUTE", "1", "SMS a minute for one user or number"),
            plain("MFA_SMS_PER_HOUR", "3", "SMS an hour for one user or number"),
            plain("MFA_SMS_PER_IP_HOUR", "20", "SMS an hour asked from one client address"),
            plain(
                "MFA_SMS_PER_PREFIX_HOUR",
                "50",
                "SMS an hour to numbers that differ in the last four digits only",
            ),
            plain("MFA_SMS_PER_COUNTRY_DAY", "2000", "SMS a day to one country"),
            plain("MFA_SMS_PER_DAY", "10000", "SMS a day in all"),
            plain(
                "MFA_SMS_MIN_CONVERSION",
                "0.2",
                "share of SMS codes that must come back, from the 20th send on",
            ),
            unset("MFA_SMS_DOMAIN", "domain of the WebOTP line in the message"),
        ],
    },
    SettingGroup {
        title: "OVH",
        settings: &[
            secret("OVH_APP_KEY", "application key"),
            secret("OVH_APP_SECRET", "application secret"),
            secret("OVH_CONSUMER_KEY", "consumer key"),
            unset("OVH_SMS_ACCOUNT", "SMS account, such as sms-ab12345-1"),
            unset("OVH_SMS_SENDER", "sender that the account may use"),
            plain("OVH_ENDPOINT", "https://eu.api.ovh.com/1.0", "address of the API"),
        ],
    },
    SettingGroup {
        title: "Twilio",
        settings: &[
            unset("TWILIO_ACCOUNT_SID", "account, AC…"),
            secret("TWILIO_AUTH_TOKEN", "auth token"),
            unset("TWILIO_FROM", "number or sender"),
            plain("TWILIO_ENDPOINT", "https://api.twilio.com", "address of the API"),
        ],
    },
    SettingGroup {
        title: "Delivery reports",
        settings: &[
            unset("PUBLIC_URL", "address under which the providers reach this server"),
            secret("HOOK_SECRET", "secret last part of the address that OVH calls"),
        ],
    },
    SettingGroup {
        title: "Proxies in front",
        settings: &[
            unset("TRUSTED_PROXIES", "addresses or CIDR blocks whose header is believed, by comma"),
            plain("TRUSTED_PROXY_HEADER", "X-Forwarded-For", "the header that names the client"),
        ],
    },
    SettingGroup {
        title: "Login",
        settings: &[
            plain("LOGIN_ENABLED", "false", "true serves /api/auth/login (true in development)"),
            unset(
                "MFA_LOGIN_URL",
                "where people log in when LOGIN_ENABLED=false; that page may hand its user over to the interface",
            ),
            plain(
                "MFA_PASSWORD_REHASH",
                "false",
                "true replaces bcrypt hashes of NOVA's own table by Argon2id",
            ),
        ],
    },
    SettingGroup {
        title: "Log and audit",
        settings: &[
            plain("MFA_LOG_FILE", "logs/mfa.log", "JSON lines, reopened on SIGHUP; - is standard output"),
            plain("MFA_LOG_LEVEL", "info", "critical, error, warning, info, debug or trace"),
            plain("MFA_AUDIT_DAYS", "365", "days that audit events are kept"),
            plain("MFA_LOCALE", "fr", "fr or en, for texts where the caller names no language"),
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
