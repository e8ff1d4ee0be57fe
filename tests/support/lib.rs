//! Support library of the tests: servers, databases and programs.
//!
//! No test is skipped: a missing service panics with a message that names it. `scripts/test` starts all of them.
//!
//! Each test has its own server and database, with a free port and a random name, so that tests run in parallel. Shared
//! services are separated by names.

#![expect(clippy::panic, clippy::expect_used, reason = "a support function that fails ends its test")]
#![expect(clippy::missing_panics_doc, reason = "all of them panic on failure")]

mod admin;
mod answer;
mod binaries;
mod client;
mod forge;
mod installation;
mod member;
mod operations;
mod operator;
mod outbox_reader;
mod passkey;
mod port;
mod postgres;
mod process;
mod recording_gateway;
mod server;
mod servers;
mod sms_network;
mod smtp_server;
mod sqlite;
mod stores;
mod test_flows;
mod timing;
mod tls;

pub use admin::AdminAnswer;
pub use answer::{Answer, members};
pub use binaries::{admin_binary, authenticator_binary, server_binary};
pub use client::{Client, PendingRequest, Request};
pub use forge::{Forger, claims_of};
pub use installation::{ENCRYPTION_KEY, Installation, JWT_SECRET};
pub use member::Member;
pub use operations::Operation;
pub use port::free_port;
pub use postgres::PgDatabase;
pub use process::{ServerProcess, StartError};
pub use recording_gateway::RecordingGateway;
pub use server::TestServer;
pub use servers::{postgres_url, redis_url};
pub use sms_network::{Behaviour, Provider, ReceivedSend, SmsNetwork, TWILIO_TOKEN};
pub use smtp_server::{ReceivedMail, SmtpBehaviour, SmtpServer, SmtpTls};
pub use sqlite::SqliteDatabase;
pub use stores::{NOON, TestStore, add_user, on_every_adapter, test_keys};
pub use test_flows::{EnrolledUser, TestFlows};
pub use timing::{eventually, timed};
pub use tls::TestCertificate;
