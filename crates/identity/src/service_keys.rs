//! Service keys: authenticating back ends, and creating, listing and revoking their keys.

mod admin;
mod authenticate;
mod secret;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use crate::ports::Ports;

pub use admin::{
    CreatedServiceKey, InvalidServiceKeyName, NewServiceKey, ServiceKeyCreation, ServiceKeyName,
};
pub use authenticate::Authorization;
pub use secret::{PREFIX, ServiceKeySecret};

/// Knows service keys.
pub struct ServiceKeys {
    ports: Ports,
    /// When the refusal of a key was last recorded, by its id; by the monotonic clock.
    refusals: Mutex<HashMap<String, Duration>>,
    /// The hashes of keys that were valid here.
    seen: Mutex<HashSet<[u8; 32]>>,
}

impl ServiceKeys {
    /// The service keys in the database.
    pub fn new(ports: Ports) -> Self {
        Self {
            ports,
            refusals: Mutex::default(),
            seen: Mutex::default(),
        }
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKeys").finish_non_exhaustive()
    }
}
