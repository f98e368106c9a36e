//! Networks of IP addresses, as `cidr` names them.

use core::net::IpAddr;
use std::fmt;

/// A network: an address and the number of its leading bits that count ("String value matching", IP address matching).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Reads `10.0.0.0/24` or `2001:db8::/32`.
    ///
    /// # Errors
    ///
    /// What AWS says of a text that is no network.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [address, bits] = parts[..] else { return Err("Malformed CIDR, one '/' required".to_owned()) };
        let is_number = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = bits.parse::<u8>().ok().filter(|_| is_number);
        let Some(bits) = bits else { return Err("Malformed CIDR, mask bits must be an integer".to_owned()) };
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err(format!("Nonstandard IP address: {address}"));
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        if bits > most {
            return Err(format!("Malformed CIDR, mask bits must be at most {most}"));
        }
        Ok(Self { address, bits })
    }

    /// Whether a text is an address in the network. Addresses of the other version are not.
    pub fn contains(&self, text: &str) -> bool {
        match (self.address, text.parse()) {
            (IpAddr::V4(network), Ok(IpAddr::V4(address))) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), Ok(IpAddr::V6(address))) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}
