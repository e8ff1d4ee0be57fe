//! Benchmark of TOTP verification during slow work: a hanging SMS provider, and recovery codes.
//!
//! Run it with `cargo bench -p nova-mfa-tests --bench neighbours`. Each figure is compared with the same work before
//! and after the slow calls, on the same server in the same run: only the ratio is meaningful. One server uses SQLite
//! and one PostgreSQL. Eight clients send requests, each on a connection of its own.

#![expect(clippy::print_stdout, reason = "the benchmark prints a table")]
#![expect(clippy::expect_used, reason = "a failed step ends the benchmark")]
#![expect(clippy::arithmetic_side_effects, reason = "counts of a benchmark are small")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mfa_flows::TokenKind;
use nova_mfa_tests::{Behaviour, Member, Provider, SmsNetwork, TestServer, timed};

/// Users whose TOTP codes are verified, once per 30 seconds of the server's clock.
const MEMBERS: usize = 160;
const CLIENTS: usize = 8;
/// Concurrent slow requests.
const SLOW_REQUESTS: usize = 200;
/// Duration of each measurement.
const MEASUREMENT: Duration = Duration::from_secs(6);
/// Time for the slow requests to arrive.
const ARRIVAL: Duration = Duration::from_millis(1_500);
/// Repetitions of the whole benchmark.
const REPETITIONS: usize = 3;

fn main() {
    println!("TOTP verification during {SLOW_REQUESTS} slow requests: p50 and p99 in ms");
    println!("| database | slow requests | before | during | after | p99 during / without | memory |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for repetition in 0..REPETITIONS {
        let network = SmsNetwork::new();
        for server in servers(&network) {
            hanging_provider(&server, &network, repetition);
        }
        for server in TestServer::each() {
            recovery_codes(&server);
        }
    }
}

fn servers(network: &SmsNetwork) -> [TestServer; 2] {
    let settings = network.settings();
    let wide = [("MFA_SMS_PER_IP_HOUR", "100000"), ("MFA_SMS_PER_PREFIX_HOUR", "100000")];
    let settings = settings.iter().map(|(name, value)| (*name, value.as_str())).chain(wide);
    TestServer::each_with(&settings.collect::<Vec<_>>())
}

/// Measures while two hundred users request an SMS code and no provider responds.
fn hanging_provider(server: &TestServer, network: &SmsNetwork, repetition: usize) {
    let members = members(server);
    let senders: Vec<_> = (0..SLOW_REQUESTS)
        .map(|nth| {
            let token = server.token(server.add_user(&format!("sender{nth}")), TokenKind::OneFactor);
            (token, format!("+3361{repetition}{nth:03}0{:02}", nth % 100))
        })
        .collect();
    network.set_behaviours(Provider::Ovh, [Behaviour::Hang]);
    network.set_behaviours(Provider::Twilio, [Behaviour::Hang]);
    let responses = AtomicUsize::new(0);
    let load = || {
        thread::scope(|scope| {
            for (token, number) in &senders {
                let responses = &responses;
                scope.spawn(move || {
                    let body = serde_json::json!({ "phone": number });
                    let call = server.client().post("/api/mfa/phone/set").bearer(token).json(&body);
                    assert_ne!(call.send().status, 200);
                    responses.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
    };
    report(server, "hanging SMS provider", &members, load);
    assert_eq!(responses.into_inner(), SLOW_REQUESTS);
}

/// Measures while two hundred recovery codes are checked concurrently.
fn recovery_codes(server: &TestServer) {
    let members = members(server);
    let (first, _) = server.enrol_with_codes("first");
    let tokens: Vec<_> =
        (0..SLOW_REQUESTS).map(|nth| server.pending(server.enrol(&format!("lost{nth}")).id)).collect();
    // Hashes of another user's codes: none matches, which costs the same single hash.
    server.installation.sql(&format!(
        "UPDATE users SET recovery_codes = (SELECT u.recovery_codes FROM users AS u WHERE u.id = {}) \
         WHERE username LIKE 'lost%'",
        first.id
    ));
    let load = || {
        thread::scope(|scope| {
            for token in &tokens {
                scope.spawn(move || {
                    let answer = server.verify_recovery_code(token, "0000-0000-0000-0000");
                    assert!([401, 503].contains(&answer.status), "{answer:?}");
                });
            }
        });
    };
    report(server, "recovery codes", &members, load);
}

fn members(server: &TestServer) -> Vec<Member> {
    (0..MEMBERS).map(|nth| server.enrol(&format!("member{nth}"))).collect()
}

fn report(server: &TestServer, load_name: &str, members: &[Member], load: impl Fn() + Sync) {
    let before = measure(server, members, MEASUREMENT);
    let resident = resident_kib();
    let peak = AtomicUsize::new(resident);
    let during = thread::scope(|scope| {
        let running = scope.spawn(&load);
        // The measurement starts when all slow requests are waiting.
        thread::sleep(ARRIVAL);
        let times = measure_with(server, members, MEASUREMENT, || {
            peak.fetch_max(resident_kib(), Ordering::Relaxed);
        });
        running.join().expect("the slow requests do not panic");
        times
    });
    let after = measure(server, members, MEASUREMENT);
    let without = f64::midpoint(percentile(&before, 99), percentile(&after, 99));
    println!(
        "| {} | {load_name} | {} | {} | {} | {:.2} | +{} MiB |",
        server.name(),
        format_percentiles(&before),
        format_percentiles(&during),
        format_percentiles(&after),
        percentile(&during, 99) / without,
        peak.into_inner().saturating_sub(resident) / 1024,
    );
}

fn measure(server: &TestServer, members: &[Member], span: Duration) -> Vec<f64> {
    measure_with(server, members, span, || ())
}

/// Returns the durations of verifications in milliseconds, sorted.
#[expect(clippy::disallowed_methods, reason = "the measurement ends after a fixed time")]
fn measure_with(server: &TestServer, members: &[Member], span: Duration, each_lap: impl Fn()) -> Vec<f64> {
    let began = Instant::now();
    let mut all = Vec::new();
    while began.elapsed() < span {
        // Advances to the next code of every app.
        server.advance(30);
        let codes: Vec<_> = members.iter().map(|it| (it, it.code(server.now()))).collect();
        let laps = thread::scope(|scope| {
            let share = codes.chunks(MEMBERS.div_ceil(CLIENTS));
            let clients: Vec<_> = share.map(|share| scope.spawn(move || lap(server, share))).collect();
            clients.into_iter().flat_map(|it| it.join().expect("a client does not panic")).collect::<Vec<_>>()
        });
        all.extend(laps);
        each_lap();
    }
    all.sort_by(f64::total_cmp);
    all
}

fn lap(server: &TestServer, share: &[(&Member, String)]) -> Vec<f64> {
    let one = |(member, code): &(&Member, String)| {
        let token = server.token(member.id, TokenKind::TwoFactors);
        let (answer, took) = timed(|| server.verify(&token, code));
        assert_eq!(answer.status, 200, "{answer:?}");
        took.as_secs_f64() * 1_000.0
    };
    share.iter().map(one).collect()
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}

fn format_percentiles(sorted: &[f64]) -> String {
    format!("{:.1} / {:.1} of {}", percentile(sorted, 50), percentile(sorted, 99), sorted.len())
}

/// Returns the resident memory of this process, which includes the server, in KiB.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
