//! Compares the store with the [`Model`]: after each random step on both, every outcome and every
//! row must be the same. `PROPTEST_CASES` sets the number of runs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use store::sessions::{
    self, Generation, Opened, Peek, Renewal, RenewalRules, RevokedReason, Session, SessionId,
};
use store::users::UserId;
use store::{Actor, UnixMillis};

use crate::model::{Look, Model, Outcome};
use crate::{DAY, Fixture, GRACE, RULES, START, new_session, on_both_back_ends, presented};

on_both_back_ends! {
    the_store_does_as_the_model_does
}

/// Users in one run.
const USERS: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Open {
        user: usize,
    },
    /// Some sessions in one call, each with the token of so many generations ago, or, as after a restored
    /// backup, yet to come.
    Renew(Vec<(Index, i8)>),
    Look {
        session: Index,
        ago: i8,
    },
    Wait(Duration),
    Revoke {
        session: Index,
        reason: RevokedReason,
    },
    RevokeAll {
        user: usize,
        keep: Option<Index>,
    },
    RenewByForce {
        user: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let user = 0..USERS;
    let ago = prop_oneof![6 => 0i8..=1, 2 => 2i8..=3, 1 => -3i8..0];
    let wait = prop_oneof![
        Just(Duration::from_millis(1)),
        Just(GRACE - Duration::from_millis(1)),
        Just(GRACE),
        Just(GRACE / 3),
        Just(DAY - Duration::from_millis(1)),
        Just(DAY),
        Just(RULES.idle_ttl - Duration::from_millis(1)),
        Just(9 * DAY),
        (0u64..100_000).prop_map(Duration::from_millis),
    ];
    let reason = prop_oneof![
        Just(RevokedReason::Logout),
        Just(RevokedReason::RevokedByOperator)
    ];
    prop_oneof![
        2 => user.clone().prop_map(|user| Step::Open { user }),
        12 => vec((any::<Index>(), ago.clone()), 1..5).prop_map(Step::Renew),
        4 => (any::<Index>(), ago).prop_map(|(session, ago)| Step::Look { session, ago }),
        8 => wait.prop_map(Step::Wait),
        1 => (any::<Index>(), reason)
            .prop_map(|(session, reason)| Step::Revoke { session, reason }),
        1 => (user.clone(), any::<Option<Index>>())
            .prop_map(|(user, keep)| Step::RevokeAll { user, keep }),
        1 => user.prop_map(|user| Step::RenewByForce { user }),
    ]
}

fn rules() -> impl Strategy<Value = RenewalRules> {
    let grace = prop_oneof![3 => Just(GRACE), 1 => Just(Duration::ZERO)];
    let late = prop_oneof![3 => Just(DAY), 1 => Just(Duration::ZERO)];
    (grace, late).prop_map(|(grace, late_replay_every)| RenewalRules {
        grace,
        late_replay_every,
        ..RULES
    })
}

fn the_store_does_as_the_model_does(f: &Fixture) {
    let config = Config {
        cases: Config::default().cases / 4,
        failure_persistence: None,
        ..Config::default()
    };
    let run_number = Cell::new(0);
    let steps = proptest::collection::vec(step(), 1..60);
    TestRunner::new(config)
        .run(&(rules(), steps), |(rules, steps)| {
            run_number.set(run_number.get() + 1);
            let mut run = Run::new(f, run_number.get(), rules);
            for step in steps {
                run.take(step)?;
            }
            Ok(())
        })
        .unwrap();
}

struct Known {
    id: SessionId,
    user: usize,
    model: Model,
}

struct Run<'a> {
    f: &'a Fixture,
    users: Vec<UserId>,
    known: Vec<Known>,
    rules: RenewalRules,
    now: UnixMillis,
    number: u32,
}

impl<'a> Run<'a> {
    fn new(f: &'a Fixture, number: u32, rules: RenewalRules) -> Self {
        let user = |n| f.add_user(&format!("run{number}user{n}")).id;
        Self {
            f,
            users: (0..USERS).map(user).collect(),
            known: Vec::new(),
            rules,
            now: START,
            number,
        }
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (now, rules) = (self.now, self.rules);
        match step {
            Step::Wait(time) => self.now = now + time,
            Step::Open { user } => {
                let new = self.new_session(user);
                let opened = self
                    .f
                    .store
                    .transaction(move |c| sessions::issue(c, &new, &|| START));
                self.opened(user, opened.unwrap())?;
            }
            Step::Renew(several) => self.renew(several)?,
            Step::Look { session, ago } => {
                let Some((known, presented)) = pick(&mut self.known, session, ago) else {
                    return Ok(());
                };
                let generation = Generation::new(presented).unwrap();
                let find = |c: &mut _| sessions::find_many(c, &[known.id]);
                let found = self.f.store.read(find).unwrap().pop().unwrap().unwrap();
                let look = match sessions::peek(found, generation, now, &rules) {
                    Peek::Valid(_) => Look::Valid,
                    Peek::Undecided => Look::Undecided,
                    Peek::NotLive(why) => Look::NotLive(why),
                };
                prop_assert_eq!(look, known.model.look(presented, now, &rules));
            }
            Step::Revoke { session, reason } => {
                let Some((known, _)) = pick(&mut self.known, session, 0) else {
                    return Ok(());
                };
                let id = known.id;
                let may_be_revoked = known.model.may_be_revoked(now);
                prop_assert_eq!(self.f.revoke(id, reason, now), may_be_revoked);
                if may_be_revoked {
                    known.model.revoke(reason, now);
                }
            }
            Step::RevokeAll { user, keep } => {
                let keep = keep.and_then(|keep| pick(&mut self.known, keep, 0));
                let keep = keep.map(|(known, _)| known.id);
                let (id, reason) = (self.users[user].clone(), RevokedReason::PasswordChanged);
                let by = Actor::User(id.clone());
                let revoke = move |c: &mut _| {
                    sessions::revoke_all_of_user(c, &id, keep, reason, &by, &|| now)
                };
                let mut revoked = self.f.store.transaction(revoke).unwrap().sessions;
                revoked.sort();
                prop_assert_eq!(revoked, self.revoke_all(user, keep, reason));
            }
            Step::RenewByForce { user } => {
                let new = self.new_session(user);
                self.revoke_all(user, None, RevokedReason::ForcedRenewal);
                let opened = self.f.store.transaction(move |c| {
                    sessions::renew_by_force(c, &new, &Actor::CommandLine, &|| now)
                });
                self.opened(user, opened.unwrap())?;
            }
        }
        for known in &self.known {
            let row = self.f.find(known.id).unwrap();
            prop_assert_eq!(&Model::from(&row), &known.model);
        }
        Ok(())
    }

    /// Renews these sessions in one call.
    fn renew(&mut self, several: Vec<(Index, i8)>) -> Result<(), TestCaseError> {
        let (now, rules) = (self.now, self.rules);
        let mut together = BTreeMap::new();
        for (session, ago) in several {
            if let Some((known, generation)) = pick(&mut self.known, session, ago) {
                together.insert(known.id, presented(generation));
            }
        }
        let asked = together.clone();
        let renew = move |c: &mut _| sessions::renew(c, &asked, now, &rules);
        let mut renewals = self.f.store.write(renew).unwrap();
        prop_assert!(renewals.keys().eq(together.keys()));
        for known in &mut self.known {
            let Some(presented) = together.get(&known.id) else {
                continue;
            };
            let renewal = renewals.remove(&known.id).unwrap().unwrap();
            let expected = known.model.renew(presented.generation.get(), now, &rules);
            prop_assert_eq!(outcome(&renewal), expected);
            prop_assert!(session_of(&renewal).is_none_or(|s| Model::from(s) == known.model));
        }
        Ok(())
    }

    fn new_session(&self, user: usize) -> sessions::NewSession {
        let count = u32::try_from(self.known.len()).unwrap();
        let mut random = [0; 10];
        random[2..6].copy_from_slice(&self.number.to_be_bytes());
        random[6..].copy_from_slice(&count.to_be_bytes());
        sessions::NewSession {
            id: SessionId::new(self.now, random),
            created_at: self.now,
            idle_expires_at: self.now + RULES.idle_ttl,
            expires_at: self.now + 30 * DAY,
            ..new_session(self.users[user].clone(), "")
        }
    }

    fn opened(&mut self, user: usize, opened: Opened) -> Result<(), TestCaseError> {
        let Opened::Session(session, _) = opened else {
            return Err(TestCaseError::fail("not opened"));
        };
        self.known.push(Known {
            id: session.id,
            user,
            model: Model::from(&session),
        });
        Ok(())
    }

    /// Of the model.
    fn revoke_all(
        &mut self,
        user: usize,
        keep: Option<SessionId>,
        reason: RevokedReason,
    ) -> Vec<SessionId> {
        let now = self.now;
        let of_user = self.known.iter_mut().filter(|known| known.user == user);
        let live =
            of_user.filter(|known| Some(known.id) != keep && known.model.may_be_revoked(now));
        let mut revoked: Vec<_> = live
            .map(|known| {
                known.model.revoke(reason, now);
                known.id
            })
            .collect();
        revoked.sort();
        revoked
    }
}

/// A session, and the generation of a token of it.
fn pick(known: &mut [Known], session: Index, ago: i8) -> Option<(&mut Known, u32)> {
    if known.is_empty() {
        return None;
    }
    let known = &mut known[session.index(known.len())];
    let presented = i64::from(known.model.generation) - i64::from(ago);
    Some((known, u32::try_from(presented.max(0)).unwrap()))
}

fn outcome(renewal: &Renewal) -> Outcome {
    match renewal {
        Renewal::Rotated(_) => Outcome::Rotated,
        Renewal::Debounced(_) => Outcome::Debounced,
        Renewal::Replayed(_) => Outcome::Replayed,
        Renewal::Forgiven(_) => Outcome::Forgiven,
        Renewal::Recovered(_) => Outcome::Recovered,
        Renewal::Reused(_) => Outcome::Reused,
        Renewal::NotLive(why) => Outcome::NotLive(*why),
        Renewal::OtherUser => panic!("no user is named"),
    }
}

fn session_of(renewal: &Renewal) -> Option<&Session> {
    match renewal {
        Renewal::Rotated(session)
        | Renewal::Debounced(session)
        | Renewal::Replayed(session)
        | Renewal::Forgiven(session)
        | Renewal::Recovered(session)
        | Renewal::Reused(session) => Some(session),
        Renewal::NotLive(_) | Renewal::OtherUser => None,
    }
}
