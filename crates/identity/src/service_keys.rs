//! Service keys: authenticating back ends, and creating, listing and revoking their keys.

mod admin;
mod authenticate;
mod known;
mod secret;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::ports::Ports;

pub use admin::{
    CreatedServiceKey, InvalidServiceKeyName, NewServiceKey, ServiceKeyCreation, ServiceKeyName,
};
pub use authenticate::Authorization;
pub use known::KnownServiceKeys;
pub use secret::{PREFIX, ServiceKeySecret};

/// Knows service keys.
pub struct ServiceKeys {
    ports: Ports,
    /// When the refusal of a key was last recorded, by its id; by the monotonic clock.
    refusals: Mutex<HashMap<String, Duration>>,
    known: Arc<KnownServiceKeys>,
}

impl ServiceKeys {
    /// The service keys in the database.
    pub fn new(ports: Ports, known: Arc<KnownServiceKeys>) -> Self {
        Self {
            ports,
            refusals: Mutex::default(),
            known,
        }
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKeys").finish_non_exhaustive()
    }
}
