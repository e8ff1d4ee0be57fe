//! Users with a TOTP secret, their tokens, and a fresh code for each request.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use mfa_core::{Origin, SecretBytes, Timestamp, UserId};
use mfa_flows::{AdminCall, TokenKind};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_totp::{Parameters, TimeStep};
use nova_mfa_tests::{Installation, JWT_SECRET};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::server::program;

/// Seconds of a time step.
const PERIOD: u64 = 30;

/// Users of an installation, and which code of each comes next.
#[derive(Debug)]
pub(crate) struct Population {
    users: Vec<BenchUser>,
    tokens: TokenSigner,
    /// The next user of the round.
    next: AtomicUsize,
    /// The next time step of each user. A code is used once, in the order of the steps.
    steps: Vec<Mutex<u64>>,
}

#[derive(Debug)]
struct BenchUser {
    id: i64,
    secret: SecretBytes,
}

impl Population {
    /// Imports this many users with `mfa-admin` and issues a token for each.
    pub(crate) fn import(installation: &Installation, count: usize) -> Self {
        eprintln!("importing {count} users into {} ...", installation.name);
        let mut csv = String::from("email,username,otpauth_uri\n");
        for nth in 0..count {
            let secret = BASE32_NOPAD.encode(&secret_of(nth));
            let uri = format!("otpauth://totp/Bench:bench{nth}?secret={secret}&issuer=Bench");
            writeln!(csv, "bench{nth}@example.com,bench{nth},{uri}").expect("a String takes all");
        }
        let file = installation.folder().join("users.csv");
        std::fs::write(&file, csv).expect("the folder takes a file");
        admin(installation, &["migrate", "up"]);
        admin(installation, &["import", "otpauth", "users.csv", "--create-users"]);
        let first = installation.number("SELECT MIN(id) FROM users WHERE username LIKE 'bench%'");
        let gaps =
            "SELECT COUNT(*) FROM users WHERE username LIKE 'bench%' AND username <> 'bench' || (id - {})";
        assert_eq!(installation.number(&gaps.replace("{}", &first.to_string())), 0, "ids are not in order");
        let tokens = TokenSigner::new(installation, first);
        let id = |nth| first + i64::try_from(nth).unwrap_or(0);
        let users = (0..count)
            .map(|nth| BenchUser { id: id(nth), secret: SecretBytes::new(secret_of(nth)) })
            .collect();
        let steps = (0..count).map(|_| Mutex::new(0)).collect();
        Self { users, tokens, next: AtomicUsize::new(0), steps }
    }

    /// Waits until at least this many codes are unused, if the users have so many in a window.
    pub(crate) fn wait_for_codes(&self, wanted: usize) {
        let wanted = wanted.min(self.users.len());
        loop {
            let (oldest, now) = window();
            let left = |step: &Mutex<u64>| {
                let next = (*step.lock().expect("nobody panics here")).max(oldest);
                (now + 1).saturating_sub(next)
            };
            let left: u64 = self.steps.iter().map(left).sum();
            if usize::try_from(left).unwrap_or(usize::MAX) >= wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Returns a new token of a user and a code that was not used before; `None` if every code of the window is used.
    pub(crate) fn take(&self) -> Option<(String, String)> {
        let (oldest, now) = window();
        for _ in 0..self.users.len() {
            let place = self.next.fetch_add(1, Ordering::Relaxed) % self.users.len();
            let (user, step) = (self.users.get(place)?, self.steps.get(place)?);
            let mut step = step.lock().expect("nobody panics here");
            let wanted = (*step).max(oldest);
            if wanted > now {
                continue;
            }
            *step = wanted + 1;
            let at = Timestamp::from_seconds(i64::try_from(wanted * PERIOD).unwrap_or(0));
            let code = TimeStep::at(at).code(&user.secret, Parameters::default()).expect("a time after 1970");
            return Some((self.tokens.sign(user.id), code.to_text().expose().to_owned()));
        }
        None
    }
}

/// Returns the oldest and the newest time step whose code is sent. One step back and one ahead are accepted: the step ahead
/// is left out, and the step back just before it ends.
fn window() -> (u64, u64) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let now = seconds / PERIOD;
    (if seconds % PERIOD < PERIOD - 2 { now.saturating_sub(1) } else { now }, now)
}

/// Runs `mfa-admin` of the release build.
pub(crate) fn admin(installation: &Installation, words: &[&str]) {
    admin_with_input(installation, words, "");
}

/// As [`admin`], with this text on standard input.
pub(crate) fn admin_with_input(installation: &Installation, words: &[&str], input: &str) {
    let mut child = Command::new(program("mfa-admin"))
        .args(words)
        .current_dir(installation.folder())
        .env_clear()
        .envs(installation.settings())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("mfa-admin starts");
    let mut stdin = child.stdin.take().expect("it was piped");
    stdin.write_all(input.as_bytes()).expect("mfa-admin reads its input");
    drop(stdin);
    assert!(child.wait().expect("it ends").success(), "mfa-admin {words:?}");
}

/// Returns the secret of a user: random enough for a benchmark, and the same in each run.
fn secret_of(nth: usize) -> Vec<u8> {
    Sha256::digest(nth.to_be_bytes()).into_iter().take(20).collect()
}

/// Signer of pending tokens like one that the product issued.
#[derive(Debug)]
struct TokenSigner {
    header: String,
    /// The claims around the user and the ID of the token.
    claims: [String; 3],
    is_user_first: bool,
    next: AtomicU64,
}

impl TokenSigner {
    /// Takes a token of the product as a pattern.
    fn new(installation: &Installation, user: i64) -> Self {
        let sources = Sources { dir: installation.folder().to_owned(), env: installation.settings().clone() };
        let mfa = Mfa::open(Settings::load(&sources).expect("good settings")).expect("the database opens");
        let operator = AdminCall { actor: "bench".to_owned(), reason: None, origin: Origin::default() };
        let minted = mfa.block_on(mfa.flows().mint_token(&operator, UserId::new(user), TokenKind::Pending));
        let minted = minted.expect("the runtime runs").expect("an existing user");
        let mut parts = minted.token.token.expose().split('.').map(str::to_owned);
        let (header, claims) = (parts.next().expect("a header"), parts.next().expect("claims"));
        let claims = String::from_utf8(BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64url"));
        let claims = claims.expect("JSON");
        let parsed: Value = serde_json::from_str(&claims).expect("JSON");
        let id = parsed.get("jti").and_then(Value::as_str).expect("an ID").to_owned();
        let (subject, id) = (format!("\"sub\":\"{user}\""), format!("\"jti\":\"{id}\""));
        let is_user_first = claims.find(&subject) < claims.find(&id);
        let (first, second) = if is_user_first { (subject, id) } else { (id, subject) };
        let (start, rest) = claims.split_once(&first).expect("a claim");
        let (middle, end) = rest.split_once(&second).expect("a claim");
        let claims = [start, middle, end].map(str::to_owned);
        Self { header, claims, is_user_first, next: AtomicU64::new(1) }
    }

    fn sign(&self, user: i64) -> String {
        let mut id = [0; 16];
        for (byte, source) in id.iter_mut().zip(self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes()) {
            *byte = source;
        }
        let subject = format!("\"sub\":\"{user}\"");
        let id = format!("\"jti\":\"{}\"", BASE64URL_NOPAD.encode(&id));
        let (first, second) = if self.is_user_first { (subject, id) } else { (id, subject) };
        let [start, middle, end] = &self.claims;
        let claims = [start, first.as_str(), middle, second.as_str(), end].concat();
        let signed = format!("{}.{}", self.header, BASE64URL_NOPAD.encode(claims.as_bytes()));
        let mac = Hmac::<Sha256>::new_from_slice(JWT_SECRET.as_bytes()).expect("HMAC takes any key");
        let mac = mac.chain_update(&signed).finalize().into_bytes();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac))
    }
}
