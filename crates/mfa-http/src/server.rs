//! The server itself: its threads, its bounds, its end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use futures::future::try_join_all;
use mfa_infra::Mfa;
use rustls::ServerConfig;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

use crate::extension::RouteExtension;
use crate::middleware::MiddlewareConfig;
use crate::openapi::OpenApiDocument;
use crate::routes::{self, RouteConfig};

const WORKERS: usize = 2;
/// Connections of one worker; more wait to be accepted.
const MOST_CONNECTIONS: usize = 2048;
/// The same on the address for operators, whom one worker serves.
const MOST_OPERATORS: usize = 64;
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
pub struct HttpServerHandle {
    address: SocketAddr,
    ops_address: Option<SocketAddr>,
    handles: Vec<ServerHandle>,
    ended: Option<oneshot::Receiver<()>>,
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

/// Serves the API and the routes of `extension` on this listener until it is stopped: over TLS if `tls` is given. If the
/// settings name an address for operators, health and metrics are served there in plain HTTP.
///
/// # Errors
///
/// An address for operators or a setting that cannot be used, which the error names, or the error of the operating
/// system.
pub fn serve(
    mfa: Arc<Mfa>,
    listener: TcpListener,
    tls: Option<ServerConfig>,
    extension: Option<Arc<dyn RouteExtension>>,
) -> io::Result<HttpServerHandle> {
    let settings = &mfa.settings().server;
    let operators = settings.ops_bind.map(listen_for_operators).transpose()?;
    let over_tls = tls.is_some() || settings.behind_tls_proxy;
    let address = listener.local_addr()?;
    let ops_address = operators.as_ref().map(TcpListener::local_addr).transpose()?;
    let doors = Listeners {
        middleware: Arc::new(MiddlewareConfig::new(&mfa, over_tls, extension.as_deref())?),
        listener,
        tls,
        // HSTS is not sent here: a browser told to return over TLS would find none.
        operators: operators
            .map(|it| Ok::<_, io::Error>((it, Arc::new(MiddlewareConfig::new(&mfa, false, None)?))))
            .transpose()?,
        extension,
    };
    let (started, starting) = mpsc::sync_channel(1);
    let (ending, ended) = oneshot::channel();
    let thread = thread::Builder::new().name("http".to_owned()).spawn(move || {
        let outcome = rt::System::new().block_on(async move {
            let servers = doors.open(&mfa)?;
            let _ = started.send(servers.iter().map(Server::handle).collect());
            try_join_all(servers).await.map(drop)
        });
        let _ = ending.send(());
        outcome
    })?;
    match starting.recv() {
        Ok(handles) => {
            Ok(HttpServerHandle { address, ops_address, handles, ended: Some(ended), thread: Some(thread) })
        }
        // It ended before it began; how it ended says why.
        Err(_) => joined(thread).and_then(|()| Err(io::Error::other("the server did not start"))),
    }
}

fn listen_for_operators(address: SocketAddr) -> io::Result<TcpListener> {
    listen(address).map_err(|error| {
        let sentence =
            format!("cannot listen on {address} ({error}): stop what listens there, or set MFA_OPS_BIND");
        io::Error::new(error.kind(), sentence)
    })
}

/// Where calls come in, and what each passes there.
struct Listeners {
    listener: TcpListener,
    middleware: Arc<MiddlewareConfig>,
    tls: Option<ServerConfig>,
    operators: Option<(TcpListener, Arc<MiddlewareConfig>)>,
    extension: Option<Arc<dyn RouteExtension>>,
}

impl Listeners {
    fn open(self, mfa: &Arc<Mfa>) -> io::Result<Vec<Server>> {
        let mut servers = vec![public(mfa, self.middleware, self.listener, self.tls, self.extension)?];
        if let Some((listener, middleware)) = self.operators {
            servers.push(operators(mfa, middleware, listener)?);
        }
        Ok(servers)
    }
}

fn public(
    mfa: &Arc<Mfa>,
    middleware: Arc<MiddlewareConfig>,
    listener: TcpListener,
    tls: Option<ServerConfig>,
    extension: Option<Arc<dyn RouteExtension>>,
) -> io::Result<Server> {
    let mfa = Arc::clone(mfa);
    let offered = RouteConfig::new(mfa.settings(), extension.is_some());
    let document = OpenApiDocument::from_routes(&routes::routes(offered), &middleware.reader())?;
    let document = Data::new(document);
    let app = move || {
        let (middleware, extension) = (Arc::clone(&middleware), extension.clone());
        App::new()
            .app_data(Data::from(Arc::clone(&mfa)))
            .app_data(document.clone())
            .configure(|config| {
                if let Some(extension) = extension {
                    extension.configure(config);
                    extension.configure_entry_points(config);
                }
            })
            .configure(|config| routes::configure(config, offered))
            .wrap(from_fn(move |request, next| {
                let middleware = Arc::clone(&middleware);
                async move { middleware.pass(request, next).await }
            }))
    };
    let server = HttpServer::new(app)
        .workers(WORKERS)
        .max_connections(MOST_CONNECTIONS)
        .client_request_timeout(HEAD_PATIENCE)
        .client_disconnect_timeout(HANG_UP_PATIENCE)
        .tls_handshake_timeout(HEAD_PATIENCE)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(LAST_CALLS)
        .disable_signals();
    let server = match tls {
        Some(config) => server.listen_rustls_0_23(listener, config)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

fn operators(mfa: &Arc<Mfa>, middleware: Arc<MiddlewareConfig>, listener: TcpListener) -> io::Result<Server> {
    let mfa = Arc::clone(mfa);
    let app = move || {
        let middleware = Arc::clone(&middleware);
        App::new().app_data(Data::from(Arc::clone(&mfa))).configure(routes::configure_for_operators).wrap(
            from_fn(move |request, next| {
                let middleware = Arc::clone(&middleware);
                async move { middleware.pass(request, next).await }
            }),
        )
    };
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(MOST_OPERATORS)
        .client_request_timeout(HEAD_PATIENCE)
        .client_disconnect_timeout(HANG_UP_PATIENCE)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(LAST_CALLS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

impl HttpServerHandle {
    /// Where it listens, with the port that was picked.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators find it, with the port that was picked; `None` where they come to the same address as all.
    pub const fn ops_address(&self) -> Option<SocketAddr> {
        self.ops_address
    }

    /// Stops it: no new connections, ten seconds for the calls that have begun. Answers when all have ended.
    ///
    /// # Errors
    ///
    /// What ended the server, where that was not this call.
    pub fn stop(mut self) -> io::Result<()> {
        self.tell_to_stop(true);
        self.join()
    }

    /// Takes the receiver that completes when the server has ended by itself; `None` after the first call.
    pub const fn take_ended(&mut self) -> Option<oneshot::Receiver<()>> {
        self.ended.take()
    }

    /// The command is sent before the answer to it is waited for.
    fn tell_to_stop(&self, gracefully: bool) {
        for handle in &self.handles {
            drop(handle.stop(gracefully));
        }
    }

    fn join(&mut self) -> io::Result<()> {
        self.thread.take().map_or(Ok(()), joined)
    }
}

impl Drop for HttpServerHandle {
    fn drop(&mut self) {
        self.tell_to_stop(false);
        // Whoever drops it does not ask how it ended.
        let _ = self.join();
    }
}

fn joined(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
}

#[cfg(test)]
mod tests;
