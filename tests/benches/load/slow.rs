//! TOTP verifications beside work that takes a processor for long: signatures of passkeys, and password hashes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{Client, Installation};
use serde_json::{Value, json};

use crate::Options;
use crate::generator::verify;
use crate::population::{Population, admin_with_input};
use crate::scenario::{UNLIMITED, enough};
use crate::server::{BenchServer, program};
use crate::table::{COLUMNS, Table};

/// Origin of the pages in development.
const ORIGIN: &str = "http://localhost:8200";
/// Clients of the slow work.
const CLIENTS: usize = 4;
/// Connections of the TOTP verifications beside it.
const CONNECTIONS: usize = 64;

/// Passkey verifications alone, then beside TOTP.
pub(crate) fn passkeys(options: &Options) -> Table {
    beside(options, "Passkeys beside TOTP", "passkeys", |client, nth| {
        let (mut token, mut device) = passkey_user(client, nth);
        Box::new(move || {
            let started = post(client, "/api/mfa/verify/passkey/start", &token, None);
            let options = started.get("options").expect("options").to_string();
            let assertion = device.authenticate(&options, ORIGIN).expect("an allowed credential");
            let assertion: Value = serde_json::from_str(&assertion).expect("JSON");
            let verified =
                post(client, "/api/mfa/verify/passkey", &token, Some(json!({ "credential": assertion })));
            // It replaces the token.
            token = text(&verified, "access_token");
        })
    })
}

/// Logins with a password (Argon2id) alone, then beside TOTP.
pub(crate) fn passwords(options: &Options) -> Table {
    beside(options, "Passwords beside TOTP", "logins", |client, nth| {
        Box::new(move || {
            let name = format!("slow{nth}");
            let answer = client
                .post("/api/auth/login")
                .json(&json!({ "username": name, "password": PASSWORD }))
                .send();
            assert!([200, 503].contains(&answer.status), "{answer:?}");
        })
    })
}

const PASSWORD: &str = "a long password of a benchmark";

type Work = Box<dyn FnMut() + Send>;

/// Measures slow work alone, TOTP alone, and both together.
fn beside(options: &Options, title: &str, what: &str, work: impl Fn(Client, usize) -> Work + Sync) -> Table {
    let installation = Installation::postgres(&UNLIMITED);
    let population = Arc::new(Population::import(&installation, options.users));
    for nth in 0..CLIENTS {
        let name = format!("slow{nth}");
        let email = format!("{name}@example.com");
        let words = ["user", "create", "--email", &email, "--username", &name, "--password-stdin"];
        admin_with_input(&installation, &words, PASSWORD);
    }
    let server = BenchServer::start(&program("mfa-server"), &installation);
    let client = Client::new(server.address).named("localhost:8200");
    let mut works: Vec<Work> = (0..CLIENTS).map(|nth| work(client, nth)).collect();
    let wait = || population.wait_for_codes(enough(options.seconds));
    let totp = || verify(&server, &population, CONNECTIONS, options.seconds);
    let mut table = Table::new(title, &COLUMNS);
    wait();
    totp();
    wait();
    let alone = totp();
    let (slow_alone, ()) = during(&mut works, || std::thread::sleep(options.seconds));
    wait();
    let (slow_beside, together) = during(&mut works, totp);
    let per_second = |count: usize| count as f64 / options.seconds.as_secs_f64();
    let (p99, p99_beside) = (alone.percentile(99), together.percentile(99));
    table.line("TOTP alone", CONNECTIONS, &[alone], "");
    let ratio = format!("p99 {:.2} × alone", p99_beside / p99);
    table.line("TOTP beside", CONNECTIONS, &[together], &ratio);
    table.cells(&format!("{what} alone | {CLIENTS} | {:.0} | | |", per_second(slow_alone)));
    table.cells(&format!("{what} beside TOTP | {CLIENTS} | {:.0} | | |", per_second(slow_beside)));
    table
}

/// Repeats the slow work until `measure` returns. Returns how often it was done.
fn during<T>(works: &mut [Work], measure: impl FnOnce() -> T) -> (usize, T) {
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let measured = std::thread::scope(|scope| {
        for work in works {
            let (stop, done) = (&stop, &done);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    work();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let measured = measure();
        stop.store(true, Ordering::Relaxed);
        measured
    });
    (done.into_inner(), measured)
}

/// Logs a user in and registers a passkey. Returns the token and the authenticator.
fn passkey_user(client: Client, nth: usize) -> (String, SoftwareAuthenticator) {
    let name = format!("slow{nth}");
    let login =
        client.post("/api/auth/login").json(&json!({ "username": name, "password": PASSWORD })).send().ok();
    let token = text(&login, "access_token");
    let mut device = SoftwareAuthenticator::new(nth as u64);
    let started = post(client, "/api/mfa/passkeys/register/start", &token, None);
    let options = started.get("options").expect("options").to_string();
    let created = device.register(&options, ORIGIN).expect("a new credential");
    let created: Value = serde_json::from_str(&created).expect("JSON");
    let finished =
        post(client, "/api/mfa/passkeys/register/finish", &token, Some(json!({ "credential": created })));
    (text(&finished, "access_token"), device)
}

fn post(client: Client, path: &str, token: &str, body: Option<Value>) -> Value {
    let request = client.post(path).bearer(token);
    match body {
        Some(body) => request.json(&body).send().ok(),
        None => request.send().ok(),
    }
}

fn text(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {object}")).to_owned()
}
