//! Settings that are accepted and refused.

use super::support::config;
use crate::{RelyingParty, RelyingPartyConfig, RelyingPartyError};

fn with(rp_id: &str, origins: &[&str]) -> Result<RelyingParty, RelyingPartyError> {
    let origins = origins.iter().map(|it| (*it).to_owned()).collect();
    RelyingParty::new(RelyingPartyConfig { rp_id: rp_id.to_owned(), origins, ..config() })
}

#[test]
fn an_origin_is_at_the_rp_id_or_below() {
    for origin in ["https://example.com", "https://a.b.example.com:8443", "https://login.example.com/"] {
        assert!(with("example.com", &[origin]).is_ok(), "{origin}");
    }
    for origin in ["https://example.net", "https://badexample.com", "https://com"] {
        let expected =
            RelyingPartyError::OriginOutsideRpId { origin: origin.into(), rp_id: "example.com".into() };
        assert_eq!(with("example.com", &[origin]).unwrap_err(), expected);
    }
    let rp = with("example.com", &["https://LOGIN.example.com:443/"]).unwrap();
    assert_eq!(rp.origins(), ["https://login.example.com"], "as browsers write it");
}

#[test]
fn an_rp_id_is_a_domain() {
    for ip in ["127.0.0.1", "[::1]", "0x7f.1"] {
        let expected = RelyingPartyError::RpIdIsIpAddress(ip.into());
        assert_eq!(with(ip, &["https://example.com"]).unwrap_err(), expected);
    }
    for bad in
        ["", "com", "Example.com", "example.com.", ".example.com", "https://example.com", "example.com:443"]
    {
        let expected = RelyingPartyError::RpIdNotDomain(bad.into());
        assert_eq!(with(bad, &["https://example.com"]).unwrap_err(), expected);
    }
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    for bad in [
        "login.example.com",
        "https://",
        "https://example.com/path",
        "https://example.com?",
        "https://user@example.com",
        "https://example.com#",
        "ftp://example.com",
        "android:apk-key-hash:abc",
    ] {
        assert_eq!(with("example.com", &[bad]).unwrap_err(), RelyingPartyError::NotAnOrigin(bad.into()));
    }
    let ip = "https://192.0.2.1";
    assert_eq!(with("example.com", &[ip]).unwrap_err(), RelyingPartyError::OriginIsIpAddress(ip.into()));
    assert_eq!(with("example.com", &[]).unwrap_err(), RelyingPartyError::NoOrigin);
    let nameless = RelyingParty::new(RelyingPartyConfig { rp_name: " ".to_owned(), ..config() });
    assert_eq!(nameless.unwrap_err(), RelyingPartyError::NoName);
}

#[test]
fn http_is_for_localhost_in_development() {
    let local = |origin: &str, rp_id: &str, allow_http_localhost| {
        RelyingParty::new(RelyingPartyConfig {
            rp_id: rp_id.to_owned(),
            origins: vec![origin.to_owned()],
            allow_http_localhost,
            ..config()
        })
    };
    let origin = "http://localhost:8080";
    assert!(local(origin, "localhost", true).is_ok());
    let insecure = |origin: &str| RelyingPartyError::InsecureOrigin(origin.into());
    assert_eq!(local(origin, "localhost", false).unwrap_err(), insecure(origin));
    let remote = "http://example.com";
    assert_eq!(local(remote, "example.com", true).unwrap_err(), insecure(remote));
}

#[test]
fn related_origins_may_be_outside_but_must_be_secure() {
    let related = |origin: &str| {
        RelyingParty::new(RelyingPartyConfig { related_origins: vec![origin.to_owned()], ..config() })
    };
    let rp = related("https://example.net").unwrap();
    assert_eq!(rp.related_origins(), ["https://example.net"]);
    assert_eq!(rp.origins(), ["https://login.example.com", "https://example.net"]);
    let insecure = "http://example.net";
    assert_eq!(related(insecure).unwrap_err(), RelyingPartyError::InsecureOrigin(insecure.into()));
}
