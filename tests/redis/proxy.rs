//! TCP proxy that can be slowed down or cut.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Proxy that forwards connections until the process ends.
pub(super) struct Proxy {
    port: u16,
    line: Arc<Line>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Delays all data by this long.
    Slow(Duration),
    /// Closes all connections.
    Cut,
}

struct Line {
    state: Mutex<State>,
    changed: Condvar,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Starts a proxy to this port of 127.0.0.1.
    pub(super) fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line {
            state: Mutex::new(State::Whole),
            changed: Condvar::new(),
            open: Mutex::default(),
        });
        let of_thread = line.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                of_thread.connect(&stream.unwrap(), port);
            }
        });
        Self { port: own_port, line }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Delays all data by this long from now on, in both directions.
    pub(super) fn slow_down(&self, delay: Duration) {
        self.line.set(State::Slow(delay));
    }

    /// Closes all open and new connections.
    pub(super) fn cut(&self) {
        self.line.set(State::Cut);
        for stream in self.line.open.lock().unwrap().drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Forwards without delay again.
    pub(super) fn restore(&self) {
        self.line.set(State::Whole);
    }
}

impl Line {
    fn set(&self, state: State) {
        *self.state.lock().unwrap() = state;
        self.changed.notify_all();
    }

    fn connect(self: &Arc<Self>, client: &TcpStream, port: u16) {
        if *self.state.lock().unwrap() == State::Cut {
            return;
        }
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        for (from, to) in [(client, &server), (&server, client)] {
            let (from, to, line) = (from.try_clone().unwrap(), to.try_clone().unwrap(), self.clone());
            self.open.lock().unwrap().push(from.try_clone().unwrap());
            std::thread::spawn(move || line.forward(from, to));
        }
    }

    fn forward(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if !self.pass() || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Both));
    }

    /// Waits for the delay. Returns whether the connection is still open.
    fn pass(&self) -> bool {
        let state = self.state.lock().unwrap();
        let now = *state;
        match now {
            State::Whole => true,
            State::Cut => false,
            State::Slow(delay) => {
                let waited = self.changed.wait_timeout_while(state, delay, |state| *state == now);
                *waited.unwrap().0 != State::Cut
            }
        }
    }
}
