//! Benchmark of TOTP verification during slow work: a hanging SMS provider, and recovery codes.
//!
//! Run it with `cargo bench -p nova-mfa-tests --bench neighbours`. Each figure is compared with the same work before
//! and after the slow calls, on the same server in the same run: only the ratio is meaningful. One server uses SQLite
//! and one PostgreSQL. Eight clients send requests, each on a connection of its own.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]
#![expect(clippy::expect_used, reason = "a measurement that went wrong is none")]
#![expect(clippy::arithmetic_side_effects, reason = "counts of a benchmark are small")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mfa_flows::TokenKind;
use nova_mfa_tests::{Behaviour, Member, Provider, SmsNetwork, TestServer, timed};

/// Users whose app is verified, all of them once every 30 seconds of the server's clock.
const MEMBERS: usize = 160;
const CLIENTS: usize = 8;
/// Calls of the neighbour that come at once.
const NEIGHBOURS: usize = 200;
/// How long each part is measured.
const PART: Duration = Duration::from_secs(6);
/// How long the neighbour's calls take to arrive.
const ARRIVAL: Duration = Duration::from_millis(1_500);
/// How often the whole is done.
const TURNS: usize = 3;

fn main() {
    println!("TOTP verification beside {NEIGHBOURS} calls of a slow neighbour: p50 and p99 in ms");
    println!("| database | neighbour | alone before | beside | alone after | p99 beside / alone | memory |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for turn in 0..TURNS {
        let network = SmsNetwork::new();
        for server in servers(&network) {
            hanging_provider(&server, &network, turn);
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

/// Two hundred users ask for a code while no provider answers.
fn hanging_provider(server: &TestServer, network: &SmsNetwork, turn: usize) {
    let members = members(server);
    let senders: Vec<_> = (0..NEIGHBOURS)
        .map(|nth| {
            let token = server.token(server.add_user(&format!("sender{nth}")), TokenKind::OneFactor);
            (token, format!("+3361{turn}{nth:03}0{:02}", nth % 100))
        })
        .collect();
    network.set_behaviours(Provider::Ovh, [Behaviour::Hang]);
    network.set_behaviours(Provider::Twilio, [Behaviour::Hang]);
    let answered = AtomicUsize::new(0);
    let busy = || {
        thread::scope(|scope| {
            for (token, number) in &senders {
                let answered = &answered;
                scope.spawn(move || {
                    let body = serde_json::json!({ "phone": number });
                    let call = server.client().post("/api/mfa/phone/set").bearer(token).json(&body);
                    assert_ne!(call.send().status, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
    };
    report(server, "a provider that hangs", &members, busy);
    assert_eq!(answered.into_inner(), NEIGHBOURS);
}

/// Two hundred recovery codes are tried at once.
fn recovery_codes(server: &TestServer) {
    let members = members(server);
    let (first, _) = server.enrol_with_codes("first");
    let tokens: Vec<_> =
        (0..NEIGHBOURS).map(|nth| server.pending(server.enrol(&format!("lost{nth}")).id)).collect();
    // Digests of another user's codes: none fits, which costs the same one hash.
    server.installation.sql(&format!(
        "UPDATE users SET recovery_codes = (SELECT u.recovery_codes FROM users AS u WHERE u.id = {}) \
         WHERE username LIKE 'lost%'",
        first.id
    ));
    let busy = || {
        thread::scope(|scope| {
            for token in &tokens {
                scope.spawn(move || {
                    let answer = server.verify_recovery_code(token, "0000-0000-0000-0000");
                    assert!([401, 503].contains(&answer.status), "{answer:?}");
                });
            }
        });
    };
    report(server, "recovery codes", &members, busy);
}

fn members(server: &TestServer) -> Vec<Member> {
    (0..MEMBERS).map(|nth| server.enrol(&format!("member{nth}"))).collect()
}

fn report(server: &TestServer, neighbour: &str, members: &[Member], busy: impl Fn() + Sync) {
    let before = measure(server, members, PART);
    let resident = resident_kib();
    let peak = AtomicUsize::new(resident);
    let beside = thread::scope(|scope| {
        let neighbour = scope.spawn(&busy);
        // What is measured is the waiting of all of them and not their arrival.
        thread::sleep(ARRIVAL);
        let times = measure_with(server, members, PART, || {
            peak.fetch_max(resident_kib(), Ordering::Relaxed);
        });
        neighbour.join().expect("the neighbour does not panic");
        times
    });
    let after = measure(server, members, PART);
    let alone = f64::midpoint(percentile(&before, 99), percentile(&after, 99));
    println!(
        "| {} | {neighbour} | {} | {} | {} | {:.2} | +{} MiB |",
        server.name(),
        shown(&before),
        shown(&beside),
        shown(&after),
        percentile(&beside, 99) / alone,
        peak.into_inner().saturating_sub(resident) / 1024,
    );
}

fn measure(server: &TestServer, members: &[Member], span: Duration) -> Vec<f64> {
    measure_with(server, members, span, || ())
}

/// How long verifications took, in milliseconds, sorted.
#[expect(clippy::disallowed_methods, reason = "a part of the measurement ends by time")]
fn measure_with(server: &TestServer, members: &[Member], span: Duration, each_lap: impl Fn()) -> Vec<f64> {
    let began = Instant::now();
    let mut all = Vec::new();
    while began.elapsed() < span {
        // Every app shows its next code.
        server.advance(30);
        let renewed: Vec<_> = members.iter().map(|it| (it, it.code(server.now()))).collect();
        let laps = thread::scope(|scope| {
            let share = renewed.chunks(MEMBERS.div_ceil(CLIENTS));
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

fn shown(sorted: &[f64]) -> String {
    format!("{:.1} / {:.1} of {}", percentile(sorted, 50), percentile(sorted, 99), sorted.len())
}

/// What this process, and so the server in it, has in memory.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
