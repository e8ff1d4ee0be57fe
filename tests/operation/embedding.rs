//! Tests of opening the product inside another program.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::{FactorKind, Origin};
use mfa_flows::{
    AcceptedStages, AdminCall, FlowError, MethodState, Ports, SmsPorts, TokenKind, TotpImport,
    TotpImportOutcome, UserSelector,
};
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use nova_mfa_tests::Installation;

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

fn settings(installation: &Installation) -> Settings {
    let sources = Sources { dir: installation.folder().to_owned(), env: installation.settings().clone() };
    Settings::load(&sources).unwrap()
}

#[test]
fn an_async_main_opens_uses_stops_and_drops_it() {
    let installation = Installation::sqlite(&[]);
    for flavor in ["current thread", "multi thread"] {
        let runtime = match flavor {
            "current thread" => tokio::runtime::Builder::new_current_thread().enable_all().build(),
            _ => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        };
        runtime.unwrap().block_on(async {
            let mfa = Mfa::open(settings(&installation)).unwrap();
            let missing = mfa.flows().select(&UserSelector::Login("nobody".to_owned())).await;
            assert!(matches!(missing, Err(FlowError::NoSuchUser)), "{flavor}: {missing:?}");
            mfa.stop(Duration::from_secs(5));
            drop(mfa);
            let mfa = Mfa::open_admin(settings(&installation)).unwrap();
            drop(mfa);
        });
    }
}

#[test]
fn authenticator_apps_work_without_any_sms_adapter() {
    let installation = Installation::sqlite(&[]);
    let mfa = Mfa::open_adapted(settings(&installation), |ports| {
        let sms = SmsPorts::disabled(Arc::clone(&ports.clock), Arc::clone(&ports.entropy));
        Ports { sms, ..ports }
    });
    let mfa = mfa.unwrap();
    let flows = mfa.flows();
    let by = AdminCall { actor: "test".to_owned(), reason: None, origin: Origin::default() };
    let checked = mfa.block_on(async {
        let request = mfa_flows::NewUserRequest {
            email: "ada@example.com".to_owned(),
            username: "ada".to_owned(),
            full_name: None,
            password: mfa_core::SecretText::new("correct horse battery".to_owned()),
            is_superuser: false,
            mfa_enforced: true,
        };
        let user = flows.create_user(&by, request).await.unwrap();
        let secret = mfa_totp::import_secret(SECRET).unwrap();
        let imported =
            flows.import_totp(&by, TotpImport { user, app: secret.into(), user_is_new: false }).await;
        assert_eq!(imported.unwrap(), TotpImportOutcome::Done);
        let issued = flows.mint_token(&by, user, TokenKind::TwoFactors).await.unwrap();
        let token = issued.token.token;
        let open = || flows.open(Some(token.expose()), AcceptedStages::Any, Origin::default()).unwrap();
        let methods = flows.methods(&open()).await.unwrap();
        let state = |kind| methods.iter().find(|it| it.method == kind).map(|it| it.state);
        assert_eq!(state(FactorKind::Totp), Some(MethodState::Available));
        assert_eq!(state(FactorKind::Sms), Some(MethodState::NotEnrolled));
        let number = mfa_sms::PhoneNumber::parse("+33612345678", "FR").unwrap();
        flows.set_phone(&open(), number, mfa_sms::SmsLanguage::English).await.map(drop)
    });
    assert!(matches!(checked.unwrap(), Err(FlowError::MethodNotAvailable)));
    mfa.stop(Duration::from_secs(5));
}
