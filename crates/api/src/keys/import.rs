use clap::ValueEnum;
use jwt_core::{Algorithm, HmacAlgorithm, KeyError, KeyId, SigningKey, VerifyingKey};
use serde_json::{Map, Value, json};
use store::keys::{self, KeyUse, WrappedKey};
use store::{Store, UnixMillis};
use thiserror::Error;
use zeroize::Zeroizing;

use super::rotate::{Rotation, lock_and_check, make_successor};
use super::{KeyRules, KeysError, MasterKey, wrap};
use crate::entropy::Entropy;
use crate::tokens::OlderTokens;

/// The form that a key comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyForm {
    /// A JWK (RFC 7517), private, public or secret
    Jwk,
    /// PKCS#8 or SubjectPublicKeyInfo in PEM (RFC 7468)
    Pem,
    /// The secret of an HMAC itself: all bytes but a line end after them
    Secret,
}

/// A key that was made elsewhere.
#[derive(Debug)]
pub struct ImportedKey {
    id: KeyId,
    algorithm: Algorithm,
    /// Private where it signs; else as little as verifying takes.
    jwk: Zeroizing<String>,
    signs: bool,
}

/// Why a key is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidKey {
    /// The form does not say which algorithm it is for.
    #[error("give its algorithm with --alg")]
    NoAlgorithm,
    /// A secret is for HMAC alone.
    #[error("a secret is for HS256, HS384 or HS512")]
    NotHmac,
    /// It was given an algorithm, and has another.
    #[error("it is for {0}")]
    OtherAlgorithm(Algorithm),
    /// It has no name.
    #[error("it has no kid: give one with --id")]
    NoId,
    /// A public key cannot sign.
    #[error("it is a public key, and cannot sign")]
    Public,
    /// It is no key.
    #[error("{0}")]
    Unreadable(#[from] KeyError),
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It verifies.
    Verifies {
        /// Its id.
        id: String,
    },
    /// It signs from that moment on.
    Signs {
        /// Its id.
        id: String,
        /// When it begins.
        signs_from: UnixMillis,
    },
    /// There is a key of this id.
    Known {
        /// Its id.
        id: String,
    },
    /// There is a key that does not sign yet, or was made in this moment.
    RotationUnderWay,
}

enum Either {
    Private(SigningKey),
    Public(VerifyingKey),
}

impl KeyForm {
    /// Reads a key that is to sign, or to verify alone.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] never quotes the key.
    pub fn read(
        self,
        text: &str,
        algorithm: Option<Algorithm>,
        id: Option<String>,
        signs: bool,
    ) -> Result<ImportedKey, InvalidKey> {
        let key = match self {
            KeyForm::Jwk => match SigningKey::from_jwk(text) {
                Err(KeyError::Public) => VerifyingKey::from_jwk(text).map(Either::Public),
                key => key.map(Either::Private),
            }?,
            KeyForm::Pem => {
                let algorithm = algorithm.ok_or(InvalidKey::NoAlgorithm)?;
                match text.contains("PUBLIC KEY") {
                    true => VerifyingKey::from_spki_pem(text, algorithm).map(Either::Public)?,
                    false => SigningKey::from_pkcs8_pem(text, algorithm).map(Either::Private)?,
                }
            }
            KeyForm::Secret => {
                let algorithm = algorithm.ok_or(InvalidKey::NoAlgorithm)?;
                let algorithm: HmacAlgorithm =
                    algorithm.name().parse().map_err(|_| InvalidKey::NotHmac)?;
                let secret = text.trim_end_matches(['\r', '\n']).as_bytes();
                Either::Private(SigningKey::from_secret(algorithm, secret, None)?)
            }
        };
        let id = id.map(KeyId::new).transpose()?;
        let id = id.or_else(|| key.id().cloned()).ok_or(InvalidKey::NoId)?;
        if let Some(given) = algorithm
            && given != key.algorithm()
        {
            return Err(InvalidKey::OtherAlgorithm(key.algorithm()));
        }
        Ok(ImportedKey {
            algorithm: key.algorithm(),
            jwk: key.jwk(&id, signs)?,
            id,
            signs,
        })
    }
}

impl ImportedKey {
    /// It verifies tokens of the service that was here before, and none of ours.
    ///
    /// # Errors
    ///
    /// None that can be provoked.
    pub fn for_older(mut self, tokens: &OlderTokens) -> Result<Self, InvalidKey> {
        let jwk: Option<Map<String, Value>> = serde_json::from_str(&self.jwk).ok();
        let mut jwk = jwk.ok_or(KeyError::Malformed("JWK"))?;
        jwk.insert("older_tokens".to_owned(), json!(tokens));
        self.jwk = Zeroizing::new(Value::Object(jwk).to_string());
        Ok(self)
    }
}

impl Either {
    fn id(&self) -> Option<&KeyId> {
        match self {
            Either::Private(key) => key.id(),
            Either::Public(key) => key.id(),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Either::Private(key) => key.algorithm(),
            Either::Public(key) => key.algorithm(),
        }
    }

    /// As it is kept, under its name. What is not to sign is not kept in a form that can.
    fn jwk(self, id: &KeyId, signs: bool) -> Result<Zeroizing<String>, InvalidKey> {
        let id = Some(id.clone());
        match self {
            Either::Private(key) => {
                let key = key.with_id(id.clone());
                let public = key.verifying_key().with_id(id).public_jwk();
                Ok(match public {
                    Some(public) if !signs => Zeroizing::new(public),
                    _ => key.dangerous_private_jwk(),
                })
            }
            Either::Public(_) if signs => Err(InvalidKey::Public),
            Either::Public(key) => {
                let public = key.with_id(id).public_jwk();
                public.map(Zeroizing::new).ok_or(InvalidKey::NoId)
            }
        }
    }
}

/// Adds a key for access tokens. One that signs is the successor of the key that does now; one that
/// verifies does so until `until`.
///
/// # Errors
///
/// [`KeysError`].
pub fn import(
    store: &Store,
    master_key: &MasterKey,
    key: &ImportedKey,
    rules: &KeyRules,
    until: UnixMillis,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<Imported, KeysError> {
    let (id, key_use) = (key.id.to_string(), KeyUse::Access);
    let wrapped = WrappedKey {
        wrapped: wrap::wrap(
            master_key,
            key_use,
            &id,
            key.jwk.as_bytes(),
            entropy.bytes(),
        ),
        id: id.clone(),
        key_use,
        algorithm: key.algorithm.name().to_owned(),
        created_at: now,
        signs_from: None,
        verifies_until: (!key.signs).then_some(until),
    };
    let wanted = id.clone();
    let is_known = store.read(move |c| {
        let keys = keys::list(c)?;
        Ok(keys.iter().any(|key| key.id == wanted))
    });
    if is_known? {
        return Ok(Imported::Known { id });
    }
    if !key.signs {
        let master_key = master_key.clone();
        let added = store.transaction(move |c| {
            Ok(match lock_and_check(c, &master_key, key_use)? {
                Ok(_) => Ok(keys::add_verifying(c, &wrapped)?),
                Err(error) => Err(error),
            })
        });
        return Ok(match added?? {
            true => Imported::Verifies { id },
            false => Imported::Known { id },
        });
    }
    let rotation = make_successor(store, master_key, wrapped, rules, false, now)?;
    Ok(match rotation {
        Rotation::Rotated { id, signs_from } => Imported::Signs { id, signs_from },
        Rotation::UnderWay { .. } | Rotation::Overtaken => Imported::RotationUnderWay,
    })
}
