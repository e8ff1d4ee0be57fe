//! Client address behind trusted proxies.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Trusted proxies and the header in which they forward the client address.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    header: HeaderName,
}

impl TrustedProxies {
    /// Creates the list from networks and the header that each proxy appends to.
    pub(crate) const fn new(networks: Vec<IpNet>, header: HeaderName) -> Self {
        Self { networks, header }
    }

    /// Returns the client address: the peer, or behind a trusted proxy the right-most address of the header that is not a
    /// trusted proxy.
    ///
    /// An element that is not an address ends the search, because no trusted proxy wrote the elements to its left. The
    /// last proxy read is then the client.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines: Vec<_> = headers.get_all(&self.header).collect();
        let mut elements = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        while self.trusts(client) {
            match elements.next().and_then(address) {
                Some(before) => client = before,
                None => break,
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// Parses an address as proxies write it: bare, with a port, or in brackets.
fn address(element: &str) -> Option<IpAddr> {
    let element = element.trim_matches([' ', '\t']);
    let bracketed = || element.strip_prefix('[')?.strip_suffix(']')?.parse().map(IpAddr::V6).ok();
    let bare = element.parse::<IpAddr>().ok();
    let address = bare.or_else(bracketed).or_else(|| element.parse().ok().map(|it: SocketAddr| it.ip()));
    address.map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|it| it.parse().unwrap());
        TrustedProxies::new(networks.to_vec(), HeaderName::from_static("x-forwarded-for"))
    }

    fn client(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        proxies().client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_header_of_an_untrusted_peer_is_ignored() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn behind_proxies_the_right_most_untrusted_address_is_the_client() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.2.3.4"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "198.51.100.7 ,\t10.2.3.4"]), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn a_proxy_without_a_forwarded_client_is_the_client() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn ports_and_brackets_are_parsed() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7:443"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["2001:db8::7, [2001:db8:ffff::1]:1"]), "2001:db8::7");
    }

    #[test]
    fn an_invalid_address_ends_the_search_at_the_last_proxy() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["198.51.100.7,"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7", "é"]), "10.0.0.1");
    }

    #[test]
    fn no_other_header_is_read() {
        let mut headers = HeaderMap::new();
        for name in ["forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("198.51.100.7"));
        }
        assert_eq!(proxies().client("10.0.0.1".parse().unwrap(), &headers).to_string(), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn a_forged_header_never_changes_the_address_that_a_proxy_appended(forged in "[ -~]{0,80}") {
            prop_assert_eq!(client("10.0.0.1", &[&forged, "198.51.100.7"]), "198.51.100.7");
            prop_assert_eq!(client("10.0.0.1", &[&format!("{forged},198.51.100.7")]), "198.51.100.7");
            prop_assert_eq!(client("192.0.2.1", &[&forged]), "192.0.2.1");
        }
    }
}
