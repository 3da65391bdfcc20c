//! Generating keys. ring generates all but RSA keys; those come from OpenSSL, which is compiled in for
//! libpq anyway.

use jwt_core::{Algorithm, KeyError, SigningKey};
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use zeroize::Zeroizing;

use super::KeysError;
use super::imported_key::LEAST_RSA_BITS;

/// A new key. An RSA key takes about a second.
pub(super) fn generate(algorithm: Algorithm) -> Result<SigningKey, KeysError> {
    let key = match SigningKey::generate(algorithm) {
        Err(KeyError::NotGenerated(_)) => {
            let der = rsa().map_err(|_| KeysError::NotGenerated {
                algorithm,
                why: KeyError::NoRandomness,
            })?;
            SigningKey::from_pkcs8_der(&der, algorithm)
        }
        key => key,
    };
    key.map_err(|why| KeysError::NotGenerated { algorithm, why })
}

/// PKCS#8 (RFC 5958).
fn rsa() -> Result<Zeroizing<Vec<u8>>, openssl::error::ErrorStack> {
    let key = PKey::from_rsa(Rsa::generate(LEAST_RSA_BITS as u32)?)?;
    key.private_key_to_pkcs8().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use jwt_core::KeyRing;

    use super::*;

    #[test]
    fn a_key_of_each_algorithm_is_generated_and_verifies() {
        use Algorithm::{ES256, EdDSA, HS512, PS256, RS256};
        for algorithm in [ES256, EdDSA, HS512, PS256, RS256] {
            let key = generate(algorithm).unwrap();
            assert_eq!(key.algorithm(), algorithm);
            let token = key.sign_bytes(None, b"payload").unwrap();
            let ring = KeyRing::new([key.verifying_key()]).unwrap();
            assert_eq!(ring.verify_bytes(None, &token).unwrap().payload, b"payload");
            assert_ne!(key.id(), generate(algorithm).unwrap().id());
        }
    }
}
