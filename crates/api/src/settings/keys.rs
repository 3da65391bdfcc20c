//! `SYMBOLON_MASTER_KEY`, `SYMBOLON_MASTER_KEY_FILE`, `SYMBOLON_SIGNING_ALG`.

use std::path::{Path, PathBuf};

use clap::Args;
use jwt_core::HmacAlgorithm;

use super::Mistakes;
use crate::keys::{MasterKey, MasterKeySource};

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

    /// Algorithm of new signing keys: HS256, HS384 or HS512
    #[arg(
        long,
        env = "SYMBOLON_SIGNING_ALG",
        value_name = "ALG",
        default_value = "HS512"
    )]
    signing_alg: String,
}

/// What signs the tokens.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Where the master key is.
    pub master_key: MasterKeySource,
    /// The algorithm of new signing keys.
    pub signing_algorithm: HmacAlgorithm,
}

impl KeysArgs {
    pub(super) fn resolve(self, data_dir: &Path, mistakes: &mut Mistakes) -> Option<Keys> {
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
        let algorithm = self.signing_alg.parse();
        let signing_algorithm = mistakes.note("SYMBOLON_SIGNING_ALG", &self.signing_alg, algorithm);
        Some(Keys {
            master_key: master_key?,
            signing_algorithm: signing_algorithm?,
        })
    }
}
