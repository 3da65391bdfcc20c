//! Running use-cases from the command line, as the actor `command_line`.

use std::sync::Arc;
use std::time::Duration;

use identity::audit::{Audit, AuditWriter};
use identity::challenges::ChallengeSecrets;
use identity::clock::{Clock, SystemClock};
use identity::credentials::{HashingParams, PasswordHasher};
use identity::database::Database;
use identity::entropy::{Entropy, SystemEntropy};
use identity::keys::MasterKey;
use identity::mail::{MailLimit, Mailing, Notices, Outbox};
use identity::metrics::Metrics;
use identity::sessions::{ClaimChanges, Denylist, Revocations};
use identity::sign_in::{AccountAttempts, PasswordConfirmation};
use identity::users::{AccountRules, Registration, Users, Verification};
use identity::{AsyncStore, Ports};
use store::{AnyConnection, StoreError};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{Failed, open_existing};

/// How long writing the audit trail may take.
const AUDIT_PATIENCE: Duration = Duration::from_secs(10);

/// An open database, and what its use-cases need.
pub(super) struct Operator {
    runtime: Runtime,
    ports: Ports,
    audit_writer: AuditWriter,
}

impl Operator {
    /// Opens a database that exists.
    pub(super) fn open(database: &Database) -> Result<Self, Failed> {
        let store = open_existing(database)?;
        let runtime = Builder::new_current_thread().enable_time().build();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        let metrics = Arc::new(Metrics::default());
        let (audit, audit_writer) = Audit::new(None, metrics, clock.clone(), entropy.clone());
        Ok(Self {
            runtime: runtime.map_err(Failed::work)?,
            ports: Ports {
                store: AsyncStore::new(store, None),
                audit: Arc::new(audit),
                clock,
                entropy,
            },
            audit_writer,
        })
    }

    /// What use-cases need.
    pub(super) fn ports(&self) -> Ports {
        self.ports.clone()
    }

    /// Reads something that decides whether to run a use-case.
    pub(super) fn read<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failed> {
        let read = self.ports.store.read(f);
        self.runtime.block_on(read).map_err(Failed::work)
    }

    /// Runs a use-case to its end, and returns after its events are in the audit trail. It must own the
    /// services that it uses: they are dropped with it.
    pub(super) fn run<T, E: std::fmt::Display>(
        self,
        use_case: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failed> {
        let Self {
            runtime,
            ports,
            audit_writer,
        } = self;
        let outcome = runtime.block_on(use_case).map_err(Failed::work)?;
        let (store, metrics) = (ports.store.clone(), ports.audit.metrics().clone());
        drop(ports);
        let writing = async { timeout(AUDIT_PATIENCE, audit_writer.write(store)).await };
        let is_written = runtime.block_on(writing).is_ok() && metrics.events_lost() == 0;
        match is_written {
            true => Ok(outcome),
            false => Err(Failed::Work(
                "the change was made, but could not be recorded in the audit trail".to_owned(),
            )),
        }
    }
}

/// The users of a database. Commands do not sign users in: no attempts are counted, and any decoys and secrets
/// do.
pub(super) fn users(ports: Ports, hashing: HashingParams) -> Users {
    let (audit, clock) = (ports.audit.clone(), ports.clock.clone());
    let any_key = MasterKey::from_bytes(ports.entropy.bytes());
    let hasher = PasswordHasher::new(hashing, ports.entropy.clone(), &any_key);
    let hasher = Arc::new(hasher);
    let attempts = Arc::new(AccountAttempts::new(ports.store.clone(), None, clock));
    let confirmation = PasswordConfirmation::new(hasher.clone(), attempts, audit);
    let revocations = revocations(&ports);
    let mailing = Mailing {
        // What commands do to users, they are not told by mail.
        outbox: Outbox::new(
            ports.clock.clone(),
            ports.entropy.clone(),
            Notices::default(),
        ),
        secrets: ChallengeSecrets::new(&any_key),
        limit: MailLimit::new(ports.store.clone(), ports.clock.clone()),
    };
    let rules = AccountRules {
        registration: Registration::Closed,
        verification: Verification::Off,
        confirms_email_changes: false,
    };
    Users::new(ports, hasher, confirmation, revocations, mailing, rules)
}

/// Publishes revocations to the audit trail. The services read them from the database.
pub(super) fn revocations(ports: &Ports) -> Revocations {
    let denylist = Denylist::empty(Duration::ZERO);
    let claim_changes = ClaimChanges::empty(Duration::ZERO);
    Revocations::new(
        Arc::new(denylist),
        Arc::new(claim_changes),
        ports.audit.clone(),
        ports.clock.clone(),
    )
}
