//! Looking up and renewing sessions: those of many clients in one call of the database.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::sessions::{self as rows, Presented, Renewal, RenewalRules, Session, SessionId};
use store::{AnyConnection, StoreError, UnixMillis};

use crate::async_store::AsyncStore;
use crate::batch::{Answers, Batch};
use crate::clock::Clock;
use crate::failure::Failure;
use crate::ports::Ports;

/// Finds sessions by id.
pub(super) struct Lookups(Batch<SessionId, (), Option<Session>>);

impl Lookups {
    pub(super) fn new(store: AsyncStore) -> Self {
        Self(Batch::new(store, |store, ids| {
            let ids: Vec<_> = ids.into_keys().collect();
            let found = store.read(|c| rows::find_many(c, &ids))?;
            Ok(ids.into_iter().zip(found).collect())
        }))
    }

    /// The session of this id, live or not, as it was at some time after the call.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub(super) async fn find(&self, id: SessionId) -> Result<Option<Session>, Failure> {
        self.0.ask(id, ()).await
    }
}

/// Renews sessions.
pub(super) struct Renewals {
    store: AsyncStore,
    batch: Batch<SessionId, Presented, Renewed>,
    statement: Statement,
}

/// An outcome, and when it was decided.
type Renewed = (Renewal, UnixMillis);

impl Renewals {
    pub(super) fn new(ports: &Ports, rules: RenewalRules) -> Self {
        let statement = Statement {
            clock: ports.clock.clone(),
            rules,
        };
        let of_many = statement.clone();
        let batch = Batch::new(ports.store.clone(), move |store, presented| {
            let of_many = of_many.clone();
            store.write(move |c| of_many.run(c, &presented))
        });
        Self {
            store: ports.store.clone(),
            batch,
            statement,
        }
    }

    /// Renews a session, and says when that was decided.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub(super) async fn renew(
        &self,
        id: SessionId,
        presented: Presented,
    ) -> Result<Renewed, Failure> {
        // A queue for one writer shares its commits already.
        if !self.store.queues_changes() {
            return self.batch.ask(id, presented).await;
        }
        let statement = self.statement.clone();
        let alone = BTreeMap::from([(id, presented)]);
        let renewed = self.store.write(move |c| statement.run(c, &alone)).await?;
        match renewed.into_values().next() {
            Some(renewed) => Ok(renewed?),
            None => Err(Failure::Internal("a renewal has no outcome".into())),
        }
    }
}

#[derive(Clone)]
struct Statement {
    clock: Arc<dyn Clock>,
    rules: RenewalRules,
}

impl Statement {
    /// Reads the clock when the statement runs, not when it is asked for: a `rotated_at` in the past would
    /// shorten the client's grace period.
    fn run(
        &self,
        connection: &mut AnyConnection,
        presented: &BTreeMap<SessionId, Presented>,
    ) -> Result<Answers<SessionId, Renewed>, StoreError> {
        let now = self.clock.now();
        let renewals = rows::renew(connection, presented, now, &self.rules)?;
        let at = |renewal: Result<_, _>| renewal.map(|renewal| (renewal, now));
        Ok(renewals.into_iter().map(|(id, r)| (id, at(r))).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use store::sessions::{Device, NewSession, issue};
    use store::users::{self, User, UserId};
    use store::{DatabaseUrl, Store, StoreOptions, migrations};

    const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

    fn id(n: u8) -> SessionId {
        SessionId::new(NOW, [n; 10])
    }

    /// A database in `directory`, with a session for each of `ids`.
    fn store(directory: &Path, ids: impl Iterator<Item = SessionId>) -> Store {
        let file = directory.join("symbolon.db");
        let url = DatabaseUrl::parse(&format!("sqlite://{}", file.display())).unwrap();
        let options = StoreOptions {
            connections: 2,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(60),
            prepared_statements: true,
        };
        migrations::run(&url, &options).unwrap();
        let store = Store::open(&url, options).unwrap();
        let user = User {
            id: UserId::parse("ann").unwrap(),
            name: "Ann".to_owned(),
            email: "ann@example.org".to_owned(),
            password: None,
            claims: "{}".to_owned(),
            created_at: NOW,
            disabled_at: None,
            email_verified_at: None,
            locale: None,
        };
        store.write(move |c| users::add(c, &user)).unwrap();
        for id in ids {
            let new = NewSession {
                id,
                user_id: UserId::parse("ann").unwrap(),
                created_at: NOW,
                idle_expires_at: NOW + Duration::from_secs(60),
                expires_at: NOW + Duration::from_secs(60),
                amr: Vec::new(),
                client_id: None,
                device: Device::default(),
                session_limit: None,
                replaces: Vec::new(),
            };
            store.transaction(move |c| issue(c, &new, &|| NOW)).unwrap();
        }
        store
    }

    #[tokio::test]
    async fn each_caller_gets_a_session() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path(), (0..20).map(id));
        let lookups = Arc::new(Lookups::new(AsyncStore::new(store, None)));
        let ask = |id| {
            let lookups = lookups.clone();
            tokio::spawn(async move { lookups.find(id).await })
        };
        // Those from 20 on do not exist; each is asked for five times.
        let ids = (0..40).cycle().take(200).map(id);
        let asked: Vec<_> = ids.map(|id| (id, ask(id))).collect();
        for (asked, found) in asked {
            let found = found.await.unwrap().unwrap().map(|session| session.id);
            let exists = (0..20).map(id).any(|id| id == asked);
            assert_eq!(found, exists.then_some(asked));
        }
    }
}
