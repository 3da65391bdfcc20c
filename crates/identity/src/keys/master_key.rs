use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ring::hkdf::{HKDF_SHA256, Salt};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::base64url;
use crate::entropy::Entropy;
use crate::private_dir;
use crate::text;

/// The 32 bytes that wrap the signing keys. They are never in the database; `Debug` does not show
/// them.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// The text is not a master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be 32 bytes in base64url without padding (43 characters)")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// Wraps the bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads base64url without padding, ignoring surrounding white space.
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

    /// The key for one purpose (HKDF, RFC 5869): the same for all replicas, and useless for any other
    /// purpose.
    pub(crate) fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        let extracted = Salt::new(HKDF_SHA256, b"symbolon").extract(&*self.0);
        #[expect(clippy::expect_used, reason = "it only fails for more than 8160 bytes")]
        extracted
            .expand(&[purpose.as_bytes()], HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut *key))
            .expect("32 bytes are what HKDF-SHA256 gives");
        key
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
    /// The key itself.
    Given(MasterKey),
    /// A file.
    File(PathBuf),
    /// A file that is created on the first start.
    CreatedIn(PathBuf),
}

/// Why the master key cannot be loaded.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// The file cannot be read.
    #[error("cannot read the master key file {path}: {error}")]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file does not hold a master key.
    #[error("invalid master key file {path}: {error}")]
    Invalid {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: InvalidMasterKey,
    },
    /// The file cannot be created.
    #[error("cannot create the master key file {path}: {error}")]
    NotCreated {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The database has keys, wrapped under a master key that is missing.
    #[error(
        "the database has signing keys, but their master key is not in {path}. Put it there, or \
         provide it in SYMBOLON_MASTER_KEY or SYMBOLON_MASTER_KEY_FILE; without it those keys are lost"
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
}

impl MasterKeySource {
    /// Loads the master key, and returns whether it was created just now. It is only created while
    /// the database has no keys.
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
            MasterKeySource::CreatedIn(path) if path.exists() => Ok((read(path)?, false)),
            MasterKeySource::CreatedIn(path) if database_has_keys => {
                Err(MasterKeyError::Missing { path: path.clone() })
            }
            MasterKeySource::CreatedIn(path) => {
                let created =
                    create(path, entropy).map_err(|error| MasterKeyError::NotCreated {
                        path: path.clone(),
                        error,
                    })?;
                // Read it back, because another replica may have been faster.
                Ok((read(path)?, created))
            }
        }
    }
}

fn read(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let text = File::open(path).and_then(text::read).map(Zeroizing::new);
    let text = text.map_err(|error| MasterKeyError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let open_to_others = fs::metadata(path).is_ok_and(|file| file.mode() & 0o007 != 0);
    if open_to_others {
        log::warn!(
            "the master key file {} is readable by others; run chmod 600 on it",
            path.display()
        );
    }
    MasterKey::parse(&text).map_err(|error| MasterKeyError::Invalid {
        path: path.to_owned(),
        error,
    })
}

/// Creates the file atomically, readable by its owner only; `false` if it exists by now.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<bool> {
    private_dir::make_parent(path)?;
    // The process id is not unique across containers.
    let unique = base64url::encode(&entropy.bytes::<6>());
    let unfinished = path.with_extension(format!("{unique}.tmp"));
    let key = Zeroizing::new(base64url::encode(&entropy.bytes::<32>()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    let created = file
        .write_all(format!("{}\n", *key).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| publish(&unfinished, path));
    fs::remove_file(&unfinished)?;
    match created {
        // The file must be on disk before the database holds anything wrapped under it.
        Ok(()) => sync_parent(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives a complete file its name, unless that is taken. Unlike a rename, a link never replaces a file.
fn publish(unfinished: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(unfinished, path) {
        // Some file systems have no links. Then another replica could see an incomplete file, and say so.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => copy_to_new(unfinished, path)
            .map_err(|second| match second.kind() {
                io::ErrorKind::AlreadyExists => second,
                _ => error,
            }),
        linked => linked,
    }
}

fn copy_to_new(from: &Path, to: &Path) -> io::Result<()> {
    let text = Zeroizing::new(fs::read(from)?);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(to)?;
    file.write_all(&text)?;
    file.sync_all()
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
    fn without_hard_links_it_is_copied_and_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| directory.path().join(name));
        fs::write(&from, "the key").unwrap();
        copy_to_new(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "the key");
        let mode = fs::metadata(&to).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = copy_to_new(&from, &to).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn it_is_created_once_and_readable_by_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let source = MasterKeySource::CreatedIn(path.clone());

        let (first, created) = load(&source, false).unwrap();
        assert!(created);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let (second, created) = load(&source, true).unwrap();
        assert!(!created);
        assert_eq!(first.0, second.0);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn it_is_never_created_when_the_database_has_keys() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let error = load(&MasterKeySource::CreatedIn(path.clone()), true).unwrap_err();
        assert!(matches!(error, MasterKeyError::Missing { .. }), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn an_invalid_file_is_named_without_its_content() {
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
