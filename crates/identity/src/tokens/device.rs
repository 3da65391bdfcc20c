//! Device tokens: a browser in which a user has signed in before presents one at the next sign-in. It
//! grants no access; guesses from other devices do not count against its holder.

use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use jwt_core::{Claims, RegisteredClaims, Signer, Verifier};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use store::UnixMillis;
use store::users::{PasswordHash, User, UserId};

use super::prepared::{current, key_ring, replace};
use super::typ;
use crate::base64url;
use crate::clock::numeric_date;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::keys::Ring;

/// How long a device is known after the last sign-in, as long as the key that signed verifies.
pub const KNOWN_FOR: Duration = Duration::from_secs(90 * 86_400);

/// A device on which a user has signed in before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// The user.
    pub user_id: UserId,
    /// Which of their devices it is.
    pub id: String,
    /// The fingerprint of the password hash at that time. With another password, the device is
    /// unknown.
    password: String,
}

impl KnownDevice {
    /// Whether it is a device of this user, whose password is still the one of the sign-in.
    pub fn belongs_to(&self, user: &User) -> bool {
        self.user_id == user.id && fingerprint(user.password.as_ref()) == self.password
    }
}

/// Distinguishes password hashes without revealing anything about the passwords: they are salted. Empty for
/// users without a password.
fn fingerprint(hash: Option<&PasswordHash>) -> String {
    let Some(hash) = hash else {
        return String::new();
    };
    let digest = digest(&SHA256, hash.expose().as_bytes());
    base64url::encode(&digest.as_ref()[..12])
}

#[derive(Serialize, Deserialize)]
struct DeviceClaims {
    pwd: String,
}

/// A device token, for a cookie and nothing else. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken(String);

impl DeviceToken {
    /// The JWT.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

/// Issues and verifies device tokens, with the keys of refresh tokens.
#[derive(Debug)]
pub struct DeviceTokens {
    keys: RwLock<Arc<(Signer, Verifier)>>,
    issuer: String,
}

impl DeviceTokens {
    /// Tokens of a key ring.
    pub fn new(ring: Ring, issuer: &str) -> Self {
        Self {
            keys: RwLock::new(Arc::new(prepare(ring, issuer))),
            issuer: issuer.to_owned(),
        }
    }

    /// Replaces the key ring.
    pub fn use_ring(&self, ring: Ring) {
        replace(&self.keys, prepare(ring, &self.issuer));
    }

    /// Issues a token for the device on which `user_id` just signed in. A device `known` for this user keeps
    /// its id, so that a sign-in does not bring a fresh allowance of attempts.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn issue(
        &self,
        user_id: &UserId,
        hash: Option<&PasswordHash>,
        known: Option<&KnownDevice>,
        now: UnixMillis,
        entropy: &dyn Entropy,
    ) -> Result<DeviceToken, Failure> {
        let id = known.map_or_else(
            || base64url::encode(&entropy.bytes::<16>()),
            |device| device.id.clone(),
        );
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.issuer.clone()),
                sub: Some(user_id.to_string()),
                exp: Some(numeric_date(now + KNOWN_FOR)),
                jti: Some(id),
                ..RegisteredClaims::default()
            },
            own: DeviceClaims {
                pwd: fingerprint(hash),
            },
        };
        let token = current(&self.keys).0.sign(&claims);
        token
            .map(DeviceToken)
            .map_err(|error| Failure::Internal(error.to_string()))
    }

    /// The device of a token, if the token is valid.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Option<KnownDevice> {
        let keys = current(&self.keys);
        let claims: Claims<DeviceClaims> = keys.1.verify(token, numeric_date(now)).ok()?;
        Some(KnownDevice {
            user_id: UserId::parse(&claims.registered.sub?).ok()?,
            id: claims.registered.jti?,
            password: claims.own.pwd,
        })
    }
}

fn prepare(ring: Ring, issuer: &str) -> (Signer, Verifier) {
    let verifier = Verifier::new(typ::DEVICE, issuer, None, key_ring(ring.verifying));
    (Signer::new(typ::DEVICE, ring.signing), verifier)
}
