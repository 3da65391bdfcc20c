use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::base64url;
use crate::entropy::Entropy;
use crate::private_dir;

/// The 32 bytes that wrap the signing keys. Never in the database; `Debug` does not show it.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// The text is no master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not 32 bytes in base64url without padding (43 characters)")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// From the bytes themselves.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// From base64url without padding; white space around it is ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidMasterKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKey> {
        let bytes = base64url::decode(text.trim()).map(Zeroizing::new);
        let bytes = bytes.ok_or(InvalidMasterKey)?;
        let bytes = bytes.as_slice().try_into().map_err(|_| InvalidMasterKey)?;
        Ok(Self::from_bytes(bytes))
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Where the master key comes from.
#[derive(Clone, Debug)]
pub enum MasterKeySource {
    /// It was given.
    Given(MasterKey),
    /// It is in this file.
    File(PathBuf),
    /// It is in this file, and is made there on the first start.
    MadeIn(PathBuf),
}

/// Why there is no master key.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// The file cannot be read.
    #[error("the master key file {path} cannot be read: {error}")]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file holds something else.
    #[error("the master key file {path} is no good: {error}")]
    Invalid {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: InvalidMasterKey,
    },
    /// The file cannot be made.
    #[error("the master key file {path} cannot be made: {error}")]
    NotMade {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There are keys, wrapped under a master key that is not here.
    #[error(
        "the database has signing keys, but the master key that opens them is not in {path}. \
         Put it there, or give it through SYMBOLON_MASTER_KEY or SYMBOLON_MASTER_KEY_FILE; \
         without it those keys are lost"
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
}

impl MasterKeySource {
    /// The master key, and whether it was made just now. One is made only while the database has
    /// no keys.
    ///
    /// # Errors
    ///
    /// [`MasterKeyError`].
    pub fn load(
        &self,
        database_has_keys: bool,
        entropy: &dyn Entropy,
    ) -> Result<(MasterKey, bool), MasterKeyError> {
        match self {
            MasterKeySource::Given(key) => Ok((key.clone(), false)),
            MasterKeySource::File(path) => Ok((read(path)?, false)),
            MasterKeySource::MadeIn(path) if path.exists() => Ok((read(path)?, false)),
            MasterKeySource::MadeIn(path) if database_has_keys => {
                Err(MasterKeyError::Missing { path: path.clone() })
            }
            MasterKeySource::MadeIn(path) => {
                let made = make(path, entropy).map_err(|error| MasterKeyError::NotMade {
                    path: path.clone(),
                    error,
                })?;
                // Read back: another replica may have been faster.
                Ok((read(path)?, made))
            }
        }
    }
}

fn read(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| MasterKeyError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let open_to_others = fs::metadata(path).is_ok_and(|file| file.mode() & 0o077 != 0);
    if open_to_others {
        log::warn!(
            "others may read the master key file {}: chmod 600",
            path.display()
        );
    }
    MasterKey::parse(&text).map_err(|error| MasterKeyError::Invalid {
        path: path.to_owned(),
        error,
    })
}

/// Makes the file whole or not at all, readable by its owner alone; `false` when it is there by
/// now.
fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<bool> {
    private_dir::make_parent(path)?;
    // A name of its own: in containers, every process has the same number.
    let unique = base64url::encode(&entropy.bytes::<6>());
    let unfinished = path.with_extension(format!("{unique}.tmp"));
    let key = Zeroizing::new(base64url::encode(&entropy.bytes::<32>()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    let made = file
        .write_all(format!("{}\n", *key).as_bytes())
        .and_then(|()| file.sync_all())
        // Unlike a rename, a link replaces nothing.
        .and_then(|()| fs::hard_link(&unfinished, path));
    fs::remove_file(&unfinished)?;
    match made {
        // What it wraps will be in the database for good: its name must be on disk before.
        Ok(()) => sync_parent(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::entropy::FixedEntropy;

    fn load(source: &MasterKeySource, has_keys: bool) -> Result<(MasterKey, bool), MasterKeyError> {
        source.load(has_keys, &FixedEntropy::default())
    }

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let source = MasterKeySource::MadeIn(path.clone());

        let (first, made) = load(&source, false).unwrap();
        assert!(made);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let (second, made) = load(&source, true).unwrap();
        assert!(!made);
        assert_eq!(first.expose(), second.expose());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn it_is_never_made_beside_keys_that_need_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let error = load(&MasterKeySource::MadeIn(path.clone()), true).unwrap_err();
        assert!(matches!(error, MasterKeyError::Missing { .. }), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_bad_file_is_named_and_its_content_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, "c2VjcmV0").unwrap();
        let error = load(&MasterKeySource::File(path.clone()), false)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/key") && !error.contains("c2VjcmV0"),
            "{error}"
        );
    }
}
