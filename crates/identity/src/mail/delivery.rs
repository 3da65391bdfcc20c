//! Delivers the outbox: one replica at a time, at least once, in the order in which mails were added. A mail
//! that fails is tried again later and holds nobody up.

use std::sync::{Arc, Weak};
use std::time::Duration;

use store::events::{Cause, EventKind};
use store::outbox::{self, Mail, MailOutcome};
use store::{Store, UnixMillis, leases};
use tokio::time::{sleep, timeout};

use super::{Delivery, Letters, Outbox, Transport, Unwritten};
use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::base64url;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::ports::Ports;

/// How often the outbox is read.
const EVERY: Duration = Duration::from_secs(1);

/// In which rounds sessions are looked for that were used twice.
const REUSE_EVERY: u32 = 5;

/// Mails that are read at a time.
const BATCH: u16 = 20;

/// How long a replica delivers without saying that it is still there. After a crash, mails wait that long.
const LEASE: Duration = Duration::from_secs(15);

/// How often it says so while it hands a mail over.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The pause after the first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(15);

/// The pause above which a mail is given up.
const LAST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// The longest pause while the server cannot be used.
const AWAY: Duration = Duration::from_secs(60);

/// A notice that is older tells nobody anything.
const STALE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How far back sessions are looked for whose users were not told yet that they were used twice.
const LOOK_BACK: Duration = Duration::from_secs(24 * 3600);

/// Delivers the outbox.
pub struct Deliverer {
    ports: Ports,
    outbox: Outbox,
    letters: Letters,
    transport: Option<Transport>,
    holder: String,
}

/// What became of a mail.
enum Step {
    /// Nothing was handed over, so nothing is known of the server.
    Idle,
    /// The server can be used, whether it took the mail or not.
    Next,
    /// The server cannot be used.
    Away(String),
}

/// What `deliver` remembers from round to round.
#[derive(Default)]
struct Progress {
    /// How many there were.
    rounds: u32,
    /// Failures of the server in a row.
    failures: u32,
    /// Whether it was said that there is no server.
    warned: bool,
    /// Why the last round failed, so that it is logged once.
    trouble: Option<String>,
}

impl Deliverer {
    /// Delivers with this transport; without one, mails wait.
    pub fn new(
        ports: Ports,
        outbox: Outbox,
        letters: Letters,
        transport: Option<Transport>,
    ) -> Self {
        let holder = base64url::encode(&ports.entropy.bytes::<12>());
        Self {
            ports,
            outbox,
            letters,
            transport,
            holder,
        }
    }

    /// Delivers until the audit trail is dropped elsewhere: the service has stopped.
    pub async fn deliver(self) {
        let Self {
            ports,
            outbox,
            letters,
            transport,
            holder,
        } = self;
        let round = Round {
            metrics: ports.audit.metrics().clone(),
            // Handing a mail over may take longer than stopping.
            audit: Arc::downgrade(&ports.audit),
            store: ports.store,
            clock: ports.clock,
            outbox,
            letters,
            transport,
            holder,
        };
        drop(ports.audit);
        let mut progress = Progress::default();
        loop {
            sleep(progress.pause()).await;
            if round.audit.strong_count() == 0 {
                return;
            }
            let outcome = round.run(&mut progress).await;
            progress.note(outcome);
        }
    }
}

impl Progress {
    /// The pause before the next round.
    fn pause(&self) -> Duration {
        match self.failures {
            0 => EVERY,
            n => (EVERY * 2u32.saturating_pow(n.min(10))).min(AWAY),
        }
    }

    fn note(&mut self, outcome: Result<Step, Failure>) {
        let trouble = match outcome {
            Ok(Step::Idle) => return,
            Ok(Step::Next) => {
                self.failures = 0;
                None
            }
            Ok(Step::Away(why)) => {
                self.failures = self.failures.saturating_add(1);
                Some(why)
            }
            Err(failure) => Some(failure.to_string()),
        };
        match &trouble {
            Some(why) if self.trouble.as_ref() != Some(why) => {
                log::error!("mail: {why}; mails wait in the outbox and are tried again");
            }
            None if self.trouble.is_some() => log::info!("mail: the server can be used again"),
            _ => {}
        }
        self.trouble = trouble;
    }
}

/// Looks at the outbox.
struct Round {
    store: AsyncStore,
    audit: Weak<Audit>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    outbox: Outbox,
    letters: Letters,
    transport: Option<Transport>,
    holder: String,
}

impl Round {
    async fn run(&self, progress: &mut Progress) -> Result<Step, Failure> {
        progress.rounds += 1;
        if progress.rounds.is_multiple_of(REUSE_EVERY) {
            self.add_notices_of_reuse().await?;
        }
        let waiting = self.store.poll(outbox::waiting).await?;
        self.metrics.mails_waiting(waiting);
        if waiting.count == 0 {
            return Ok(Step::Idle);
        }
        let Some(transport) = &self.transport else {
            if !progress.warned {
                log::warn!(
                    "mail: SYMBOLON_MAIL_URL is not set, so mails wait in the outbox; `symbolon mail list` shows them"
                );
                progress.warned = true;
            }
            return Ok(Step::Idle);
        };
        let mut step = Step::Idle;
        loop {
            if !self.hold_lease().await? {
                return Ok(step);
            }
            let now = self.now();
            let due = self.store.read(move |c| outbox::due(c, now, BATCH)).await?;
            let is_last = due.len() < usize::from(BATCH);
            for mail in due {
                if !self.hold_lease().await? {
                    return Ok(step);
                }
                match self.deliver(transport, mail).await? {
                    Step::Idle => {}
                    Step::Next => step = Step::Next,
                    Step::Away(why) => return Ok(Step::Away(why)),
                }
            }
            if is_last {
                return Ok(step);
            }
        }
    }

    fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    async fn hold_lease(&self) -> Result<bool, Failure> {
        let (holder, now) = (self.holder.clone(), self.now());
        let hold = move |c: &mut _| leases::hold(c, "outbox", &holder, LEASE, now);
        self.store.write(hold).await
    }

    /// Waits for what may take longer than the lease.
    async fn while_holding_the_lease<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            match timeout(HEARTBEAT, &mut work).await {
                Ok(done) => return done,
                // If it cannot be extended now, another replica may send a second copy.
                Err(_) => drop(self.hold_lease().await),
            }
        }
    }

    /// A session that is used twice is revoked by the statement that renews it, which adds no mail. So the
    /// mail is added here, from the row of the session; its id is that of the session, so there is one.
    async fn add_notices_of_reuse(&self) -> Result<(), Failure> {
        let since = self.now() - LOOK_BACK;
        let reused = move |c: &mut _| outbox::reused_sessions(c, since, BATCH);
        let reused = self.store.poll(reused).await?;
        for letter in reused
            .iter()
            .map(|reused| self.outbox.session_reused(reused))
        {
            self.store.transaction(move |c| letter.post(c)).await?;
        }
        Ok(())
    }

    async fn deliver(&self, transport: &Transport, mail: Mail) -> Result<Step, Failure> {
        let now = self.now();
        if mail.mail.challenge_id.is_none() && mail.mail.created_at + STALE < now {
            return self
                .give_up(&mail, Cause::MailExpired, "it is too old")
                .await;
        }
        let (letters, transport, copy) = (self.letters.clone(), transport.clone(), mail.clone());
        let send = move |store: &Store| match letters.write(store, &copy, now) {
            Ok(message) => Ok(transport.send(&message, &copy.mail.id.to_string())),
            Err(why) => Err(why),
        };
        match self
            .while_holding_the_lease(self.store.on_a_thread(send))
            .await?
        {
            Ok(Delivery::Sent) => {
                let (id, now) = (mail.mail.id, self.now());
                let sent = move |c: &mut _| outbox::finish(c, id, MailOutcome::Sent, None, now);
                self.store.write(sent).await?;
                self.metrics.mail(MailOutcome::Sent);
                Ok(Step::Next)
            }
            Ok(Delivery::Refused(why)) => self.give_up(&mail, Cause::MailRefused, &why).await,
            Ok(Delivery::Postponed(why)) => self.postpone(&mail, &why).await,
            Ok(Delivery::Unreachable(why)) => {
                self.postpone(&mail, &why).await?;
                Ok(Step::Away(why))
            }
            Err(Unwritten::Expired) => {
                self.give_up(&mail, Cause::MailExpired, "its link is not valid any more")
                    .await
            }
            Err(Unwritten::Invalid(why)) => self.give_up(&mail, Cause::MailRefused, &why).await,
            Err(Unwritten::Store(error)) => Err(error.into()),
        }
    }

    async fn postpone(&self, mail: &Mail, why: &str) -> Result<Step, Failure> {
        let pause = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(mail.attempts.min(20)));
        if pause > LAST_PAUSE {
            return self.give_up(mail, Cause::MailUndeliverable, why).await;
        }
        let (id, why, until) = (mail.mail.id, why.to_owned(), self.now() + pause);
        let postpone = move |c: &mut _| outbox::postpone(c, id, &why, until);
        self.store.write(postpone).await?;
        Ok(Step::Next)
    }

    async fn give_up(&self, mail: &Mail, cause: Cause, why: &str) -> Result<Step, Failure> {
        let (id, why, now) = (mail.mail.id, why.to_owned(), self.now());
        let give_up = move |c: &mut _| outbox::finish(c, id, MailOutcome::GivenUp, Some(&why), now);
        self.store.write(give_up).await?;
        if let Some(audit) = self.audit.upgrade() {
            let event = audit.event(EventKind::MailFailed);
            let event = match &mail.mail.user_id {
                Some(user) => event.user(user),
                None => event,
            };
            let subject = format!("{} {}", mail.mail.kind, mail.mail.id);
            audit.record(event.subject(subject).refused(cause));
        }
        self.metrics.mail(MailOutcome::GivenUp);
        Ok(match cause {
            Cause::MailExpired => Step::Idle,
            _ => Step::Next,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_without_a_due_mail_says_nothing_of_the_server() {
        let mut progress = Progress::default();
        progress.note(Ok(Step::Away("connection refused".to_owned())));
        let pause = progress.pause();
        progress.note(Ok(Step::Idle));
        assert!(progress.trouble.is_some());
        assert_eq!(progress.pause(), pause);
        progress.note(Ok(Step::Next));
        assert_eq!(progress.trouble, None);
        assert_eq!(progress.pause(), EVERY);
    }
}
