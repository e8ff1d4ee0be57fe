//! Own SMS gateway in place of the providers of the settings.
//!
//! ```sh
//! cargo run -p nova-mfa-examples --example own_sms_gateway
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mfa_core::{BoxFuture, Origin};
use mfa_flows::{AcceptedStages, AdminCall, Flows, Ports, SmsPorts, TokenKind, UserSelector};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_infra::sms::TokioSleep;
use mfa_sms::{PhoneNumber, SendOutcome, SmsCode, SmsGateway, SmsLanguage, SmsMessage, SmsSender};
use tokio::runtime::{Handle, Runtime};

#[expect(clippy::print_stdout, reason = "the result is for the user who started the program")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    println!("{}", run(folder.path())?);
    Ok(())
}

/// Opens an empty database in this directory, confirms a phone number and returns the result as text.
pub(crate) fn run(dir: &Path) -> Result<String, Box<dyn Error>> {
    let sources = Sources { dir: dir.to_owned(), env: BTreeMap::new() };
    let runtime = Runtime::new()?;
    let gateway = Arc::new(OurGateway::default());
    let mfa = Mfa::open_adapted(Settings::load(&sources)?, |ports| {
        with_gateway(ports, gateway.clone(), runtime.handle().clone())
    })?;
    let result = mfa.block_on(confirm_phone(mfa.flows(), &gateway));
    mfa.stop(Duration::from_secs(10));
    result?
}

/// Gateway of the company. This one keeps the last message; a real one calls its network with a deadline.
#[derive(Debug, Default)]
struct OurGateway {
    last: Mutex<Option<SmsMessage>>,
}

impl SmsGateway for OurGateway {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        Box::pin(async move {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.clone());
            // After a timeout return `Unknown`: another gateway is tried only if certainly nothing was sent.
            SendOutcome::Accepted { id: "message-1".to_owned() }
        })
    }
}

/// Returns the ports with this gateway alone. Failover, budgets, single use and audit stay the same.
fn with_gateway(ports: Ports, gateway: Arc<dyn SmsGateway>, runtime: Handle) -> Ports {
    let pause = Arc::new(TokioSleep::new(runtime));
    let sender = SmsSender::new([gateway], Arc::clone(&ports.clock), pause, Arc::clone(&ports.entropy));
    Ports { sms: SmsPorts { sender: Arc::new(sender), ..ports.sms }, ..ports }
}

/// Adds a phone number to the demo user, which exists in development, and confirms it with the code that was sent.
async fn confirm_phone(flows: &Flows, gateway: &OurGateway) -> Result<String, Box<dyn Error>> {
    let user = flows.select(&UserSelector::Login("demo".to_owned())).await?;
    let by = AdminCall { actor: "example".to_owned(), reason: None, origin: Origin::default() };
    let minted = flows.mint_token(&by, user, TokenKind::OneFactor).await?;
    let call = flows.open(Some(minted.token.token.expose()), AcceptedStages::Access, Origin::default())?;

    let number = PhoneNumber::parse("06 12 34 56 78", "FR")?;
    let sent = flows.set_phone(&call, number, SmsLanguage::English).await?;
    let message = gateway.last.lock().unwrap_or_else(PoisonError::into_inner).take();
    let message = message.ok_or("the gateway received no message")?;
    let mut words = message.text.expose().split(|letter: char| !letter.is_ascii_digit());
    let code = SmsCode::parse(words.find(|word| word.len() == 6).ok_or("the message has no code")?)?;
    let confirmed = flows.confirm_phone(&call, code).await?;

    let gateways: Vec<_> = flows.sms_sender().gateways().collect();
    Ok(format!("sent by {} to {}\nconfirmed {}", gateways.join(", "), sent.phone, confirmed.phone))
}
