use std::collections::BTreeMap;
use std::time::Duration;

use mfa_core::Timestamp;

use super::*;
use crate::database::{DatabaseFacts, UpdateStats};
use crate::settings::Sources;

const SECRET: &str = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const SOON: HttpLimits = HttpLimits {
    connect: Duration::from_millis(200),
    total: Duration::from_millis(400),
    places: 1,
    wait: Duration::from_millis(50),
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
    findings.iter().filter(|it| it.part == part).map(|it| it.health).max().unwrap()
}

#[track_caller]
fn demand(findings: &[DoctorFinding], health: CheckStatus, says: &str, cure: &str) {
    let found = findings.iter().any(|it| {
        let cured = it.cure.as_deref().unwrap_or_default().contains(cure);
        it.health == health && it.says.contains(says) && cured
    });
    assert!(found, "{says} in {findings:#?}");
}

#[test]
fn an_installation_in_use_is_well_and_a_look_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder, &[]);
    let before = examine_with(&settings, SOON);
    demand(&before, CheckStatus::Odd, "the schema still needs", "start the server");
    assert!(!folder.path().join("mfa.db").exists());

    Mfa::open(settings.clone()).unwrap().stop(Duration::from_secs(5));
    let findings = examine_with(&settings, SOON);
    assert!(findings.iter().all(|it| it.health == CheckStatus::Good), "{findings:#?}");
    for part in ["settings", "database", "clock", "keys", "redis", "sms"] {
        assert_eq!(worst(&findings, part), CheckStatus::Good);
    }
    assert!(findings.iter().all(|it| it.cure.is_none()));
    let shown = format!("{findings:?}");
    assert!(!shown.contains(SECRET) && !shown.contains(KEY), "{shown}");
}

#[test]
fn a_trial_without_any_setting_is_not_made_by_looking_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources { dir: folder.path().to_owned(), env: BTreeMap::new() };
    let findings = examine_with(&Settings::load(&sources).unwrap(), SOON);
    assert!(findings.iter().all(|it| it.health != CheckStatus::Bad), "{findings:#?}");
    demand(&findings, CheckStatus::Good, "the first start makes them", "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn other_keys_than_those_of_the_data_are_told() {
    let folder = tempfile::tempdir().unwrap();
    Mfa::open(settings(&folder, &[])).unwrap().stop(Duration::from_secs(5));
    let wrong = settings(&folder, &[("MFA_ENCRYPTION_KEYS", &format!("k2:{OTHER_KEY}"))]);
    let findings = examine_with(&wrong, SOON);
    demand(
        &findings,
        CheckStatus::Bad,
        "does not hold the keys that this database was sealed with",
        "give the key ring",
    );
}

#[test]
fn parts_that_are_away_are_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = settings(
        &folder,
        &[
            ("MFA_ENV", "development"),
            ("DATABASE_URL", &format!("postgresql://nova:hunter2@{nobody}/nova")),
            ("REDIS_URL", &format!("redis://:hunter2@{nobody}")),
            ("TWILIO_ACCOUNT_SID", "AC0"),
            ("TWILIO_AUTH_TOKEN", "hunter2"),
            ("TWILIO_FROM", "+15551234567"),
            ("TWILIO_ENDPOINT", &format!("http://{nobody}")),
        ],
    );
    let findings = examine_with(&settings, SOON);
    demand(&findings, CheckStatus::Bad, "cannot be looked at", "check DATABASE_URL");
    demand(&findings, CheckStatus::Bad, "Redis gives no answer", "check REDIS_URL");
    demand(&findings, CheckStatus::Bad, "Twilio, AC0: it gives no answer", "by HTTPS");
    demand(&findings, CheckStatus::Odd, "no delivery reports", "PUBLIC_URL");
    assert!(!format!("{findings:?}").contains("hunter2"), "{findings:#?}");
}

#[test]
fn what_is_meant_to_be_for_a_while_is_odd() {
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
    let findings = examine_with(&settings, SOON);
    demand(&findings, CheckStatus::Odd, "lets others into a server in development", "MFA_ENV=production");
    demand(&findings, CheckStatus::Odd, "JWT_ACCEPT_LEGACY_TOKENS", "set it to false");
    demand(&findings, CheckStatus::Odd, "TRUSTED_PROXIES is empty", "name the proxy");
    demand(&findings, CheckStatus::Odd, "each of 2 servers limits by itself", "set REDIS_URL");
    assert!(findings.iter().all(|it| it.health != CheckStatus::Bad), "{findings:#?}");
}

/// What is said of a PostgreSQL server where such facts were found.
fn told(env: &[(&str, &str)], facts: &DatabaseFacts) -> Vec<DoctorFinding> {
    let folder = tempfile::tempdir().unwrap();
    let usual = [("MFA_ENV", "production"), ("DATABASE_URL", "postgresql://nova:hunter2@db/nova")];
    let settings = settings(&folder, &[&usual, env].concat());
    let now = Timestamp::from_seconds(1_800_000_000);
    database::check(&settings, &Mfa::location(&settings), now, Ok(facts))
}

#[test]
fn each_fact_about_a_database_is_judged() {
    let good = DatabaseFacts {
        time: Some(Timestamp::from_millis(1_800_000_000_250)),
        updates: Some(UpdateStats { all: 1_000, hot: 960 }),
        ..DatabaseFacts::default()
    };
    let findings = told(&[], &good);
    assert!(findings.iter().all(|it| it.health == CheckStatus::Good), "{findings:#?}");
    demand(&findings, CheckStatus::Good, "96 in 100 updates of users are HOT", "");
    demand(&findings, CheckStatus::Good, "0.250 s apart", "");

    let few = DatabaseFacts { updates: Some(UpdateStats { all: 1_000, hot: 500 }), ..good.clone() };
    demand(&told(&[], &few), CheckStatus::Odd, "50 in 100 updates", "drop indexes");
    let fresh = DatabaseFacts { updates: Some(UpdateStats { all: 10, hot: 0 }), ..good.clone() };
    assert!(told(&[], &fresh).iter().all(|it| it.health == CheckStatus::Good));

    let at = |millis| DatabaseFacts { time: Some(Timestamp::from_millis(millis)), ..good.clone() };
    demand(&told(&[], &at(1_799_999_998_000)), CheckStatus::Odd, "2.000 s apart", "by NTP");
    demand(&told(&[], &at(1_800_000_006_000)), CheckStatus::Bad, "more than MFA_MAX_CLOCK_SKEW", "by NTP");
    demand(
        &told(&[("MFA_MAX_CLOCK_SKEW", "0")], &good),
        CheckStatus::Odd,
        "nobody looks",
        "MFA_MAX_CLOCK_SKEW to 5",
    );

    let pending = DatabaseFacts { pending: vec!["3_sms".to_owned()], ..good.clone() };
    demand(&told(&[], &pending), CheckStatus::Bad, "still needs 3_sms", "mfa-admin migrate up as the owner");
    let poor = DatabaseFacts { missing_rights: vec!["INSERT on mfa_events".to_owned()], ..good.clone() };
    demand(&told(&[], &poor), CheckStatus::Bad, "lacks INSERT on mfa_events", "roles.sql");
    let shared = DatabaseFacts { other_writers: vec!["nova".to_owned()], ..good.clone() };
    demand(&told(&[], &shared), CheckStatus::Odd, "undo what was spent: nova", "roles.sql");
    let careless = DatabaseFacts { careless: vec!["fsync".to_owned()], ..good };
    demand(&told(&[], &careless), CheckStatus::Bad, "fsync is off", "set it to on");
    demand(&told(&[("MFA_ENV", "development")], &careless), CheckStatus::Odd, "fsync is off", "set it to on");
}
