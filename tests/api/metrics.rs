//! Tests of `GET /metrics`, and of the metric names in `deploy/` and `docs/`.

use std::collections::BTreeSet;
use std::path::Path;

use nova_mfa_tests::TestServer;

fn metrics(server: &TestServer) -> String {
    let answer = server.client().get("/metrics").send();
    assert_eq!(answer.status, 200, "{answer:?}");
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), Some(media_type));
    answer.assert_security_headers();
    answer.text()
}

/// Returns the metrics once this sample has this value, or those after two seconds: the response may be sent before a
/// stored event is counted.
fn metrics_once(server: &TestServer, sample: &str, value: u64) -> String {
    let line = format!("{sample} {value}");
    for _ in 0..100 {
        let text = metrics(server);
        if text.lines().any(|it| it == line) {
            return text;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    metrics(server)
}

/// Returns the value of a sample, selected by its exact name and labels.
fn value(text: &str, sample: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{sample} in {text}")).parse().unwrap()
}

/// Returns the names of all samples.
fn samples(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(['{', ' ']).next()).collect()
}

/// Returns the names of all metric families with their types.
fn families(text: &str) -> BTreeSet<(&str, &str)> {
    text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect()
}

#[test]
fn the_documented_metrics_exist_and_count() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let before = metrics(&server);
        for name in [
            "mfa_totp_success",
            "mfa_totp_failure",
            "mfa_sms_sent",
            "mfa_sms_verify",
            "rate_limit_exceeded",
            "mfa_account_locked",
        ] {
            assert!(families(&before).contains(&(name, "counter")), "{name} in {before}");
            assert!(samples(&before).contains(format!("{name}_total").as_str()), "{name} from the start");
        }
        server.fail(&ada, 10);
        server.advance(901);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        let text = metrics_once(&server, "mfa_totp_success_total", 1);
        assert_eq!(value(&text, "mfa_totp_failure_total"), 10, "{}", server.name());
        assert_eq!(value(&text, "mfa_totp_success_total"), 1, "{}", server.name());
        assert_eq!(value(&text, "mfa_account_locked_total"), 1, "{}", server.name());
        let calls = "mfa_http_request_duration_seconds_count{route=\"/api/mfa/verify/totp\",method=\"POST\"";
        assert_eq!(value(&text, &format!("{calls},status=\"4xx\"}}")), 10, "{}", server.name());
        assert_eq!(value(&text, &format!("{calls},status=\"2xx\"}}")), 1, "{}", server.name());
        assert!(value(&text, "mfa_committer_group_size_count") > 10, "{}", server.name());
        assert_eq!(value(&text, "mfa_database_pool_connections"), 8);
        assert_eq!(value(&text, "mfa_clock_trusted"), 1);
        assert_eq!(value(&text, "mfa_redis_configured"), 0);
        assert_eq!(value(&text, "mfa_sms_provider_up{provider=\"outbox\"}"), 1);
        assert!(text.contains("mfa_build_info{version=\""), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}

#[test]
fn sms_rate_limits_and_logins_are_counted() {
    for server in TestServer::each_with(&[("LOGIN_RATE_USER_MAX", "2")]) {
        let id = server.add_user_with_password("ada", "correct horse battery");
        for _ in 0..2 {
            server.login("ada", "wrong").send().assert_problem(401, "invalid_credentials");
        }
        server.login("ada", "wrong").send().assert_problem(429, "rate_limited");
        let token = server.token(id, mfa_flows::TokenKind::OneFactor);
        let number = serde_json::json!({ "phone": "+33612345612" });
        server.client().post("/api/mfa/phone/set").bearer(&token).json(&number).send().ok();
        let events = "mfa_events_total{event=\"phone_set\",outcome=\"success\",method=\"sms\",kept=\"row\"}";
        let text = metrics_once(&server, events, 1);
        assert_eq!(value(&text, "mfa_logins_total{outcome=\"failure\"}"), 2, "{}", server.name());
        assert_eq!(value(&text, "rate_limit_exceeded_total{what=\"calls\"}"), 1, "{}", server.name());
        assert_eq!(value(&text, "mfa_sms_sent_total{provider=\"outbox\",country=\"FR\"}"), 1);
        assert_eq!(value(&text, events), 1, "{}", server.name());
    }
}

#[test]
fn no_label_contains_a_user_an_address_or_a_raw_path() {
    for server in TestServer::each() {
        let ada = server.enrol("canary-name");
        server.client().get("/canary-path/4711?code=canary-query").send();
        server.client().request("KEY_CHECK_VALUE", "/api/mfa/status").send();
        server.client().get(&format!("/api/mfa/admin/users/{}", ada.id)).bearer(&ada.access).send();
        server.client().get("/hooks/ovh/canary-secret?id=1").send();
        let text = metrics(&server);
        assert!(!text.to_lowercase().contains("canary") && !text.contains("127.0.0.1"), "{text}");
        assert!(text.contains("route=\"/api/mfa/admin/users/{id}\",method=\"GET\",status=\"4xx\""), "{text}");
        assert!(text.contains("route=\"unmatched\",method=\"GET\",status=\"4xx\""), "{text}");
        assert!(text.contains("method=\"OTHER\""), "{text}");
    }
}

#[test]
fn one_wrong_code_on_each_of_many_accounts_raises_an_alert() {
    let [server, _] = TestServer::each();
    let members: Vec<_> = (0..100).map(|n| server.enrol(&format!("user{n}"))).collect();
    for member in &members {
        server.fail(member, 1);
    }
    assert!(server.log_contains("\"event\":\"failures_rising\""));
    let text = metrics(&server);
    assert_eq!(value(&text, "mfa_failures_rising_total"), 1);
    assert_eq!(value(&text, "mfa_failures_last_minute"), 100);
}

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the words of a text that look like names of our metrics.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("mfa_") || word.starts_with("rate_limit_exceeded")).collect()
}

#[test]
fn every_metric_used_by_the_dashboard_and_the_alerts_exists() {
    let [server, _] = TestServer::each();
    let ada = server.enrol("ada");
    server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    let text = metrics(&server);
    let known: BTreeSet<String> = samples(&text).into_iter().map(str::to_owned).collect();
    let dashboard: serde_json::Value = serde_json::from_str(&read("deploy/grafana/nova-mfa.json")).unwrap();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            asked.extend(named(target["expr"].as_str().unwrap()).into_iter().map(str::to_owned));
        }
    }
    assert!(asked.len() > 25, "{asked:?}");
    let alerts = read("deploy/prometheus/alerts.yml");
    let alerts: Vec<_> = alerts.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    asked.extend(named(&alerts.join("\n")).into_iter().map(str::to_owned));
    let unknown: Vec<_> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_documentation_lists_every_metric_and_no_others() {
    let [server, _] = TestServer::each();
    // An event and a request, without which their metric families are empty and omitted.
    server.enrol("ada");
    metrics(&server);
    let text = metrics(&server);
    let there: BTreeSet<_> = families(&text).into_iter().map(|(name, _)| name).collect();
    let document = read("docs/metrics.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: BTreeSet<_> = rows.collect();
    assert_eq!(documented, there);
}
