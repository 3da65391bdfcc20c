//! `SYMBOLON_MASTER_KEY`, `SYMBOLON_MASTER_KEY_FILE`, `SYMBOLON_SIGNING_ALG`,
//! `SYMBOLON_KEY_ROTATION`, `SYMBOLON_KEY_PUBLISH_AHEAD`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use api::settings::Keys;
use clap::Args;
use identity::keys::{KeyRules, MasterKey, MasterKeySource};
use jwt_core::Algorithm;

use super::sessions::Sessions;
use super::{Mistakes, duration};

/// The settings of signing keys, as text.
#[derive(Args, Clone)]
pub(super) struct KeysArgs {
    /// The master key, which wraps the signing keys: 32 bytes in base64url
    #[arg(
        long,
        env = "SYMBOLON_MASTER_KEY",
        value_name = "KEY",
        hide_env_values = true,
        hide = true
    )]
    master_key: Option<String>,

    /// File with the master key [default: master.key in the data directory, created on the first
    /// start]
    #[arg(long, env = "SYMBOLON_MASTER_KEY_FILE", value_name = "FILE")]
    master_key_file: Option<PathBuf>,

    /// Algorithm of the next key for access tokens: ES256, ES384, EdDSA, RS256, RS384, RS512, PS256, PS384,
    /// PS512, HS256, HS384 or HS512. With the last three, other services cannot verify tokens with
    /// /.well-known/jwks.json [default: that of the active key; ES256 for a new database]
    #[arg(long, env = "SYMBOLON_SIGNING_ALG", value_name = "ALG")]
    signing_alg: Option<String>,

    /// Age at which a signing key is rotated; 0s disables automatic rotation
    #[arg(
        long,
        env = "SYMBOLON_KEY_ROTATION",
        value_name = "TIME",
        default_value = "30d"
    )]
    key_rotation: String,

    /// How long a key is published before it signs; must be longer than other services cache the
    /// keys
    #[arg(
        long,
        env = "SYMBOLON_KEY_PUBLISH_AHEAD",
        value_name = "TIME",
        default_value = "3h"
    )]
    key_publish_ahead: String,
}

impl KeysArgs {
    pub(super) fn resolve(
        self,
        data_dir: &Path,
        sessions: Option<&Sessions>,
        mistakes: &mut Mistakes,
    ) -> Option<Keys> {
        let master_key = match (&self.master_key, self.master_key_file) {
            (Some(_), Some(_)) => Err("set this or SYMBOLON_MASTER_KEY_FILE, not both".to_owned()),
            (Some(text), None) => MasterKey::parse(text)
                .map(MasterKeySource::Given)
                .map_err(|why| why.to_string()),
            (None, Some(path)) => Ok(MasterKeySource::File(path)),
            (None, None) => Ok(MasterKeySource::CreatedIn(data_dir.join("master.key"))),
        };
        let master_key = master_key
            .map_err(|why| mistakes.add("SYMBOLON_MASTER_KEY", None, why))
            .ok();
        let algorithm = match &self.signing_alg {
            Some(name) => mistakes
                .note("SYMBOLON_SIGNING_ALG", name, algorithm(name))
                .map(Some),
            None => Some(None),
        };
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

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().map_err(|_| {
        let names: Vec<_> = Algorithm::ALL
            .iter()
            .map(|algorithm| algorithm.name())
            .collect();
        format!("must be one of {}", names.join(", "))
    })
}
