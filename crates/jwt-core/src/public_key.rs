//! The components of public keys. They are checked once, when the key is created.

use ring::agreement::{self, EphemeralPrivateKey};
use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use crate::algorithm::{Algorithm, Curve, Family};
use crate::base64url;
use crate::der::{self, Der};
use crate::error::KeyError;

/// A public key, checked as far as ring allows: an Ed25519 key may not be a point on the curve, and
/// then verifies no signature.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Ed25519([u8; 32]),
    /// [`UNCOMPRESSED`], x, y.
    Ec(Curve, Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

/// The first byte of an uncompressed point (SEC 1 §2.3.3).
pub(crate) const UNCOMPRESSED: u8 = 4;

/// id-Ed25519 (RFC 8410 §3).
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// secp256r1.
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// secp384r1.
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// rsaEncryption (RFC 8017 appendix A.1).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// The type of a key, as named by an AlgorithmIdentifier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    Ed25519,
    Ec(Curve),
    Rsa,
}

impl KeyType {
    /// Reads an AlgorithmIdentifier (RFC 5280 §4.1.1.2).
    pub(crate) fn read(der: &mut Der<'_>) -> Result<Self, KeyError> {
        let mut identifier = der.enter(der::SEQUENCE)?;
        let key_type = match identifier.read(der::OBJECT_IDENTIFIER)? {
            ED25519 => KeyType::Ed25519,
            RSA => {
                Der::new(identifier.read(der::NULL)?).end()?;
                KeyType::Rsa
            }
            EC => match identifier.read(der::OBJECT_IDENTIFIER)? {
                P256 => KeyType::Ec(Curve::P256),
                P384 => KeyType::Ec(Curve::P384),
                _ => {
                    return Err(KeyError::Unsupported(
                        "its curve is neither P-256 nor P-384",
                    ));
                }
            },
            _ => return Err(KeyError::Unsupported("its type is not Ed25519, EC or RSA")),
        };
        identifier.end()?;
        Ok(key_type)
    }
}

impl PublicKey {
    /// Creates an Ed25519 key from its encoded point (RFC 8032 §5.1.2).
    pub(crate) fn ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        let key: [u8; 32] = bytes
            .try_into()
            .map_err(|_| KeyError::Malformed("an Ed25519 key must have 32 bytes"))?;
        if has_small_order(&key) {
            return Err(KeyError::InvalidPoint);
        }
        Ok(PublicKey::Ed25519(key))
    }

    /// Creates an EC key from an uncompressed point (SEC 1 §2.3.3).
    pub(crate) fn ec(
        curve: Curve,
        point: Vec<u8>,
        random: &dyn SecureRandom,
    ) -> Result<Self, KeyError> {
        // ring checks a point only when it uses it, so run a key agreement and discard the result.
        let ephemeral = EphemeralPrivateKey::generate(curve.agreement(), random)
            .map_err(|_| KeyError::NoRandomness)?;
        let unchecked = agreement::UnparsedPublicKey::new(curve.agreement(), &point);
        agreement::agree_ephemeral(ephemeral, &unchecked, |_| ())
            .map_err(|_| KeyError::InvalidPoint)?;
        Ok(PublicKey::Ec(curve, point))
    }

    /// The length of an RSA modulus, in bits.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        match self {
            PublicKey::Rsa { n, .. } => Some(bit_length(n)),
            PublicKey::Ed25519(_) | PublicKey::Ec(..) => None,
        }
    }

    /// Creates an RSA key from its modulus and exponent, big-endian and without leading zeros.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        if n.last().is_some_and(|byte| byte % 2 == 0) {
            return Err(KeyError::Malformed("its modulus is even"));
        }
        let bits = match n {
            [1..=0xff, ..] => bit_length(n),
            _ => return Err(KeyError::Malformed("its modulus is empty or zero-padded")),
        };
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::RsaKeySize { bits });
        }
        // The exponents that ring accepts: odd, from 3 to 2^33 - 1.
        let exponent = e
            .iter()
            .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        let good = matches!(e, [1..=0xff, ..]) && e.len() <= 5 && (3..1 << 33).contains(&exponent);
        if !good || exponent % 2 == 0 {
            return Err(KeyError::Unsupported(
                "its exponent is not an odd number from 3 to 2^33 - 1",
            ));
        }
        Ok(PublicKey::Rsa {
            n: n.to_vec(),
            e: e.to_vec(),
        })
    }

    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub(crate) fn from_spki(der: &[u8], random: &dyn SecureRandom) -> Result<Self, KeyError> {
        let mut outer = Der::new(der);
        let mut info = outer.enter(der::SEQUENCE)?;
        outer.end()?;
        let key_type = KeyType::read(&mut info)?;
        let key = der::whole_bytes(info.read(der::BIT_STRING)?)?;
        info.end()?;
        match key_type {
            KeyType::Ed25519 => Self::ed25519(key),
            KeyType::Ec(curve) => Self::ec(curve, key.to_vec(), random),
            KeyType::Rsa => {
                let mut outer = Der::new(key);
                let mut numbers = outer.enter(der::SEQUENCE)?;
                outer.end()?;
                let n = numbers.unsigned()?;
                let e = numbers.unsigned()?;
                numbers.end()?;
                Self::rsa(n, e)
            }
        }
    }

    /// Whether the key can be used with this algorithm.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        match (self, algorithm.family()) {
            (PublicKey::Ed25519(_), Family::Ed25519) | (PublicKey::Rsa { .. }, Family::Rsa(_)) => {
                true
            }
            (PublicKey::Ec(curve, _), Family::Ec(other)) => *curve == other,
            _ => false,
        }
    }

    /// The required members of its JWK, in the order that RFC 7638 §3 prescribes for thumbprints.
    pub(crate) fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            PublicKey::Ed25519(x) => vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", base64url::encode(x)),
            ],
            PublicKey::Ec(curve, point) => {
                let coordinates = point.strip_prefix(&[UNCOMPRESSED]).unwrap_or(point);
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                vec![
                    ("crv", curve.name().to_owned()),
                    ("kty", "EC".to_owned()),
                    ("x", base64url::encode(x)),
                    ("y", base64url::encode(y)),
                ]
            }
            PublicKey::Rsa { n, e } => vec![
                ("e", base64url::encode(e)),
                ("kty", "RSA".to_owned()),
                ("n", base64url::encode(n)),
            ],
        }
    }

    /// The JWK thumbprint (RFC 7638) with SHA-256.
    pub(crate) fn thumbprint(&self) -> String {
        // No value contains a character that JSON must escape.
        let members: Vec<_> = self
            .members()
            .iter()
            .map(|(name, value)| format!("\"{name}\":\"{value}\""))
            .collect();
        let json = format!("{{{}}}", members.join(","));
        base64url::encode(digest(&SHA256, json.as_bytes()).as_ref())
    }

    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), ring::error::Unspecified> {
        match (self, algorithm.family()) {
            (PublicKey::Ed25519(key), Family::Ed25519) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature)
            }
            (PublicKey::Ec(curve, point), Family::Ec(_)) => {
                UnparsedPublicKey::new(curve.verification(), point).verify(message, signature)
            }
            (PublicKey::Rsa { n, e }, Family::Rsa(rsa)) => {
                RsaPublicKeyComponents { n, e }.verify(rsa.verification(), message, signature)
            }
            _ => Err(ring::error::Unspecified),
        }
    }
}

/// Whether the key is a point of small order, in any encoding. Anyone can forge signatures for such
/// a key.
fn has_small_order(key: &[u8; 32]) -> bool {
    const ORDER_8_A: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    const ORDER_8_B: [u8; 32] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    /// p - 1, p and p + 1 with p = 2^255 - 19. The last two are unreduced encodings of 0 and 1.
    const fn near_p(last: u8) -> [u8; 32] {
        let mut y = [0xff; 32];
        y[0] = last;
        y[31] = 0x7f;
        y
    }
    const fn small(value: u8) -> [u8; 32] {
        let mut y = [0; 32];
        y[0] = value;
        y
    }
    // The last bit is the sign of x, which does not affect the order.
    let mut y = *key;
    y[31] &= 0x7f;
    [
        small(0),
        small(1),
        ORDER_8_A,
        ORDER_8_B,
        near_p(0xec),
        near_p(0xed),
        near_p(0xee),
    ]
    .contains(&y)
}

/// Of a number in big-endian bytes without leading zeros.
fn bit_length(bytes: &[u8]) -> usize {
    let leading = bytes.first().map_or(0, |byte| byte.leading_zeros());
    bytes.len() * 8 - leading as usize
}
