//! Load generator: connections that are kept open, one request at a time on each.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::population::Population;
use crate::server::BenchServer;
use crate::table::Measured;

/// Sends verifications on this many connections for a time, and checks every response.
pub(crate) fn verify(
    server: &BenchServer,
    population: &Arc<Population>,
    connections: usize,
    time: Duration,
) -> Measured {
    verify_with(server, population, connections, time, false)
}

/// As [`verify`], for an overloaded server if `may_refuse`: a 503 with `Retry-After` is counted and the client waits 20 ms.
pub(crate) fn verify_with(
    server: &BenchServer,
    population: &Arc<Population>,
    connections: usize,
    time: Duration,
    may_refuse: bool,
) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let address = server.address;
    runtime.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let refused = Arc::new(AtomicUsize::new(0));
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.expect("the server accepts connections");
            stream.set_nodelay(true).expect("a TCP option");
            streams.push(stream);
        }
        let (cpu, began) = (server.cpu(), Instant::now());
        let clients: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                let client = Client { stream, received: Vec::with_capacity(4_096) };
                tokio::spawn(client.run(
                    Arc::clone(population),
                    Arc::clone(&stop),
                    Arc::clone(&refused),
                    may_refuse,
                ))
            })
            .collect();
        tokio::time::sleep(time).await;
        stop.store(true, Ordering::Relaxed);
        let mut latencies = Vec::new();
        for client in clients {
            latencies.extend(client.await.expect("a client does not panic"));
        }
        let refused = refused.load(Ordering::Relaxed);
        Measured::new(latencies, refused, began.elapsed(), server.cpu().saturating_sub(cpu))
    })
}

/// One connection.
struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    async fn run(
        mut self,
        population: Arc<Population>,
        stop: Arc<AtomicBool>,
        refused: Arc<AtomicUsize>,
        may_refuse: bool,
    ) -> Vec<u32> {
        let mut latencies = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let Some((token, code)) = population.take() else {
                // Every code of the window is used: the next step brings new ones.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let body = format!("{{\"code\":\"{code}\"}}");
            let request = format!(
                "POST /api/mfa/verify/totp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let began = Instant::now();
            let (status, text) = self.exchange(request.as_bytes()).await.expect("the server answers");
            match status {
                200 => latencies.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX)),
                503 if may_refuse && text.contains("\r\nretry-after: ") => {
                    refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                // A code that waited longer than the next one of its user is too old. It is not counted.
                401 if may_refuse && text.contains("invalid_code") => {}
                _ => panic!("unexpected response: {text}"),
            }
        }
        latencies
    }

    /// Sends a request and reads the whole response. Returns its status, and the text if it is not 200.
    async fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, String)> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let end = loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = end_of_response(&self.received) {
                break end;
            }
        };
        let response = self.received.get(..end).unwrap_or_default();
        if response.starts_with(b"HTTP/1.1 200 ") {
            return Ok((200, String::new()));
        }
        let text = String::from_utf8_lossy(response).into_owned();
        let status = text.get(9..12).and_then(|it| it.parse().ok()).unwrap_or_default();
        Ok((status, text))
    }
}

/// Returns the length of a response with `Content-Length`, if all of it is there.
fn end_of_response(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let lines = std::str::from_utf8(received.get(..head)?).ok()?.split("\r\n");
    let length = lines.filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    let end = head + length.unwrap_or(0);
    (received.len() >= end).then_some(end)
}
