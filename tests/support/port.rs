//! A port to listen on.

use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that Linux hands out for outgoing connections, so that none of those lands on one of ours.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A port of 127.0.0.1 that nobody listens on now, and that this process gives out once.
///
/// Another process may take it before the caller does: prefer port 0 wherever the listener tells which one it got.
///
/// It is found by knocking. Listening on port 0 and letting go would not do: a program that another test starts in
/// that moment inherits the socket until it runs, and holds the port for as long.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Processes start far apart: neighbouring process ids differ by a step that shares no factor with COUNT.
    let start = std::process::id().wrapping_mul(7_919);
    (0..COUNT)
        .map(|_| {
            FIRST
                .saturating_add(start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)).wrapping_rem(COUNT))
        })
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err())
        .expect("127.0.0.1 has a free port")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn ports_are_free_and_returned_once() {
        let ports: Vec<_> = (0..50).map(|_| free_port()).collect();
        let listeners: Result<Vec<_>, _> =
            ports.iter().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port))).collect();
        assert!(listeners.is_ok(), "{listeners:?}");
    }
}
