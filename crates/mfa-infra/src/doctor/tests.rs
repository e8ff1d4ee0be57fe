use std::collections::BTreeMap;
use std::time::Duration;

use mfa_core::Timestamp;

use super::*;
use crate::database::{DatabaseInspection, HotUpdateStats};
use crate::settings::Sources;

const SECRET: &str = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const SOON: HttpLimits = HttpLimits {
    connect: Duration::from_millis(200),
    total: Duration::from_millis(400),
    max_concurrent: 1,
    queue_timeout: Duration::from_millis(50),
};

fn settings(folder: &tempfile::TempDir, env: &[(&str, &str)]) -> Settings {
    let usual = [
        ("DATABASE_URL", "sqlite://mfa.db"),
        ("JWT_SECRET_KEY", SECRET),
        ("MFA_ENCRYPTION_KEYS", &format!("k1:{KEY}")),
    ];
    let env: BTreeMap<_, _> =
        usual.iter().chain(env).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Settings::load(&Sources { dir: folder.path().to_owned(), env }).unwrap()
}

fn worst(findings: &[DoctorFinding], part: &str) -> CheckStatus {
    findings.iter().filter(|it| it.part == part).map(|it| it.status).max().unwrap()
}

#[track_caller]
fn demand(findings: &[DoctorFinding], status: CheckStatus, detail: &str, remedy: &str) {
    let found = findings.iter().any(|it| {
        let has_remedy = it.remedy.as_deref().unwrap_or_default().contains(remedy);
        it.status == status && it.detail.contains(detail) && has_remedy
    });
    assert!(found, "{detail} in {findings:#?}");
}

#[test]
fn an_installation_in_use_has_no_finding_and_the_check_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, &[]);
    let before = diagnose_with(&settings, SOON);
    demand(&before, CheckStatus::Warning, "migrations are pending", "start the server");
    assert!(!folder.path().join("mfa.db").exists());

    Mfa::open(settings.clone()).unwrap().stop(Duration::from_secs(5));
    let findings = diagnose_with(&settings, SOON);
    assert!(findings.iter().all(|it| it.status == CheckStatus::Ok), "{findings:#?}");
    for part in ["settings", "database", "clock", "keys", "redis", "sms"] {
        assert_eq!(worst(&findings, part), CheckStatus::Ok);
    }
    assert!(findings.iter().all(|it| it.remedy.is_none()));
    let shown = format!("{findings:?}");
    assert!(!shown.contains(SECRET) && !shown.contains(KEY), "{shown}");
}

#[test]
fn a_check_without_any_setting_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources { dir: folder.path().to_owned(), env: BTreeMap::new() };
    let findings = diagnose_with(&Settings::load(&sources).unwrap(), SOON);
    assert!(findings.iter().all(|it| it.status != CheckStatus::Problem), "{findings:#?}");
    demand(&findings, CheckStatus::Ok, "the first start generates them", "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn generated_keys_that_were_lost_are_a_problem_with_the_remedy_of_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources { dir: folder.path().to_owned(), env: BTreeMap::new() };
    let settings = Settings::load(&sources).unwrap();
    Mfa::open(settings.clone()).unwrap().stop(Duration::from_secs(5));
    assert_eq!(worst(&diagnose_with(&settings, SOON), "keys"), CheckStatus::Ok);

    let path = folder.path().join("data/encryption-keys");
    let keys = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("generated:{OTHER_KEY}")).unwrap();
    let findings = diagnose_with(&settings, SOON);
    demand(&findings, CheckStatus::Problem, "data/encryption-keys does not contain the keys", "restore");
    let start = Mfa::open(settings.clone()).err().unwrap().to_string();
    assert!(start.contains("data/encryption-keys does not contain the key"), "{start}");
    assert!(!start.contains("MFA_ENCRYPTION_KEYS"), "{start}");
    std::fs::write(&path, keys).unwrap();

    std::fs::remove_file(&path).unwrap();
    let findings = diagnose_with(&settings, SOON);
    demand(
        &findings,
        CheckStatus::Problem,
        "encryption-keys is missing, and values in the database are encrypted",
        "restore the file from a backup, or move the database away",
    );
    let start = Mfa::open(settings).err().unwrap().to_string();
    assert!(start.contains("restore the file from a backup, or move the database away"), "{start}");
    assert!(!folder.path().join("data/encryption-keys").exists());
}

#[test]
fn keys_other_than_those_of_the_data_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    Mfa::open(settings(&folder, &[])).unwrap().stop(Duration::from_secs(5));
    let wrong = settings(&folder, &[("MFA_ENCRYPTION_KEYS", &format!("k2:{OTHER_KEY}"))]);
    let findings = diagnose_with(&wrong, SOON);
    demand(
        &findings,
        CheckStatus::Problem,
        "does not contain the keys that encrypted this database",
        "restore the key ring",
    );
}

#[test]
fn unreachable_parts_are_reported_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let unreachable = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = settings(
        &folder,
        &[
            ("MFA_ENV", "development"),
            ("DATABASE_URL", &format!("postgresql://nova:hunter2@{unreachable}/nova")),
            ("REDIS_URL", &format!("redis://:hunter2@{unreachable}")),
            ("TWILIO_ACCOUNT_SID", "AC0"),
            ("TWILIO_AUTH_TOKEN", "hunter2"),
            ("TWILIO_FROM", "+15551234567"),
            ("TWILIO_ENDPOINT", &format!("http://{unreachable}")),
        ],
    );
    let findings = diagnose_with(&settings, SOON);
    demand(&findings, CheckStatus::Problem, "cannot inspect", "check DATABASE_URL");
    demand(&findings, CheckStatus::Problem, "Redis does not apply rate limits", "REDIS_URL");
    demand(&findings, CheckStatus::Problem, "Twilio, AC0: the provider does not answer", "HTTPS");
    demand(&findings, CheckStatus::Warning, "no delivery reports", "PUBLIC_URL");
    assert!(!format!("{findings:?}").contains("hunter2"), "{findings:#?}");
}

#[test]
fn temporary_settings_are_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(
        &folder,
        &[
            ("JWT_ACCEPT_LEGACY_TOKENS", "true"),
            ("MFA_BIND", "0.0.0.0:8200"),
            ("BEHIND_TLS_PROXY", "true"),
            ("MFA_SERVERS", "2"),
        ],
    );
    let findings = diagnose_with(&settings, SOON);
    demand(
        &findings,
        CheckStatus::Warning,
        "accepts remote connections in development",
        "MFA_ENV=production",
    );
    demand(&findings, CheckStatus::Warning, "JWT_ACCEPT_LEGACY_TOKENS", "set it to false");
    demand(&findings, CheckStatus::Warning, "TRUSTED_PROXIES is empty", "add the address of the proxy");
    demand(&findings, CheckStatus::Warning, "each of 2 servers enforces its own part", "set REDIS_URL");
    assert!(findings.iter().all(|it| it.status != CheckStatus::Problem), "{findings:#?}");
}

#[test]
fn a_missing_database_is_a_problem_outside_development() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, &[("MFA_ENV", "production")]);
    for write_empty in [false, true] {
        if write_empty {
            std::fs::write(folder.path().join("mfa.db"), "").unwrap();
        }
        let findings = diagnose_with(&settings, SOON);
        demand(&findings, CheckStatus::Problem, "there is no database at SQLite in ", "correct DATABASE_URL");
    }
    Mfa::open(settings.clone()).unwrap().stop(Duration::from_secs(5));
    demand(&diagnose_with(&settings, SOON), CheckStatus::Ok, "the schema is up to date", "");
}

/// Returns the findings for a PostgreSQL server with these facts.
fn findings_for(env: &[(&str, &str)], facts: &DatabaseInspection) -> Vec<DoctorFinding> {
    let folder = tempfile::tempdir().unwrap();
    let usual = [("MFA_ENV", "production"), ("DATABASE_URL", "postgresql://nova:hunter2@db/nova")];
    let settings = settings(&folder, &[&usual, env].concat());
    let now = Timestamp::from_seconds(1_800_000_000);
    database::check(&settings, &Mfa::location(&settings), now, Ok(facts))
}

#[test]
fn a_role_without_grants_is_referred_to_the_roles_script_in_any_language() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        settings(&folder, &[("MFA_ENV", "production"), ("DATABASE_URL", "postgresql://app@db/nova")]);
    let remedy_for = |error: &str| {
        let now = Timestamp::from_seconds(1_800_000_000);
        database::check(&settings, &Mfa::location(&settings), now, Err(&error.to_owned()))
    };
    for error in [
        "the schema could not be changed: permission denied for table __diesel_schema_migrations",
        "the schema could not be changed: droit refusé pour la table __diesel_schema_migrations",
    ] {
        demand(
            &remedy_for(error),
            CheckStatus::Problem,
            error,
            "run deploy/postgresql/roles.sql as the owner",
        );
    }
    let away = "the database cannot be opened: connection refused";
    demand(&remedy_for(away), CheckStatus::Problem, away, "check DATABASE_URL");
}

#[test]
fn each_fact_about_a_database_has_its_status() {
    let good = DatabaseInspection {
        time: Some(Timestamp::from_millis(1_800_000_000_250)),
        updates: Some(HotUpdateStats { all: 1_000, hot: 960 }),
        ..DatabaseInspection::default()
    };
    let findings = findings_for(&[], &good);
    assert!(findings.iter().all(|it| it.status == CheckStatus::Ok), "{findings:#?}");
    demand(&findings, CheckStatus::Ok, "96 % of the updates of the users table are HOT", "");
    demand(&findings, CheckStatus::Ok, "differ by 0.250 s", "");

    let few = DatabaseInspection { updates: Some(HotUpdateStats { all: 1_000, hot: 500 }), ..good.clone() };
    demand(&findings_for(&[], &few), CheckStatus::Warning, "50 % of the updates", "drop indexes");
    let fresh = DatabaseInspection { updates: Some(HotUpdateStats { all: 10, hot: 0 }), ..good.clone() };
    assert!(findings_for(&[], &fresh).iter().all(|it| it.status == CheckStatus::Ok));

    let at = |millis| DatabaseInspection { time: Some(Timestamp::from_millis(millis)), ..good.clone() };
    demand(&findings_for(&[], &at(1_799_999_998_000)), CheckStatus::Warning, "differ by 2.000 s", "with NTP");
    demand(
        &findings_for(&[], &at(1_800_000_006_000)),
        CheckStatus::Problem,
        "more than MFA_MAX_CLOCK_SKEW",
        "with NTP",
    );
    demand(
        &findings_for(&[("MFA_MAX_CLOCK_SKEW", "0")], &good),
        CheckStatus::Warning,
        "is not checked",
        "MFA_MAX_CLOCK_SKEW=5",
    );

    let pending = DatabaseInspection { pending: vec!["3_sms".to_owned()], ..good.clone() };
    demand(
        &findings_for(&[], &pending),
        CheckStatus::Problem,
        "pending: 3_sms",
        "mfa-admin migrate up as the owner",
    );
    let poor = DatabaseInspection { missing_rights: vec!["INSERT on mfa_events".to_owned()], ..good.clone() };
    demand(&findings_for(&[], &poor), CheckStatus::Problem, "lacks INSERT on mfa_events", "roles.sql");
    let shared = DatabaseInspection { other_writers: vec!["nova".to_owned()], ..good.clone() };
    demand(
        &findings_for(&[], &shared),
        CheckStatus::Warning,
        "make used codes valid again: nova",
        "roles.sql",
    );
    let careless = DatabaseInspection { careless: vec!["fsync".to_owned()], ..good };
    demand(&findings_for(&[], &careless), CheckStatus::Problem, "fsync is off", "set it to on");
    demand(
        &findings_for(&[("MFA_ENV", "development")], &careless),
        CheckStatus::Warning,
        "fsync is off",
        "set it to on",
    );
}

#[cfg(unix)]
#[test]
fn a_secret_that_every_user_can_access_is_a_warning_with_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hook");
    std::fs::write(&path, SECRET).unwrap();
    let chmod = |mode| {
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        diagnose_with(&settings(&folder, &[("HOOK_SECRET_FILE", "hook")]), SOON)
    };
    demand(&chmod(0o644), CheckStatus::Warning, "HOOK_SECRET_FILE is ", "run chmod o-rwx ");
    assert!(chmod(0o640).iter().all(|it| !it.detail.contains("HOOK_SECRET_FILE")));
}
