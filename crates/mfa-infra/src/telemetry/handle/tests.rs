use std::fs;
use std::net::IpAddr;
use std::path::Path;

use mfa_core::testing::ManualClock;
use mfa_core::{
    EventKind, EventToken, FactorKind, LoggedEvent, Origin, Outcome, SecurityEvent, Timestamp, TokenId,
    UserId,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_042);

struct Fixture {
    folder: TempDir,
    telemetry: Telemetry,
}

impl Fixture {
    fn new(level: Level) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = LogFile::open(LogTarget::File(folder.path().join("mfa.log"))).unwrap();
        let telemetry = Telemetry::with_clock(level, Arc::new(file), Arc::new(ManualClock::at(NOW))).unwrap();
        Self { folder, telemetry }
    }

    /// Ends the log and reads what was written.
    fn lines(self) -> Vec<Value> {
        drop(self.telemetry);
        lines_of(&self.folder.path().join("mfa.log"))
    }
}

fn lines_of(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

fn event(kind: EventKind, outcome: Outcome, origin: Origin) -> SecurityEvent {
    SecurityEvent::new(kind, outcome, Timestamp::from_seconds(1_800_000_000), origin)
}

#[test]
fn every_line_has_a_time_a_level_and_a_message() {
    let fixture = Fixture::new(Level::Trace);
    let logger = fixture.telemetry.logger();
    slog::info!(logger, "listening"; "port" => 8200, "tls" => false);
    slog::warn!(logger, "odd\nname \u{1b}[31m");
    slog::error!(logger, "broken");
    slog::crit!(logger, "worse");
    slog::debug!(logger, "detail"; "took_ms" => 1.5);
    slog::info!(fixture.telemetry.access(), "request"; "status" => 200);
    let mut lines = fixture.lines();
    lines.sort_by_key(|it| it["msg"] == "request");
    let levels: Vec<_> = lines.iter().map(|it| it["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["info", "warning", "error", "error", "debug", "info"]);
    assert!(lines.iter().all(|it| it["ts"] == "2023-11-14T22:13:20.042Z"));
    assert_eq!(
        lines[0],
        json!({
            "ts": "2023-11-14T22:13:20.042Z", "level": "info", "msg": "listening", "port": 8200, "tls": false
        })
    );
    assert_eq!(lines[1]["msg"], "odd\nname \u{1b}[31m");
}

#[test]
fn lines_below_the_level_are_left_out_but_no_security_event_is() {
    let fixture = Fixture::new(Level::Error);
    slog::info!(fixture.telemetry.logger(), "chatter");
    slog::info!(fixture.telemetry.access(), "request");
    let event = event(EventKind::TotpVerify, Outcome::Success, Origin::default());
    fixture.telemetry.events().record(LoggedEvent { user: None, event: &event, chain: None });
    let lines = fixture.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["event"], "totp_verify");
}

#[test]
fn a_security_event_has_all_its_keys() {
    let fixture = Fixture::new(Level::Info);
    let ip: IpAddr = "2001:db8::1".parse().unwrap();
    let origin = Origin::new(Some(ip), Some("curl/8"), Some("req-1"));
    let full = event(EventKind::AdminUnlock, Outcome::Success, origin)
        .with_method(FactorKind::Totp)
        .with_actor("root", Some("ticket 7"))
        .with_token(EventToken { id: TokenId::from_bytes([7; 16]), session: Some(3) });
    let bare = event(EventKind::RateLimited, Outcome::Refused, Origin::default());
    let events = fixture.telemetry.events();
    events.record(LoggedEvent { user: Some(UserId::new(42)), event: &full, chain: Some((7, &[0xab, 0x01])) });
    events.record(LoggedEvent { user: None, event: &bare, chain: None });
    assert_eq!(
        fixture.lines(),
        [
            json!({
                "ts": "2027-01-15T08:00:00.000Z", "level": "info", "msg": "admin_unlock: success",
                "event": "admin_unlock", "outcome": "success", "user_id": 42, "method": "totp", "ip": "2001:db8::1",
                "user_agent": "curl/8", "request_id": "req-1", "actor": "root", "reason": "ticket 7",
                "session_id": "07070707070707070707070707070707", "seq": 7, "mac": "ab01",
            }),
            json!({
                "ts": "2027-01-15T08:00:00.000Z", "level": "warning", "msg": "rate_limited: refused",
                "event": "rate_limited", "outcome": "refused", "user_id": null, "method": null, "ip": null,
                "user_agent": null, "request_id": null, "actor": null,
            }),
        ]
    );
}

#[test]
fn values_with_the_name_of_a_secret_are_masked_wherever_they_come_from() {
    let fixture = Fixture::new(Level::Info);
    let logger =
        fixture.telemetry.logger().new(slog::o!("authorization" => "Bearer canary-1", "request_id" => "r"));
    slog::info!(logger, "login";
        "password" => "canary-2", "mfa_token" => %"canary-3", "code" => 123_456, "otp" => ?Some("canary-4"),
        "secret" => Some("canary-5"), "user_id" => 42);
    slog::info!(fixture.telemetry.access(), "request"; "token" => "canary-6");
    let path = fixture.folder.path().join("mfa.log");
    drop(fixture.telemetry);
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("canary") && !text.contains("123456"), "{text}");
    let line = lines_of(&path).into_iter().find(|it| it["msg"] == "login").unwrap();
    assert_eq!(line["password"], "***");
    assert_eq!(line["user_id"], 42);
    assert_eq!(line["request_id"], "r");
}

#[test]
fn a_rotation_under_load_loses_no_line() {
    let fixture = Fixture::new(Level::Info);
    let path = fixture.folder.path().join("mfa.log");
    let mut moved = Vec::new();
    let logger = fixture.telemetry.logger();
    let writer = std::thread::spawn(move || {
        for n in 0..20_000 {
            slog::info!(logger, "line"; "n" => n);
        }
    });
    for n in 0..10 {
        let to = path.with_extension(n.to_string());
        fs::rename(&path, &to).unwrap();
        fixture.telemetry.reopen().unwrap();
        moved.push(to);
        std::thread::yield_now();
    }
    writer.join().unwrap();
    assert_eq!(fixture.telemetry.unwritten(), 0);
    drop(fixture.telemetry);
    moved.push(path);
    let mut seen: Vec<_> =
        moved.iter().flat_map(|it| lines_of(it)).map(|it| it["n"].as_u64().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..20_000).collect::<Vec<u64>>());
}

#[test]
fn lines_that_cannot_be_written_are_counted() {
    let file = LogFile::open(LogTarget::File("/dev/full".into())).unwrap();
    let telemetry =
        Telemetry::with_clock(Level::Info, Arc::new(file), Arc::new(ManualClock::at(NOW))).unwrap();
    let (logger, counter) = (telemetry.logger(), Arc::clone(&telemetry.unwritten));
    slog::info!(logger, "lost");
    drop(telemetry);
    slog::info!(logger, "too late");
    assert_eq!(counter.load(Ordering::Relaxed), 2);
}

#[test]
fn a_file_that_cannot_be_opened_is_named_with_its_setting_and_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file/mfa.log");
    fs::write(folder.path().join("file"), "").unwrap();
    let error = Telemetry::open(Level::Info, LogTarget::File(blocked.clone())).unwrap_err().to_string();
    assert!(error.starts_with(&format!("MFA_LOG_FILE: cannot open {}", blocked.display())), "{error}");
    assert!(error.contains("or - for standard output"), "{error}");
}

#[test]
fn the_log_opens_with_the_clock_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mfa.log");
    let telemetry = Telemetry::open(Level::Info, LogTarget::File(path.clone())).unwrap();
    slog::info!(telemetry.logger(), "listening");
    assert!(format!("{telemetry:?}").contains("mfa.log"));
    drop(telemetry);
    assert!(lines_of(&path)[0]["ts"].as_str().unwrap() > "2023-11-14T22:13:20.042Z");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_text_of_a_client_breaks_a_line_or_moves_a_cursor(
        agent in proptest::collection::vec(
            prop_oneof![any::<char>(), proptest::char::range('\0', '\u{a0}'), proptest::char::range('\u{2000}', '\u{2070}')],
            0..60,
        ),
        request in ".{0,40}",
        actor in "(?s).{0,40}",
    ) {
        let agent: String = agent.into_iter().collect();
        let fixture = Fixture::new(Level::Info);
        let origin = Origin::new(None, Some(&agent), Some(&request));
        let event = event(EventKind::Login, Outcome::Failure, origin.clone()).with_actor(&actor, Some(&agent));
        fixture.telemetry.events().record(LoggedEvent { user: None, event: &event, chain: None });
        let path = fixture.folder.path().join("mfa.log");
        drop(fixture.telemetry);

        let text = fs::read_to_string(&path).unwrap();
        let line = text.strip_suffix('\n').unwrap();
        let controls = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        prop_assert!(!line.contains(controls), "{line:?}");
        let value: Value = serde_json::from_str(line).unwrap();
        prop_assert_eq!(value["user_agent"].as_str(), origin.user_agent());
        prop_assert_eq!(value["request_id"].as_str(), origin.request_id());
        prop_assert_eq!(value["actor"].as_str(), event.actor.as_deref());
        for key in ["ts", "level", "msg", "event", "outcome", "user_id", "method", "ip"] {
            prop_assert!(value.get(key).is_some(), "{key}");
        }
    }
}
