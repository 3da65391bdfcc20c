//! JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use ring::rand::SecureRandom;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Curve};
use crate::error::KeyError;
use crate::header::not_null;
use crate::key_id::KeyId;
use crate::private_key::{PrivateKey, RsaParts};
use crate::public_key::{PublicKey, UNCOMPRESSED};
use crate::{base64url, json};

/// The maximum length of a JWK, in bytes.
const MAX_LEN: usize = 32 * 1024;

/// What the key will be used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Sign,
    Verify,
}

/// A parsed and checked JWK. An HMAC key has only a private part.
pub(crate) struct Jwk {
    pub(crate) algorithm: Algorithm,
    pub(crate) id: Option<KeyId>,
    pub(crate) public: Option<PublicKey>,
    pub(crate) private: Option<PrivateKey>,
}

/// The members that are read. All others, such as `x5u` and `x5c`, are ignored. `null` is
/// rejected.
#[derive(Deserialize)]
struct Members {
    kty: String,
    #[serde(rename = "use", default, deserialize_with = "not_null")]
    key_use: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    key_ops: Option<Vec<String>>,
    #[serde(default, deserialize_with = "not_null")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    crv: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    x: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    y: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    n: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    e: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    d: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "not_null")]
    p: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "not_null")]
    q: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "not_null")]
    dp: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "not_null")]
    dq: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "not_null")]
    qi: Option<Zeroizing<String>>,
    #[serde(default, deserialize_with = "not_null")]
    oth: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "not_null")]
    k: Option<Zeroizing<String>>,
}

impl Jwk {
    pub(crate) fn parse(
        text: &str,
        purpose: Purpose,
        random: &dyn SecureRandom,
    ) -> Result<Self, KeyError> {
        if text.len() > MAX_LEN {
            return Err(KeyError::Malformed("the JWK is too long"));
        }
        Self::from_members(
            json::from_str(text).map_err(|_| UNREADABLE)?,
            purpose,
            None,
            random,
        )
    }

    /// Reads an element of a JWK set that has been parsed as strict JSON.
    pub(crate) fn from_value(
        value: Value,
        purpose: Purpose,
        default: Option<Algorithm>,
        random: &dyn SecureRandom,
    ) -> Result<Self, KeyError> {
        // serde would read an array as the members in their order.
        if !value.is_object() {
            return Err(UNREADABLE);
        }
        let members = serde_json::from_value(value);
        Self::from_members(members.map_err(|_| UNREADABLE)?, purpose, default, random)
    }

    fn from_members(
        members: Members,
        purpose: Purpose,
        default: Option<Algorithm>,
        random: &dyn SecureRandom,
    ) -> Result<Self, KeyError> {
        members.check_use(purpose)?;
        members.check_is_public(purpose)?;
        let id = members.kid.as_deref().map(KeyId::new).transpose()?;
        let named = members.alg.as_deref().map(|alg| {
            let unsupported = KeyError::Unsupported("its `alg` is not supported");
            Algorithm::named(alg).ok_or(unsupported)
        });
        let named = named.transpose()?;
        let (public, private, implied) = members.parts(random)?;
        let algorithm = named.or(implied).or(default).ok_or(KeyError::Unsupported(
            "it has no `alg`, and its type does not imply an algorithm",
        ))?;
        match (&public, &private) {
            (Some(public), _) if !public.is_for(algorithm) => {
                return Err(KeyError::WrongAlgorithm(algorithm));
            }
            (None, Some(secret)) => {
                secret.hmac_key(algorithm)?;
            }
            _ => {}
        }
        Ok(Self {
            algorithm,
            id,
            public,
            private,
        })
    }
}

type Parts = (Option<PublicKey>, Option<PrivateKey>, Option<Algorithm>);

impl Members {
    /// Checks `use` and `key_ops` (RFC 7517 §4.2, §4.3). Both are optional.
    fn check_use(&self, purpose: Purpose) -> Result<(), KeyError> {
        let operation = match purpose {
            Purpose::Sign => "sign",
            Purpose::Verify => "verify",
        };
        let use_fits = self
            .key_use
            .as_deref()
            .is_none_or(|key_use| key_use == "sig");
        let operations = self.key_ops.as_deref();
        let operations_fit =
            operations.is_none_or(|operations| operations.iter().any(|one| one == operation));
        if use_fits && operations_fit {
            Ok(())
        } else {
            Err(KeyError::WrongUse)
        }
    }

    /// A key for verifying must not have any private member, even one it does not need.
    fn check_is_public(&self, purpose: Purpose) -> Result<(), KeyError> {
        let parts = [
            &self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.k,
        ];
        let has_private_part = parts.iter().any(|part| part.is_some()) || self.oth.is_some();
        match purpose == Purpose::Verify && self.kty != "oct" && has_private_part {
            true => Err(KeyError::Private),
            false => Ok(()),
        }
    }

    fn parts(&self, random: &dyn SecureRandom) -> Result<Parts, KeyError> {
        match self.kty.as_str() {
            "oct" => {
                let secret = secret(self.k.as_ref())?;
                Ok((None, Some(PrivateKey::Hmac(secret)), None))
            }
            "OKP" => self.okp(),
            "EC" => self.ec(random),
            "RSA" => self.rsa(),
            _ => Err(KeyError::Unsupported(
                "its `kty` is not oct, OKP, EC or RSA",
            )),
        }
    }

    fn okp(&self) -> Result<Parts, KeyError> {
        if self.crv.as_deref() != Some("Ed25519") {
            return Err(KeyError::Unsupported("its curve is not Ed25519"));
        }
        let public = PublicKey::ed25519(&public(self.x.as_ref())?)?;
        let seed = self.d.as_ref().map(|d| secret(Some(d))).transpose()?;
        let private = seed.map(|seed| PrivateKey::Ed25519 { seed });
        Ok((Some(public), private, Some(Algorithm::EdDSA)))
    }

    fn ec(&self, random: &dyn SecureRandom) -> Result<Parts, KeyError> {
        let curve = self.crv.as_deref().and_then(Curve::from_name);
        let curve = curve.ok_or(KeyError::Unsupported(
            "its curve is neither P-256 nor P-384",
        ))?;
        let (x, y) = (public(self.x.as_ref())?, public(self.y.as_ref())?);
        if x.len() != curve.len() || y.len() != curve.len() {
            return Err(KeyError::Malformed(
                "a coordinate does not have the length that its curve requires",
            ));
        }
        let public = PublicKey::ec(curve, [&[UNCOMPRESSED], &*x, &*y].concat(), random)?;
        let scalar = self.d.as_ref().map(|d| secret(Some(d))).transpose()?;
        let private = scalar.map(|scalar| PrivateKey::Ec { scalar });
        Ok((Some(public), private, Some(curve.algorithm())))
    }

    fn rsa(&self) -> Result<Parts, KeyError> {
        if self.oth.is_some() {
            return Err(KeyError::Unsupported("it has more than two primes"));
        }
        let public = PublicKey::rsa(&public(self.n.as_ref())?, &public(self.e.as_ref())?)?;
        let private = match &self.d {
            Some(_) => Some(PrivateKey::Rsa(Box::new(RsaParts {
                d: secret(self.d.as_ref())?,
                p: secret(self.p.as_ref())?,
                q: secret(self.q.as_ref())?,
                dp: secret(self.dp.as_ref())?,
                dq: secret(self.dq.as_ref())?,
                qi: secret(self.qi.as_ref())?,
            }))),
            None => None,
        };
        Ok((Some(public), private, None))
    }
}

const MISSING: KeyError = KeyError::Malformed("a required member is missing, or is not base64url");

const UNREADABLE: KeyError =
    KeyError::Malformed("it is not a JSON object, or a member is missing, duplicated or invalid");

fn public(member: Option<&String>) -> Result<Vec<u8>, KeyError> {
    base64url::decode(member.ok_or(MISSING)?).map_err(|_| MISSING)
}

fn secret(member: Option<&Zeroizing<String>>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let bytes = base64url::decode(member.ok_or(MISSING)?);
    bytes.map(Zeroizing::new).map_err(|_| MISSING)
}

/// Writes a public key as a JWK.
pub(crate) fn public_value(public: &PublicKey, algorithm: Algorithm, id: Option<&KeyId>) -> Value {
    let members = public.members().into_iter();
    let mut jwk: Map<_, _> = members
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    describe(&mut jwk, algorithm, id);
    Value::Object(jwk)
}

/// Writes a private key as a JWK: the members of its public key and the secret ones.
pub(crate) fn write_private(
    private: &PrivateKey,
    public: Option<Value>,
    algorithm: Algorithm,
    id: Option<&KeyId>,
) -> Zeroizing<String> {
    let head = public.unwrap_or_else(|| {
        let mut members = Map::from_iter([("kty".to_owned(), "oct".into())]);
        describe(&mut members, algorithm, id);
        Value::Object(members)
    });
    // The secret members are written by hand, so that no copy of them stays in memory.
    let head = head.to_string();
    let secrets = private.members();
    let needed: usize = secrets
        .iter()
        .map(|(_, bytes)| bytes.len() * 4 / 3 + 16)
        .sum();
    let mut jwk = Zeroizing::new(String::with_capacity(head.len() + needed));
    jwk.push_str(head.trim_end_matches('}'));
    for (name, bytes) in secrets {
        jwk.push_str(",\"");
        jwk.push_str(name);
        jwk.push_str("\":\"");
        base64url::encode_into(bytes, &mut jwk);
        jwk.push('"');
    }
    jwk.push('}');
    jwk
}

fn describe(jwk: &mut Map<String, Value>, algorithm: Algorithm, id: Option<&KeyId>) {
    jwk.insert("alg".to_owned(), algorithm.name().into());
    jwk.insert("use".to_owned(), "sig".into());
    if let Some(id) = id {
        jwk.insert("kid".to_owned(), id.as_str().into());
    }
}
