use std::fmt;
use std::str::FromStr;

use ring::{hmac, signature};
use thiserror::Error;

/// Defines an enum of algorithms by their JOSE names.
macro_rules! algorithms {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All supported algorithms.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The value of the `alg` header parameter.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownAlgorithm;

            /// Case-sensitive, as JOSE names are (RFC 7515 §4.1.1).
            fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
                match text { $($text => Ok($name::$variant),)* _ => Err(UnknownAlgorithm) }
            }
        }
    };
}

algorithms! {
    /// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). `none` is not one.
    ///
    /// ```
    /// use jwt_core::Algorithm;
    ///
    /// assert_eq!("EdDSA".parse(), Ok(Algorithm::EdDSA));
    /// assert!("none".parse::<Algorithm>().is_err());
    /// ```
    Algorithm {
        /// HMAC using SHA-256.
        HS256 = "HS256",
        /// HMAC using SHA-384.
        HS384 = "HS384",
        /// HMAC using SHA-512.
        HS512 = "HS512",
        /// Ed25519.
        EdDSA = "EdDSA",
        /// ECDSA using P-256 and SHA-256.
        ES256 = "ES256",
        /// ECDSA using P-384 and SHA-384.
        ES384 = "ES384",
        /// RSASSA-PKCS1-v1_5 using SHA-256.
        RS256 = "RS256",
        /// RSASSA-PKCS1-v1_5 using SHA-384.
        RS384 = "RS384",
        /// RSASSA-PKCS1-v1_5 using SHA-512.
        RS512 = "RS512",
        /// RSASSA-PSS using SHA-256.
        PS256 = "PS256",
        /// RSASSA-PSS using SHA-384.
        PS384 = "PS384",
        /// RSASSA-PSS using SHA-512.
        PS512 = "PS512",
    }
}

algorithms! {
    /// HMAC with a SHA-2 hash (RFC 7518 §3.2). Anyone who can verify a token can also sign one.
    ///
    /// ```
    /// use jwt_core::HmacAlgorithm;
    ///
    /// assert_eq!(HmacAlgorithm::HS512.output_len(), 64);
    /// ```
    HmacAlgorithm {
        /// HMAC using SHA-256.
        HS256 = "HS256",
        /// HMAC using SHA-384.
        HS384 = "HS384",
        /// HMAC using SHA-512.
        HS512 = "HS512",
    }
}

impl HmacAlgorithm {
    /// The length of a tag and the minimum length of a secret, in bytes (RFC 7518 §3.2).
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

impl From<HmacAlgorithm> for Algorithm {
    fn from(hmac: HmacAlgorithm) -> Self {
        match hmac {
            HmacAlgorithm::HS256 => Algorithm::HS256,
            HmacAlgorithm::HS384 => Algorithm::HS384,
            HmacAlgorithm::HS512 => Algorithm::HS512,
        }
    }
}

/// Another name for EdDSA with this curve (RFC 9864 §2.2). Accepted when parsing, never written.
const ED25519: &str = "Ed25519";

/// The kind of key an algorithm requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Hmac(HmacAlgorithm),
    Ed25519,
    Ec(Curve),
    Rsa(RsaAlgorithm),
}

/// An ECDSA curve (RFC 7518 §6.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

/// A padding and a hash for RSA (RFC 7518 §3.3, §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RsaAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
}

impl Algorithm {
    /// Whether `alg` names this algorithm. EdDSA has two names (RFC 9864 §2.2).
    pub(crate) fn is_named(self, alg: &str) -> bool {
        self.name() == alg || (self == Algorithm::EdDSA && alg == ED25519)
    }

    /// The algorithm that `alg` names.
    pub(crate) fn named(alg: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|algorithm| algorithm.is_named(alg))
    }

    pub(crate) fn family(self) -> Family {
        match self {
            Algorithm::HS256 => Family::Hmac(HmacAlgorithm::HS256),
            Algorithm::HS384 => Family::Hmac(HmacAlgorithm::HS384),
            Algorithm::HS512 => Family::Hmac(HmacAlgorithm::HS512),
            Algorithm::EdDSA => Family::Ed25519,
            Algorithm::ES256 => Family::Ec(Curve::P256),
            Algorithm::ES384 => Family::Ec(Curve::P384),
            Algorithm::RS256 => Family::Rsa(RsaAlgorithm::RS256),
            Algorithm::RS384 => Family::Rsa(RsaAlgorithm::RS384),
            Algorithm::RS512 => Family::Rsa(RsaAlgorithm::RS512),
            Algorithm::PS256 => Family::Rsa(RsaAlgorithm::PS256),
            Algorithm::PS384 => Family::Rsa(RsaAlgorithm::PS384),
            Algorithm::PS512 => Family::Rsa(RsaAlgorithm::PS512),
        }
    }
}

impl Curve {
    /// The length of a coordinate and of the private scalar, in bytes.
    pub(crate) fn len(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
        }
    }

    /// The value of `crv` in a JWK.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Curve::P256, Curve::P384]
            .into_iter()
            .find(|curve| curve.name() == name)
    }

    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Curve::P256 => Algorithm::ES256,
            Curve::P384 => Algorithm::ES384,
        }
    }

    pub(crate) fn signing(self) -> &'static signature::EcdsaSigningAlgorithm {
        match self {
            Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }

    pub(crate) fn verification(self) -> &'static signature::EcdsaVerificationAlgorithm {
        match self {
            Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
            Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
        }
    }

    pub(crate) fn agreement(self) -> &'static ring::agreement::Algorithm {
        match self {
            Curve::P256 => &ring::agreement::ECDH_P256,
            Curve::P384 => &ring::agreement::ECDH_P384,
        }
    }
}

impl RsaAlgorithm {
    pub(crate) fn signing(self) -> &'static dyn signature::RsaEncoding {
        match self {
            RsaAlgorithm::RS256 => &signature::RSA_PKCS1_SHA256,
            RsaAlgorithm::RS384 => &signature::RSA_PKCS1_SHA384,
            RsaAlgorithm::RS512 => &signature::RSA_PKCS1_SHA512,
            RsaAlgorithm::PS256 => &signature::RSA_PSS_SHA256,
            RsaAlgorithm::PS384 => &signature::RSA_PSS_SHA384,
            RsaAlgorithm::PS512 => &signature::RSA_PSS_SHA512,
        }
    }

    pub(crate) fn verification(self) -> &'static signature::RsaParameters {
        match self {
            RsaAlgorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            RsaAlgorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            RsaAlgorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            RsaAlgorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
            RsaAlgorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
            RsaAlgorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        }
    }
}

/// The string does not name a supported signature algorithm.
///
/// ```
/// use jwt_core::{Algorithm, UnknownAlgorithm};
///
/// assert_eq!("hs256".parse::<Algorithm>(), Err(UnknownAlgorithm));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a supported signature algorithm")]
pub struct UnknownAlgorithm;
