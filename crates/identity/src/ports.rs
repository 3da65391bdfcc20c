use std::sync::Arc;

use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::entropy::Entropy;

/// The outside forces of a use-case: the database, the audit trail, the time and randomness. Clones
/// share them.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: AsyncStore,
    /// The audit trail.
    pub audit: Arc<Audit>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}
