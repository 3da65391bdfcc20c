use std::fmt;
use std::str::FromStr;

use ring::hmac;

/// A signature algorithm by its JOSE name (RFC 7518 §3.1). `none` is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// An HMAC (RFC 7518 §3.2).
    Hmac(HmacAlgorithm),
}

impl Algorithm {
    /// The value of the `alg` header parameter.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Hmac(hmac) => hmac.name(),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<HmacAlgorithm> for Algorithm {
    fn from(hmac: HmacAlgorithm) -> Self {
        Algorithm::Hmac(hmac)
    }
}

/// HMAC with a SHA-2 hash (RFC 7518 §3.2): who can verify can also sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HmacAlgorithm {
    /// HMAC using SHA-256.
    HS256,
    /// HMAC using SHA-384.
    HS384,
    /// HMAC using SHA-512.
    HS512,
}

impl HmacAlgorithm {
    /// The value of the `alg` header parameter.
    pub fn name(self) -> &'static str {
        match self {
            HmacAlgorithm::HS256 => "HS256",
            HmacAlgorithm::HS384 => "HS384",
            HmacAlgorithm::HS512 => "HS512",
        }
    }

    /// Bytes in its tag, and the fewest bytes a secret may have (RFC 7518 §3.2).
    pub fn output_len(self) -> usize {
        match self {
            HmacAlgorithm::HS256 => 32,
            HmacAlgorithm::HS384 => 48,
            HmacAlgorithm::HS512 => 64,
        }
    }

    pub(crate) fn ring(self) -> hmac::Algorithm {
        match self {
            HmacAlgorithm::HS256 => hmac::HMAC_SHA256,
            HmacAlgorithm::HS384 => hmac::HMAC_SHA384,
            HmacAlgorithm::HS512 => hmac::HMAC_SHA512,
        }
    }
}

impl fmt::Display for HmacAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no algorithm of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of HS256, HS384, HS512")]
pub struct UnknownAlgorithm;

impl FromStr for HmacAlgorithm {
    type Err = UnknownAlgorithm;

    /// Exact, as JOSE names are case-sensitive.
    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        match text {
            "HS256" => Ok(HmacAlgorithm::HS256),
            "HS384" => Ok(HmacAlgorithm::HS384),
            "HS512" => Ok(HmacAlgorithm::HS512),
            _ => Err(UnknownAlgorithm),
        }
    }
}
