//! Where a request goes: scheme, host and port, which is what credentials are bound to.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use url::Url;

/// The scheme, host and port of an address (RFC 6454).
///
/// Displays as `https://host:port`, without a port that is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Origin {
    /// How the host is spoken to.
    pub(crate) scheme: Scheme,
    /// The name or IP address in lower case, an IPv6 address without its brackets.
    pub(crate) host: String,
    /// The port, the scheme's own where the address names none.
    pub(crate) port: u16,
}

impl Origin {
    /// The origin of `address`; `None` if that is not http or https.
    pub(crate) fn of(address: &Url) -> Option<Self> {
        let scheme = match address.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let host = address.host_str()?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let port = address.port_or_known_default()?;
        Some(Self { scheme, host: bare.to_ascii_lowercase(), port })
    }

    /// Whether the host is this very machine by name or address.
    ///
    /// The unspecified addresses count: connecting to them reaches the machine itself on Linux.
    pub(crate) fn is_loopback(&self) -> bool {
        if let Some(ip) = self.ip() {
            return ip.is_loopback() || ip.is_unspecified();
        }
        let name = self.host.strip_suffix('.').unwrap_or(&self.host);
        name == "localhost" || name.ends_with(".localhost")
    }

    /// Whether the host is a link-local address, where clouds serve their machines' credentials.
    pub(crate) fn is_link_local(&self) -> bool {
        match self.ip() {
            Some(IpAddr::V4(ip)) => ip.is_link_local(),
            Some(IpAddr::V6(ip)) => ip.is_unicast_link_local(),
            None => false,
        }
    }

    /// Whether `other` is on the same host, on whatever port and by whatever scheme.
    pub(crate) fn same_host(&self, other: &Self) -> bool {
        self.host == other.host
    }

    /// The host as an IP address; one of IPv4 written as IPv6 (`::ffff:a.b.c.d`) is one of IPv4.
    fn ip(&self) -> Option<IpAddr> {
        self.host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brackets = self.host.parse::<Ipv6Addr>().is_ok();
        let (open, close) = if brackets { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}", self.scheme.name(), self.host)?;
        if self.port == self.scheme.port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// How a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Scheme {
    /// In plain text.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The name as addresses have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that need not be named.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Whether both addresses have one origin; never, if one of them is not http or https.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    Origin::of(one).is_some_and(|origin| Some(origin) == Origin::of(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<Origin> {
        Origin::of(&text.parse().unwrap())
    }

    #[test]
    fn an_origin_prints_without_what_need_not_be_named() {
        for (address, printed) in [
            ("https://Quay.IO/v2/", Some("https://quay.io")),
            ("https://quay.io:443/", Some("https://quay.io")),
            ("http://quay.io:443/", Some("http://quay.io:443")),
            ("https://u:p@[::1]:5000/?q#f", Some("https://[::1]:5000")),
            ("http://0x7f.1/", Some("http://127.0.0.1")),
            ("file:///etc/passwd", None),
            ("ftp://quay.io/", None),
            ("data:text/plain,x", None),
        ] {
            assert_eq!(origin(address).map(|o| o.to_string()).as_deref(), printed, "{address}");
        }
    }

    #[test]
    fn hosts_of_the_machine_and_of_the_link_are_known_in_every_spelling() {
        let [none, loopback, link] = [(false, false), (true, false), (false, true)];
        for (address, expected) in [
            ("http://localhost:5000/", loopback),
            ("http://LOCALHOST./", loopback),
            ("http://a.localhost/", loopback),
            ("http://127.9.8.7/", loopback),
            ("http://2130706433/", loopback),
            ("http://0.0.0.0/", loopback),
            ("http://[::]/", loopback),
            ("http://[::1]/", loopback),
            ("http://[::ffff:127.0.0.1]/", loopback),
            ("http://169.254.169.254/", link),
            ("http://0xa9fea9fe/", link),
            ("http://[fe80::1]/", link),
            ("http://[febf::1]/", link),
            ("http://[::ffff:169.254.169.254]/", link),
            ("http://notlocalhost/", none),
            ("http://localhost.example.com/", none),
            ("http://127.0.0.1.example.com/", none),
            ("http://10.0.0.1/", none),
            ("http://[fec0::1]/", none),
        ] {
            let origin = origin(address).unwrap();
            assert_eq!((origin.is_loopback(), origin.is_link_local()), expected, "{address}");
        }
    }

    #[test]
    fn origins_differ_by_scheme_host_and_port() {
        let base: Url = "https://quay.io/a".parse().unwrap();
        for (other, expected) in [
            ("https://QUAY.io:443/b?c", true),
            ("http://quay.io/a", false),
            ("https://quay.io:8443/a", false),
            ("https://cdn.quay.io/a", false),
            ("file:///a", false),
        ] {
            assert_eq!(same_origin(&base, &other.parse().unwrap()), expected, "{other}");
        }
        let file: Url = "file:///a".parse().unwrap();
        assert!(!same_origin(&file, &file));
    }
}
