//! A range of addresses in CIDR form, for lists of trusted proxies.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of IP addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no address and no CIDR range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an address or a CIDR range such as 10.0.0.0/8 (the bits after the prefix must be zero)")]
pub struct NotANetwork;

impl Network {
    /// Whether `address` lies in the range. An IPv4 address that arrives in its IPv6 form (`::ffff:10.0.0.1`) is taken as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (net, net_bits) = bits(self.address);
        let (ip, ip_bits) = bits(address.to_canonical());
        net_bits == ip_bits && masked(ip, ip_bits, self.prefix) == net
    }
}

fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(a) => (u128::from(a.to_bits()), 32),
        IpAddr::V6(a) => (a.to_bits(), 128),
    }
}

fn masked(address: u128, width: u8, prefix: u8) -> u128 {
    let host = u32::from(width - prefix);
    address.checked_shr(host).and_then(|a| a.checked_shl(host)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let (value, width) = bits(address);
        let prefix = prefix.map_or(Ok(width), str::parse).map_err(|_| NotANetwork)?;
        if prefix > width || masked(value, width, prefix) != value {
            return Err(NotANetwork);
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_its_range_and_nothing_else() {
        let has = |net: &str, ip: &str| net.parse::<Network>().unwrap().contains(ip.parse().unwrap());
        assert!(has("10.0.0.0/8", "10.255.1.2"));
        assert!(has("10.0.0.0/8", "::ffff:10.255.1.2"));
        assert!(!has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("192.0.2.7", "192.0.2.7"));
        assert!(!has("192.0.2.7", "192.0.2.8"));
        assert!(has("fd00::/8", "fd12::1"));
        assert!(!has("fd00::/8", "fe00::1"));
        assert!(has("0.0.0.0/0", "8.8.8.8"));
        assert!(!has("0.0.0.0/0", "::1"));
        assert!(has("::/0", "2001:db8::1"));
    }

    #[test]
    fn refuses_what_is_no_range() {
        for text in ["", "proxy", "10.0.0.0/33", "10.0.0.1/8", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }
}
