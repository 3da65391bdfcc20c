//! The bare statements, without HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use store::sessions::{
    self, Device, Generation, NewSession, Opened, Presented, Renewal, RenewalRules, SessionId,
};
use store::users::{self, User, UserId};
use store::{DatabaseUrl, Store, StoreOptions, UnixMillis, migrations};
use throwaway_postgres::PrivateServer;

use crate::symbolon::USER;

/// The connections of each load.
pub(crate) const CONNECTIONS: usize = 16;

const START: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);
const DAY: Duration = Duration::from_secs(86_400);

const RULES: RenewalRules = RenewalRules {
    grace: Duration::ZERO,
    late_replay_every: Duration::ZERO,
    idle_ttl: DAY,
};

/// The store on a database, and a session for each connection.
pub(crate) struct Statements {
    store: Store,
    chains: Vec<(SessionId, u32)>,
}

impl Statements {
    /// `seed` distinguishes its sessions from those of other instances.
    pub(crate) fn new(url: &str, seed: u8) -> Result<Self, String> {
        let url = DatabaseUrl::parse(url).map_err(|why| why.to_string())?;
        let options = StoreOptions {
            connections: 16,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(60),
            prepared_statements: true,
        };
        migrations::run(&url, &options).map_err(|why| why.to_string())?;
        let store = Store::open(&url, options).map_err(|why| why.to_string())?;
        let user = User {
            id: UserId::parse(USER).expect("it is one"),
            name: "Ann".to_owned(),
            email: "ann@example.org".to_owned(),
            password: None,
            claims: "{}".to_owned(),
            created_at: START,
            disabled_at: None,
            email_verified_at: None,
            locale: None,
        };
        let added = store.write(move |c| users::add(c, &user));
        added.map_err(|why| why.to_string())?;
        let mut chains = Vec::new();
        for n in 0..CONNECTIONS {
            let mut random = [seed; 10];
            random[9] = u8::try_from(n).expect("a few");
            let new = NewSession {
                id: SessionId::new(START, random),
                user_id: UserId::parse(USER).expect("it is one"),
                created_at: START,
                idle_expires_at: START + DAY,
                expires_at: START + 30 * DAY,
                amr: Vec::new(),
                client_id: None,
                device: Device::default(),
                session_limit: None,
                replaces: Vec::new(),
            };
            chains.push((new.id, 0));
            let opened = store.transaction(move |c| sessions::issue(c, &new, &|| START));
            match opened.map_err(|why| why.to_string())? {
                Opened::Session(..) => {}
                other => return Err(format!("no session: {other:?}")),
            }
        }
        Ok(Self { store, chains })
    }

    /// The rate of the `UPDATE … RETURNING` of a renewal, per second.
    pub(crate) fn updates(&mut self, time: Duration) -> Result<f64, String> {
        let store = &self.store;
        run(&mut self.chains, time, |(id, generation)| {
            let presented = Presented {
                generation: Generation::new(*generation).ok_or("the generations are used up")?,
                user_id: None,
            };
            let one = BTreeMap::from([(*id, presented)]);
            let renew = move |c: &mut _| sessions::renew(c, &one, START, &RULES);
            let mut renewals = store.write(renew).map_err(|why| why.to_string())?;
            match renewals.remove(id) {
                Some(Ok(Renewal::Rotated(session))) => *generation = session.generation.get(),
                other => return Err(format!("not rotated: {other:?}")),
            }
            Ok(())
        })
    }

    /// The same with a single caller, so that each renewal is a separate commit.
    pub(crate) fn updates_one_by_one(&mut self, time: Duration) -> Result<f64, String> {
        self.chains.truncate(1);
        self.updates(time)
    }

    /// The rate of the `SELECT` of `refresh_access`, per second.
    pub(crate) fn selects(&mut self, time: Duration) -> Result<f64, String> {
        let store = &self.store;
        run(&mut self.chains, time, |(id, _)| {
            let found = store.read(|c| sessions::find(c, *id));
            found.map(drop).map_err(|why| why.to_string())
        })
    }
}

/// Runs each chain on its own thread.
fn run<T: Send>(
    chains: &mut [T],
    time: Duration,
    step: impl Fn(&mut T) -> Result<(), String> + Sync,
) -> Result<f64, String> {
    let (count, began) = (AtomicU64::new(0), Instant::now());
    let outcomes: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = chains
            .iter_mut()
            .map(|chain| {
                scope.spawn(|| {
                    while began.elapsed() < time {
                        step(chain)?;
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok::<_, String>(())
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().expect("no panic"))
            .collect()
    });
    outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(rate(count.into_inner(), began.elapsed()))
}

#[allow(clippy::cast_precision_loss)]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// The seed of the sessions that pgbench updates; their ids are in its script.
pub(crate) const OF_PGBENCH: u8 = 7;

/// pgbench with the simplest update of one such row by its primary key.
pub(crate) fn pgbench(server: &PrivateServer, time: Duration) -> Result<f64, String> {
    let script = server.directory().join("rotate.sql");
    if !script.exists() {
        let sql = "UPDATE sessions SET generation = generation + 1, rotated_at = 1 \
                   WHERE id = '01a3185c-5000-7707-8707-07070707070' || to_hex(:client_id::bigint) \
                   RETURNING generation, claims;\n";
        std::fs::write(&script, sql).map_err(|why| why.to_string())?;
    }
    let (host, script) = (server.directory(), script.to_string_lossy().into_owned());
    let host = host.to_string_lossy().into_owned();
    let output = server.run(
        "pgbench",
        &[
            "-h",
            &host,
            "-U",
            "symbolon",
            "-n",
            "-M",
            "prepared",
            "-c",
            "16",
            "-j",
            "2",
            "-T",
            &time.as_secs().to_string(),
            "-f",
            &script,
            "postgres",
        ],
    );
    let tps = output.lines().find_map(|line| {
        let tps = line.strip_prefix("tps = ")?;
        tps.split_whitespace().next()?.parse().ok()
    });
    tps.ok_or(output)
}
