//! Measurements of TOTP verifications.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nova_mfa_tests::{Installation, redis_url};

use crate::Options;
use crate::bare::Bare;
use crate::generator::{verify, verify_with};
use crate::population::Population;
use crate::server::{BenchServer, program};
use crate::table::{COLUMNS, Measured, Table, median, rate};

/// The whole load comes from one address.
pub(crate) const UNLIMITED: [(&str, &str); 2] =
    [("MFA_RATE_LIMIT_MAX", "100000"), ("MFA_RATE_LIMIT_WINDOW", "1")];
/// Connections of a busy service, and of a very busy one.
const CONNECTIONS: [usize; 2] = [64, 256];
/// Clients of pgbench.
const BARE_CLIENTS: usize = 16;
/// Verifications a second that no server of two processors exceeds.
const MOST_A_SECOND: usize = 30_000;
/// Lets the first requests fill caches and pools before a measurement.
const WARM_UP: Duration = Duration::from_secs(1);

/// A build to measure.
#[derive(Clone, Debug)]
struct Build {
    name: &'static str,
    program: PathBuf,
}

fn builds(options: &Options) -> Vec<Build> {
    let built = Build { name: "this build", program: program("mfa-server") };
    let baseline = options.baseline.clone().map(|program| Build { name: "baseline", program });
    baseline.into_iter().chain([built]).collect()
}

/// Starts a server, warms it up and measures once.
pub(crate) fn once(
    program: &Path,
    installation: &Installation,
    population: &Arc<Population>,
    connections: usize,
    time: Duration,
) -> Measured {
    let server = BenchServer::start(program, installation);
    population.wait_for_codes(enough(WARM_UP + time));
    verify(&server, population, connections, WARM_UP);
    let measured = verify(&server, population, connections, time);
    eprintln!("  {connections} connections: {:.0}/s, {:.3} ms", measured.rate, measured.cpu_ms);
    measured
}

/// Returns more codes than a server verifies in this time.
pub(crate) fn enough(time: Duration) -> usize {
    MOST_A_SECOND * usize::try_from(time.as_secs()).unwrap_or(usize::MAX)
}

/// PostgreSQL beside `pgbench` in turn.
pub(crate) fn postgres(options: &Options) -> Table {
    let installation = Installation::postgres(&UNLIMITED);
    let population = Arc::new(Population::import(&installation, options.users));
    let bare = Bare::create(&installation, options.users);
    let mut table = Table::new("TOTP on PostgreSQL", &COLUMNS);
    for connections in CONNECTIONS {
        let builds = builds(options);
        let mut measured = vec![Vec::new(); builds.len()];
        let mut limit = Vec::new();
        for _ in 0..options.rounds {
            limit.push(bare.rate(BARE_CLIENTS, options.seconds));
            for (build, rounds) in builds.iter().zip(&mut measured) {
                rounds.push(once(&build.program, &installation, &population, connections, options.seconds));
            }
        }
        let limit = median(limit);
        for (build, rounds) in builds.iter().zip(&measured) {
            let beside = format!("{:.2} × pgbench ({limit:.0}/s)", rate(rounds) / limit);
            table.line(build.name, connections, rounds, &beside);
        }
    }
    table
}

/// SQLite, each build in turn.
pub(crate) fn sqlite(options: &Options) -> Table {
    let installation = Installation::sqlite(&UNLIMITED);
    let population = Arc::new(Population::import(&installation, options.users));
    let mut table = Table::new("TOTP on SQLite (synchronous=FULL)", &COLUMNS);
    let builds = builds(options);
    let mut measured = vec![Vec::new(); builds.len()];
    for _ in 0..options.rounds {
        for (build, rounds) in builds.iter().zip(&mut measured) {
            rounds.push(once(&build.program, &installation, &population, 64, options.seconds));
        }
    }
    let first = measured.first().map_or(f64::NAN, |it| rate(it));
    for (build, rounds) in builds.iter().zip(&measured) {
        table.line(build.name, 64, rounds, &format!("{:.2} × the first line", rate(rounds) / first));
    }
    table
}

/// Rate limits in Redis beside those in memory, in turn.
pub(crate) fn redis(options: &Options) -> Table {
    let without = Installation::postgres(&UNLIMITED);
    let population = Arc::new(Population::import(&without, options.users));
    let url = without.database().url().to_owned();
    let with =
        Installation::postgres_at(&url, &[&UNLIMITED[..], &[("REDIS_URL", redis_url().as_str())]].concat());
    let mut table = Table::new("Rate limits in Redis", &COLUMNS);
    let server = program("mfa-server");
    let (mut in_memory, mut in_redis) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        in_memory.push(once(&server, &without, &population, 64, options.seconds));
        in_redis.push(once(&server, &with, &population, 64, options.seconds));
    }
    table.line("limits in memory", 64, &in_memory, "");
    table.line(
        "limits in Redis",
        64,
        &in_redis,
        &format!("{:.2} × in memory", rate(&in_redis) / rate(&in_memory)),
    );
    table
}

/// A million users beside ten thousand, in turn.
pub(crate) fn million(options: &Options) -> Table {
    let installations = [Installation::postgres(&UNLIMITED), Installation::postgres(&UNLIMITED)];
    let populations: Vec<_> = installations
        .iter()
        .zip([10_000, 1_000_000])
        .map(|(installation, count)| Arc::new(Population::import(installation, count)))
        .collect();
    let mut table = Table::new("A million users", &COLUMNS);
    let server = program("mfa-server");
    let mut measured = [Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        for ((installation, population), rounds) in installations.iter().zip(&populations).zip(&mut measured)
        {
            // Ten thousand users have codes for a second only.
            rounds.push(once_short(&server, installation, population));
        }
    }
    let [few, many] = &measured;
    table.line("10,000 users", 64, few, "");
    table.line("1,000,000 users", 64, many, &format!("{:.2} × ten thousand", rate(many) / rate(few)));
    table
}

/// As [`once`], for users whose codes last for a second: waits for a new step first.
fn once_short(program: &Path, installation: &Installation, population: &Arc<Population>) -> Measured {
    let server = BenchServer::start(program, installation);
    population.wait_for_codes(usize::MAX);
    let time = Duration::from_millis(600);
    let measured = verify(&server, population, 64, time);
    eprintln!("  {:.0}/s", measured.rate);
    measured
}

/// Ten times as many connections as the best rate needs.
pub(crate) fn overload(options: &Options) -> Table {
    let installation = Installation::postgres(&UNLIMITED);
    let population = Arc::new(Population::import(&installation, options.users));
    let mut table = Table::new("Overload", &[&COLUMNS[..], &["refused/s", "memory before / after"]].concat());
    let server = BenchServer::start(&program("mfa-server"), &installation);
    verify(&server, &population, 256, WARM_UP);
    for connections in [256, 2_560, 5_120] {
        let before = server.memory("VmRSS");
        population.wait_for_codes(enough(options.seconds));
        let measured = verify_with(&server, &population, connections, options.seconds, true);
        table.cells(&format!(
            "one server | {connections} | {:.0} | {:.1} / {:.1} | {:.3} | | {:.0} | {before:.0} / {:.0} MiB",
            measured.rate,
            measured.percentile(50),
            measured.percentile(99),
            measured.cpu_ms,
            measured.refused as f64 / options.seconds.as_secs_f64(),
            server.memory("VmRSS"),
        ));
    }
    table
}

/// Memory after the start and under full load.
pub(crate) fn memory(options: &Options) -> Table {
    let installation = Installation::sqlite(&UNLIMITED);
    let population = Arc::new(Population::import(&installation, options.users));
    let mut table = Table::new("Memory of the server in MiB", &["when", "resident", "of it anonymous"]);
    for build in builds(options) {
        let server = BenchServer::start(&build.program, &installation);
        std::thread::sleep(Duration::from_secs(2));
        let idle = (server.memory("VmRSS"), server.memory("RssAnon"));
        population.wait_for_codes(enough(options.seconds));
        verify(&server, &population, 64, options.seconds);
        let loaded = (server.memory("VmRSS"), server.memory("RssAnon"));
        table.cells(&format!("{}, idle | {:.0} | {:.0}", build.name, idle.0, idle.1));
        table.cells(&format!("{}, after full load | {:.0} | {:.0}", build.name, loaded.0, loaded.1));
    }
    table
}
