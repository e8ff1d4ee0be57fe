//! The server itself: its threads, its bounds, its end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::header::HeaderName;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use mfa_infra::Mfa;
use mfa_infra::settings::{Locale, Settings};
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

use crate::client_ip::TrustedProxies;
use crate::edge::Edge;
use crate::i18n::Texts;
use crate::language::Language;
use crate::problem::ToldRates;
use crate::routes;

const WORKERS: usize = 2;
/// Connections of one worker; more wait to be accepted.
const MOST_CONNECTIONS: usize = 2048;
const BACKLOG: u32 = 1024;
/// How long the head of a request may take to arrive.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
/// How long a client may take to hang up, once told to.
const HANG_UP_PATIENCE: Duration = Duration::from_secs(2);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Seconds for calls that have begun, when the server is stopped.
const LAST_CALLS: u64 = 10;

/// A server that runs, on threads of its own. Dropping it stops it at once.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    handle: ServerHandle,
    ended: oneshot::Receiver<()>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Listens on this address; port 0 picks a free one.
///
/// # Errors
///
/// What the operating system says, such as that the port is taken.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    // A socket of tokio's, because the standard library's cannot be given a backlog.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    })
}

/// Serves on this listener, until it is stopped.
///
/// Neither signals nor the end of `mfa` are taken care of here: see [`Running::until_signalled`] and [`Mfa::stop`].
///
/// # Errors
///
/// [`io::ErrorKind::Unsupported`] where the settings ask for TLS, which a proxy has to do; otherwise what the
/// operating system says.
pub fn serve(mfa: Arc<Mfa>, listener: TcpListener) -> io::Result<Running> {
    if mfa.settings().server.tls.is_some() {
        let cure = "TLS_CERT and TLS_KEY are not served: put a proxy in front and set BEHIND_TLS_PROXY=true";
        return Err(io::Error::new(io::ErrorKind::Unsupported, cure));
    }
    let address = listener.local_addr()?;
    let edge = Arc::new(edge(&mfa)?);
    let (started, starting) = mpsc::sync_channel(1);
    let (ending, ended) = oneshot::channel();
    let thread = thread::Builder::new().name("http".to_owned()).spawn(move || {
        let outcome = rt::System::new().block_on(async move {
            let server = server(&mfa, &edge, listener)?;
            let _ = started.send(server.handle());
            server.await
        });
        let _ = ending.send(());
        outcome
    })?;
    match starting.recv() {
        Ok(handle) => Ok(Running { address, handle, ended, thread: Some(thread) }),
        // It ended before it began; how it ended says why.
        Err(_) => joined(thread).and_then(|()| Err(io::Error::other("the server did not start"))),
    }
}

fn server(mfa: &Arc<Mfa>, edge: &Arc<Edge>, listener: TcpListener) -> io::Result<Server> {
    let (mfa, edge) = (Arc::clone(mfa), Arc::clone(edge));
    let app = move || {
        let edge = Arc::clone(&edge);
        App::new()
            .app_data(Data::from(Arc::clone(&mfa)))
            .configure(|config| routes::configure(config, mfa.settings()))
            .wrap(from_fn(move |request, next| {
                let edge = Arc::clone(&edge);
                async move { edge.pass(request, next).await }
            }))
    };
    let server = HttpServer::new(app)
        .workers(WORKERS)
        .max_connections(MOST_CONNECTIONS)
        .client_request_timeout(HEAD_PATIENCE)
        .client_disconnect_timeout(HANG_UP_PATIENCE)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(LAST_CALLS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

fn edge(mfa: &Arc<Mfa>) -> io::Result<Edge> {
    let settings: &Settings = mfa.settings();
    let header = HeaderName::try_from(settings.server.trusted_proxy_header.as_str());
    let header = header.map_err(|_| io::Error::other("TRUSTED_PROXY_HEADER is no name of a header"))?;
    let texts = Texts::load().map_err(io::Error::other)?;
    let load = Arc::clone(mfa);
    Ok(Edge {
        proxies: TrustedProxies::new(settings.server.trusted_proxies.clone(), header),
        fallback: match settings.brand.locale {
            Locale::Fr => Language::French,
            Locale::En => Language::English,
        },
        texts: Arc::new(texts),
        over_tls: settings.server.behind_tls_proxy,
        rates: ToldRates::of(&settings.limits),
        entropy: Arc::clone(&mfa.flows().ports().entropy),
        overloaded: Box::new(move || load.overloaded()),
        droppable: mfa.telemetry().access(),
        log: mfa.telemetry().logger(),
    })
}

impl Running {
    /// Where it listens, with the port that was picked.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it: no new connections, ten seconds for the calls that have begun. Answers when all have ended.
    ///
    /// # Errors
    ///
    /// What ended the server, where that was not this call.
    pub fn stop(mut self) -> io::Result<()> {
        drop(self.handle.stop(true));
        self.join()
    }

    /// Runs until `SIGTERM` or `SIGINT`, then stops as [`stop`](Self::stop) does; calls `on_hangup` at each `SIGHUP`.
    ///
    /// # Errors
    ///
    /// What ended the server, where that was no signal.
    pub fn until_signalled(mut self, on_hangup: impl Fn()) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        runtime.block_on(crate::signals::told_to_stop(&mut self.ended, on_hangup))?;
        self.stop()
    }

    fn join(&mut self) -> io::Result<()> {
        self.thread.take().map_or(Ok(()), joined)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        // Whoever drops it does not ask how it ended.
        let _ = self.join();
    }
}

fn joined(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
}

#[cfg(test)]
mod tests;
