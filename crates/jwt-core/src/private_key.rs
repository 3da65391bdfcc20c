//! The components of private keys. Both ring's key pairs and JWKs are created from them.

use ring::rand::SecureRandom;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{hmac, rsa};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Curve, Family, HmacAlgorithm, RsaAlgorithm};
use crate::base64url;
use crate::der::{self, Der};
use crate::error::{KeyError, SignError};
use crate::public_key::{KeyType, PublicKey};

type Secret = Zeroizing<Vec<u8>>;

/// The components of a private key.
pub(crate) enum PrivateKey {
    Hmac(Secret),
    Ed25519 { seed: Secret },
    Ec { scalar: Secret },
    Rsa(Box<RsaParts>),
}

/// The components of an RSA private key with two primes (RFC 7518 §6.3.2).
pub(crate) struct RsaParts {
    pub(crate) d: Secret,
    pub(crate) p: Secret,
    pub(crate) q: Secret,
    pub(crate) dp: Secret,
    pub(crate) dq: Secret,
    pub(crate) qi: Secret,
}

/// A key that is ready to sign.
pub(crate) enum KeyPairOf {
    Hmac(hmac::Key),
    Ed25519(Ed25519KeyPair),
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair, RsaAlgorithm),
}

impl PrivateKey {
    /// Reads a private key in PKCS#8 (RFC 5958), and reads or derives its public key.
    pub(crate) fn from_pkcs8(
        der: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<(Self, PublicKey), KeyError> {
        let mut outer = Der::new(der);
        let mut info = outer.enter(der::SEQUENCE)?;
        outer.end()?;
        if !matches!(info.read(der::INTEGER)?, [0 | 1]) {
            return Err(KeyError::Unsupported("its PKCS#8 version is unknown"));
        }
        let key_type = KeyType::read(&mut info)?;
        let key = info.read(der::OCTET_STRING)?;
        let _attributes = info.read_optional(der::CONTEXT_0_CONSTRUCTED)?;
        let public = info.read_optional(der::CONTEXT_1)?;
        info.end()?;
        match key_type {
            KeyType::Ed25519 => {
                let mut inner = Der::new(key);
                let seed = inner.read(der::OCTET_STRING)?;
                inner.end()?;
                let public = match public {
                    Some(public) => PublicKey::ed25519(der::whole_bytes(public)?)?,
                    None => ed25519_public(seed)?,
                };
                let seed = Zeroizing::new(seed.to_vec());
                Ok((PrivateKey::Ed25519 { seed }, public))
            }
            KeyType::Ec(curve) => ec_from_rfc5915(curve, key, random),
            KeyType::Rsa => rsa_from_pkcs1(key),
        }
    }

    /// Generates a key, for any algorithm except RSA.
    pub(crate) fn generate(
        algorithm: Algorithm,
        random: &dyn SecureRandom,
    ) -> Result<(Self, Option<PublicKey>), KeyError> {
        let unavailable = |_| KeyError::NoRandomness;
        let pkcs8 = match algorithm.family() {
            Family::Hmac(hmac) => {
                let mut secret = Zeroizing::new(vec![0; hmac.output_len()]);
                random.fill(&mut secret).map_err(unavailable)?;
                return Ok((PrivateKey::Hmac(secret), None));
            }
            Family::Ed25519 => Ed25519KeyPair::generate_pkcs8(random),
            Family::Ec(curve) => EcdsaKeyPair::generate_pkcs8(curve.signing(), random),
            Family::Rsa(_) => return Err(KeyError::NotGenerated(algorithm)),
        };
        let pkcs8 = pkcs8.map_err(unavailable)?;
        let (private, public) = Self::from_pkcs8(pkcs8.as_ref(), random)?;
        Ok((private, Some(public)))
    }

    /// Creates the signing key. ring checks that the private and the public key match.
    pub(crate) fn key_pair(
        &self,
        public: Option<&PublicKey>,
        algorithm: Algorithm,
        random: &dyn SecureRandom,
    ) -> Result<KeyPairOf, KeyError> {
        match (self, public, algorithm.family()) {
            (PrivateKey::Hmac(_), None, _) => self.hmac_key(algorithm).map(KeyPairOf::Hmac),
            (PrivateKey::Ed25519 { seed }, Some(PublicKey::Ed25519(public)), Family::Ed25519) => {
                Ed25519KeyPair::from_seed_and_public_key(seed, public)
                    .map(KeyPairOf::Ed25519)
                    .map_err(|_| KeyError::Inconsistent)
            }
            (PrivateKey::Ec { scalar }, Some(PublicKey::Ec(curve, point)), Family::Ec(other))
                if *curve == other =>
            {
                let signing = curve.signing();
                EcdsaKeyPair::from_private_key_and_public_key(signing, scalar, point, random)
                    .map(KeyPairOf::Ec)
                    .map_err(|_| KeyError::Inconsistent)
            }
            (PrivateKey::Rsa(parts), Some(PublicKey::Rsa { n, e }), Family::Rsa(rsa)) => {
                rsa_key_pair(parts, n, e, random).map(|pair| KeyPairOf::Rsa(pair, rsa))
            }
            _ => Err(KeyError::WrongAlgorithm(algorithm)),
        }
    }
}

impl PrivateKey {
    /// The HMAC key for this algorithm.
    pub(crate) fn hmac_key(&self, algorithm: Algorithm) -> Result<hmac::Key, KeyError> {
        match (self, algorithm.family()) {
            (PrivateKey::Hmac(secret), Family::Hmac(hmac)) => hmac_key(hmac, secret),
            (PrivateKey::Hmac(_), _) => Err(KeyError::WrongAlgorithm(algorithm)),
            _ => Err(KeyError::Private),
        }
    }

    /// The members of a JWK that must stay secret.
    pub(crate) fn members(&self) -> Vec<(&'static str, &[u8])> {
        match self {
            PrivateKey::Hmac(secret) => vec![("k", secret)],
            PrivateKey::Ed25519 { seed } => vec![("d", seed)],
            PrivateKey::Ec { scalar } => vec![("d", scalar)],
            PrivateKey::Rsa(parts) => vec![
                ("d", &parts.d),
                ("p", &parts.p),
                ("q", &parts.q),
                ("dp", &parts.dp),
                ("dq", &parts.dq),
                ("qi", &parts.qi),
            ],
        }
    }
}

impl KeyPairOf {
    /// Signs `message`, and appends a dot and the signature to it.
    pub(crate) fn sign(
        &self,
        message: &mut String,
        random: &dyn SecureRandom,
    ) -> Result<(), SignError> {
        let unavailable = |_| SignError::NoRandomness;
        let bytes = message.as_bytes();
        match self {
            KeyPairOf::Hmac(key) => append(message, hmac::sign(key, bytes).as_ref()),
            KeyPairOf::Ed25519(pair) => append(message, pair.sign(bytes).as_ref()),
            KeyPairOf::Ec(pair) => {
                append(
                    message,
                    pair.sign(random, bytes).map_err(unavailable)?.as_ref(),
                );
            }
            KeyPairOf::Rsa(pair, rsa) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(rsa.signing(), random, bytes, &mut signature)
                    .map_err(unavailable)?;
                append(message, &signature);
            }
        }
        Ok(())
    }
}

pub(crate) fn append(message: &mut String, signature: &[u8]) {
    message.push('.');
    base64url::encode_into(signature, message);
}

pub(crate) fn hmac_key(algorithm: HmacAlgorithm, secret: &[u8]) -> Result<hmac::Key, KeyError> {
    let needed = algorithm.output_len();
    if secret.len() < needed {
        return Err(KeyError::SecretTooShort { needed });
    }
    // A PEM block is probably a public key given by mistake: a secret that everyone knows.
    if secret.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Err(KeyError::Malformed("it is a PEM block, not a secret"));
    }
    Ok(hmac::Key::new(algorithm.ring(), secret))
}

fn ed25519_public(seed: &[u8]) -> Result<PublicKey, KeyError> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed)
        .map_err(|_| KeyError::Malformed("an Ed25519 seed must have 32 bytes"))?;
    PublicKey::ed25519(pair.public_key().as_ref())
}

/// Reads an ECPrivateKey (RFC 5915) inside PKCS#8.
fn ec_from_rfc5915(
    curve: Curve,
    key: &[u8],
    random: &dyn SecureRandom,
) -> Result<(PrivateKey, PublicKey), KeyError> {
    let mut outer = Der::new(key);
    let mut parts = outer.enter(der::SEQUENCE)?;
    outer.end()?;
    if parts.read(der::INTEGER)? != [1] {
        return Err(KeyError::Unsupported("its RFC 5915 version is unknown"));
    }
    let scalar = Zeroizing::new(parts.read(der::OCTET_STRING)?.to_vec());
    // The curve again; the AlgorithmIdentifier has already named it.
    let _parameters = parts.read_optional(der::CONTEXT_0_CONSTRUCTED)?;
    let public = parts
        .read_optional(der::CONTEXT_1_CONSTRUCTED)?
        .ok_or(KeyError::Unsupported("it does not include its public key"))?;
    parts.end()?;
    let mut public = Der::new(public);
    let point = der::whole_bytes(public.read(der::BIT_STRING)?)?.to_vec();
    public.end()?;
    let public = PublicKey::ec(curve, point, random)?;
    Ok((PrivateKey::Ec { scalar }, public))
}

/// Reads an RSAPrivateKey (RFC 8017 appendix A.1.2).
fn rsa_from_pkcs1(key: &[u8]) -> Result<(PrivateKey, PublicKey), KeyError> {
    let mut outer = Der::new(key);
    let mut numbers = outer.enter(der::SEQUENCE)?;
    outer.end()?;
    if numbers.read(der::INTEGER)? != [0] {
        return Err(KeyError::Unsupported("it has more than two primes"));
    }
    let public = PublicKey::rsa(numbers.unsigned()?, numbers.unsigned()?)?;
    let mut part = || {
        numbers
            .unsigned()
            .map(|bytes| Zeroizing::new(bytes.to_vec()))
    };
    let parts = RsaParts {
        d: part()?,
        p: part()?,
        q: part()?,
        dp: part()?,
        dq: part()?,
        qi: part()?,
    };
    numbers.end()?;
    Ok((PrivateKey::Rsa(Box::new(parts)), public))
}

fn rsa_key_pair(
    parts: &RsaParts,
    n: &[u8],
    e: &[u8],
    random: &dyn SecureRandom,
) -> Result<RsaKeyPair, KeyError> {
    if n.len() > 512 {
        return Err(KeyError::Unsupported(
            "RSA keys for signing can have at most 4096 bits",
        ));
    }
    let components = rsa::KeyPairComponents {
        public_key: rsa::PublicKeyComponents { n, e },
        d: parts.d.as_slice(),
        p: parts.p.as_slice(),
        q: parts.q.as_slice(),
        dP: parts.dp.as_slice(),
        dQ: parts.dq.as_slice(),
        qInv: parts.qi.as_slice(),
    };
    let pair = RsaKeyPair::from_components(&components).map_err(|_| KeyError::Inconsistent)?;
    // ring does not check that all components match, but it checks each signature: sign once now,
    // so that a faulty key is rejected here.
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, random, b"", &mut signature)
        .map_err(|_| KeyError::Inconsistent)?;
    Ok(pair)
}
