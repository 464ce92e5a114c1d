//! Which addresses somebody else may send us to: the endpoints of webhooks, the official sites that people name. Pure: no lookup and no
//! connection happens here; the same rules are asked again for every resolved address at connect time (`guarded_resolver.rs`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Longest address accepted, bytes.
const MAX_URL: usize = 2048;

/// Networks of the IANA IPv4 special-purpose registry (RFC 6890 and later) plus multicast: never anybody's public server.
const SPECIAL_V4: [(Ipv4Addr, u32); 18] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Networks inside 2000::/3 that are not ordinary public addresses: protocol assignments with Teredo, documentation (two),
/// 6to4 (which can carry a private IPv4 address), AS112.
const SPECIAL_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Names that mean this machine or this network by agreement (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`).
const LOCAL_SUFFIXES: [&str; 6] = ["localhost", "local", "internal", "localdomain", "lan", "home.arpa"];

/// Whether we may connect to `ip`. Everything not known to be ordinary public unicast is refused, IPv4-mapped and NAT64
/// spellings of IPv4 included.
pub(super) fn may_connect(ip: IpAddr, allow_loopback: bool) -> bool {
    if allow_loopback && ip.is_loopback() {
        return true;
    }
    match ip {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|(net, bits)| v4.to_bits() >> (32 - bits) == net.to_bits() >> (32 - bits)),
        IpAddr::V6(v6) => {
            let special = SPECIAL_V6.iter().any(|(net, bits)| v6.to_bits() >> (128 - bits) == net.to_bits() >> (128 - bits));
            v6.segments()[0] >> 13 == 1 && !special
        }
    }
}

/// Checks an address as far as that goes without a lookup: when it is named, and again before every request. `what` names the field
/// in the error. `allow_loopback` is for development: it permits `http` and `https` to this machine besides.
///
/// # Errors
/// A sentence for whoever named it, saying what to change.
pub(super) fn parse(text: &str, what: &str, allow_loopback: bool) -> Result<Url, String> {
    // Parsers repair these silently, each in its own way; an address that needs repair is refused (WHATWG URL, "validation errors").
    if text.len() > MAX_URL || text.bytes().any(|b| b <= b' ' || b == 0x7f || b == b'\\') {
        return Err(format!("{what} must be at most {MAX_URL} bytes without spaces, control characters and backslashes"));
    }
    let url = Url::parse(text).map_err(|e| format!("{what} is not an address: {e}"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(format!("{what} must begin with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(format!("{what} must not carry a user name or password"));
    }
    if url.fragment().is_some() {
        return Err(format!("{what} must not have a fragment (#…)"));
    }
    let loopback = check_host(&url, allow_loopback).map_err(|why| format!("{what} {why}"))?;
    if url.scheme() == "http" && !loopback {
        return Err(format!("{what} must begin with https://"));
    }
    // Services that speak before TLS live on the low ports; nothing of ours has business there.
    if !loopback && url.port().is_some_and(|p| p < 1024 && p != 443) {
        return Err(format!("{what} must use port 443 or a port from 1024 up"));
    }
    Ok(url)
}

/// The part between `//` and the path as written, before any parser dropped an empty user name from it.
fn authority(text: &str) -> &str {
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// Whether the host is this machine; an error when it is one we never connect to.
fn check_host(url: &Url, allow_loopback: bool) -> Result<bool, &'static str> {
    // The parser has already turned decimal, octal, hexadecimal and short spellings of IPv4 into an address.
    let ip: IpAddr = match url.host() {
        None => return Err("has no host"),
        Some(Host::Ipv4(ip)) => ip.into(),
        Some(Host::Ipv6(ip)) => ip.into(),
        Some(Host::Domain(name)) => return check_name(name, allow_loopback),
    };
    if may_connect(ip, allow_loopback) {
        Ok(ip.is_loopback())
    } else {
        Err("must be a public address: private, loopback, link-local and reserved networks are never called")
    }
}

fn check_name(name: &str, allow_loopback: bool) -> Result<bool, &'static str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_under = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if is_under("localhost") && allow_loopback {
        return Ok(true);
    }
    if !name.contains('.') || LOCAL_SUFFIXES.iter().any(|s| is_under(s)) {
        return Err("must have a public host name: names of a local network are never called");
    }
    Ok(false)
}
