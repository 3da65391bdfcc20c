//! `SYMBOLON_MASTER_KEY`, `SYMBOLON_MASTER_KEY_FILE`, `SYMBOLON_SIGNING_ALG`,
//! `SYMBOLON_KEY_ROTATION`, `SYMBOLON_KEY_PUBLISH_AHEAD`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jwt_core::Algorithm;

use super::sessions::Sessions;
use super::{Mistakes, duration};
use crate::keys::{KeyRules, MasterKey, MasterKeySource};

/// What signs the tokens, as it was given.
#[derive(Args, Clone)]
pub(super) struct KeysArgs {
    /// The master key, which wraps the signing keys: 32 bytes in base64url
    #[arg(
        long,
        env = "SYMBOLON_MASTER_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    master_key: Option<String>,

    /// File with the master key [default: master.key in the data directory, made on the first
    /// start]
    #[arg(long, env = "SYMBOLON_MASTER_KEY_FILE", value_name = "FILE")]
    master_key_file: Option<PathBuf>,

    /// Algorithm of the next key for access tokens: HS256, HS384, HS512, EdDSA, ES256 or ES384.
    /// With the last three, others verify through /.well-known/jwks.json
    #[arg(
        long,
        env = "SYMBOLON_SIGNING_ALG",
        value_name = "ALG",
        default_value = "HS512"
    )]
    signing_alg: String,

    /// After how long a signing key has a successor; 0s is never by itself
    #[arg(
        long,
        env = "SYMBOLON_KEY_ROTATION",
        value_name = "TIME",
        default_value = "30d"
    )]
    key_rotation: String,

    /// How long a key is published before it signs: longer than others keep what they have
    /// fetched
    #[arg(
        long,
        env = "SYMBOLON_KEY_PUBLISH_AHEAD",
        value_name = "TIME",
        default_value = "1h"
    )]
    key_publish_ahead: String,
}

/// What signs the tokens.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Where the master key is.
    pub master_key: MasterKeySource,
    /// What the key ring keeps to.
    pub rules: KeyRules,
}

impl KeysArgs {
    pub(super) fn resolve(
        self,
        data_dir: &Path,
        sessions: Option<&Sessions>,
        mistakes: &mut Mistakes,
    ) -> Option<Keys> {
        let master_key = match (&self.master_key, self.master_key_file) {
            (Some(_), Some(_)) => Err("give SYMBOLON_MASTER_KEY_FILE or this, not both".to_owned()),
            (Some(text), None) => MasterKey::parse(text)
                .map(MasterKeySource::Given)
                .map_err(|why| why.to_string()),
            (None, Some(path)) => Ok(MasterKeySource::File(path)),
            (None, None) => Ok(MasterKeySource::MadeIn(data_dir.join("master.key"))),
        };
        let master_key = master_key
            .map_err(|why| mistakes.add("SYMBOLON_MASTER_KEY", None, why))
            .ok();
        let algorithm = algorithm(&self.signing_alg);
        let algorithm = mistakes.note("SYMBOLON_SIGNING_ALG", &self.signing_alg, algorithm);
        let rotation = duration(&self.key_rotation, Duration::ZERO);
        let rotation = mistakes.note("SYMBOLON_KEY_ROTATION", &self.key_rotation, rotation);
        let ahead = duration(&self.key_publish_ahead, Duration::ZERO);
        let ahead = mistakes.note("SYMBOLON_KEY_PUBLISH_AHEAD", &self.key_publish_ahead, ahead);
        let (rotation, publish_ahead) = (rotation?, ahead?);
        if !rotation.is_zero() && rotation <= publish_ahead {
            mistakes.add(
                "SYMBOLON_KEY_ROTATION",
                Some(&self.key_rotation),
                "must be longer than SYMBOLON_KEY_PUBLISH_AHEAD",
            );
        }
        let sessions = sessions?;
        Some(Keys {
            master_key: master_key?,
            rules: KeyRules {
                algorithm: algorithm?,
                rotate_every: (!rotation.is_zero()).then_some(rotation),
                publish_ahead,
                access_ttl: sessions.access_ttl,
                session_ttl: sessions.rules.ttl,
            },
        })
    }
}

/// One for which keys are made here. RSA keys take long to make, and are imported.
pub(crate) fn algorithm(text: &str) -> Result<Algorithm, &'static str> {
    match text.parse() {
        Ok(
            algorithm @ (Algorithm::HS256
            | Algorithm::HS384
            | Algorithm::HS512
            | Algorithm::EdDSA
            | Algorithm::ES256
            | Algorithm::ES384),
        ) => Ok(algorithm),
        _ => Err("one of HS256, HS384, HS512, EdDSA, ES256, ES384"),
    }
}
