//! Which address a request comes from: the other end of its connection, or what a proxy says that the deployment trusts.

use std::net::IpAddr;

use axum::http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Most proxies that a request is followed through.
const MOST_PROXIES: usize = 16;

/// The other end of a connection; the accept loop puts it into every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl ClientAddress {
    /// Where a request comes from. Each trusted proxy adds the address it was asked from at the end of
    /// `X-Forwarded-For`: the last one that is no trusted proxy's is the client's; what stands before may be invented.
    pub(super) fn of(
        extensions: &Extensions,
        headers: &HeaderMap,
        trusted: &[IpNet],
    ) -> Option<IpAddr> {
        let Self(peer) = *extensions.get::<Self>()?;
        let mut client = peer.to_canonical();
        let lines = headers.get_all(X_FORWARDED_FOR).iter();
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let mut named = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for _ in 0..MOST_PROXIES {
            if !is_within(trusted, client) {
                break;
            }
            match named.next().map(|address| address.trim().parse::<IpAddr>()) {
                Some(Ok(address)) => client = address.to_canonical(),
                Some(Err(_)) | None => break,
            }
        }
        Some(client)
    }
}

/// Whether one of some networks has an address.
pub(crate) fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ClientAddress(peer.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        ClientAddress::of(&extensions, &headers, &trusted)
            .unwrap()
            .to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_where_a_request_comes_from() {
        assert_eq!(client("192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        // What the client itself wrote stands before what the proxy added.
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9, 198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9", "198.51.100.7, 10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(client("10.0.0.1", &["198.51.100.7, nonsense"]), "10.0.0.1");
        assert_eq!(client("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }
}
