//! Free TCP ports.

use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};

/// First port, below the range that Linux uses for outgoing connections.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// Returns a port of 127.0.0.1 without a listener, which this process returns only once.
///
/// Another process may use it before the caller does: prefer port 0 if the listener reports its port.
///
/// The port is found by connecting to it. Listening on port 0 and closing the socket is not reliable: a program that
/// another test starts at that moment inherits the socket until it runs, and keeps the port in use.
pub fn free_port() -> u16 {
    static RETURNED: AtomicU32 = AtomicU32::new(0);
    // Processes start far apart: neighbouring process ids differ by a step that shares no factor with COUNT.
    let start = std::process::id().wrapping_mul(7_919);
    (0..COUNT)
        .map(|_| {
            FIRST.saturating_add(
                start.wrapping_add(RETURNED.fetch_add(1, Ordering::Relaxed)).wrapping_rem(COUNT),
            )
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
