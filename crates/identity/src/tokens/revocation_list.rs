//! The proof of the revocation list.

use std::time::Duration;

use jwt_core::{Claims, RegisteredClaims};
use serde::Serialize;
use store::UnixMillis;

use super::access::AccessTokens;
use super::prepared::current;
use crate::clock::numeric_date;
use crate::failure::Failure;

#[derive(Serialize)]
struct ProofClaims<'a> {
    seq: i64,
    sha256: &'a str,
}

impl AccessTokens {
    /// A JWT over the hash of a revocation list, valid for `ttl`. `last` is the time of the last
    /// revocation.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn prove_revocation_list(
        &self,
        sha256: &str,
        last: UnixMillis,
        now: UnixMillis,
        ttl: Duration,
    ) -> Result<String, Failure> {
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.rules.issuer.clone()),
                iat: Some(numeric_date(now)),
                exp: Some(numeric_date(now + ttl)),
                ..RegisteredClaims::default()
            },
            own: ProofClaims {
                seq: last.as_millis(),
                sha256,
            },
        };
        let proof = current(&self.keys).revocation_list_signer.sign(&claims);
        proof.map_err(|error| Failure::Internal(error.to_string()))
    }
}
