//! A port to listen on.

use std::net::{Ipv4Addr, TcpListener};

/// A port of 127.0.0.1 that nobody listens on now.
///
/// Somebody else may take it before the caller does: prefer port 0 wherever the listener tells which one it got.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("the system has a free port on 127.0.0.1")
        .port()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_listened_on() {
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).is_ok());
    }
}
