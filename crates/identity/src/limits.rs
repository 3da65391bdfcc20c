//! Limits on guessing and flooding by address, kept in the memory of each replica. The limit by account
//! is shared by all replicas, in the database (`sign_in`).

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use store::attempts::Allowance;

use crate::clock::Clock;
use crate::refusal_log::RefusalLog;

/// Maximum number of addresses that are tracked: a few megabytes. While there are more, the others
/// share a number of allowances.
const MOST_ADDRESSES: usize = 65_536;

/// The number of shared allowances. Which one an address gets is unpredictable.
const SHARES: u64 = 1024;

/// The pause between two searches for addresses that can be forgotten, in milliseconds.
const FORGET_EVERY: u64 = 1000;

/// The configured limits; `None` is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitRules {
    /// Attempts to sign in from one address.
    pub sign_in: Option<Allowance>,
    /// Attempts to sign in to one account.
    pub account: Option<Allowance>,
    /// Registrations from one address.
    pub registration: Option<Allowance>,
    /// Calls from one address with service keys that are not known to be valid.
    pub service_keys: Option<Allowance>,
    /// Other calls from one address.
    pub calls: Option<Allowance>,
}

/// The limits by address.
#[derive(Debug)]
pub struct Limits {
    /// Attempts to sign in.
    pub sign_in: Option<AddressLimit>,
    /// Registrations.
    pub registration: Option<AddressLimit>,
    /// Service keys that are not known to be valid.
    pub service_keys: Option<AddressLimit>,
    /// Other calls.
    pub calls: Option<AddressLimit>,
}

impl Limits {
    /// Limits with these rules.
    pub fn new(rules: &LimitRules, clock: &Arc<dyn Clock>) -> Self {
        let limit = |name, allowance: Option<Allowance>| {
            allowance.and_then(|allowance| AddressLimit::new(name, allowance, clock.clone()))
        };
        Self {
            sign_in: limit("sign_in", rules.sign_in),
            registration: limit("registration", rules.registration),
            service_keys: limit("service_keys", rules.service_keys),
            calls: limit("calls", rules.calls),
        }
    }

    /// All limits that are set.
    pub fn all(&self) -> impl Iterator<Item = &AddressLimit> {
        let all = [
            &self.sign_in,
            &self.registration,
            &self.service_keys,
            &self.calls,
        ];
        all.into_iter().flatten()
    }
}

/// A limit that applies to each address separately.
pub struct AddressLimit {
    name: &'static str,
    allowance: Allowance,
    limiter: Limiter,
    others: Limiter,
    /// In milliseconds of the monotonic clock.
    forgot_at: AtomicU64,
    clock: Arc<dyn Clock>,
    secret: RandomState,
    refusals: RefusalLog,
}

type Limiter = RateLimiter<u64, HashMapStateStore<u64>, Now, StateInformationMiddleware>;

/// The service's clock, as governor reads it: the monotonic one, because an allowance must neither
/// vanish nor return when somebody sets the clock.
#[derive(Clone)]
struct Now(Arc<dyn Clock>);

impl GovernorClock for Now {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

/// What an address may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemainingAllowance {
    /// The name of the limit.
    pub name: &'static str,
    /// The limit itself.
    pub allowance: Allowance,
    /// Calls allowed in a burst.
    pub remaining: u32,
    /// How long to wait for the next call; zero if one is allowed now.
    pub wait: Duration,
}

impl AddressLimit {
    fn new(name: &'static str, allowance: Allowance, clock: Arc<dyn Clock>) -> Option<Self> {
        let attempts = NonZeroU32::new(allowance.attempts)?;
        let quota = Quota::with_period(allowance.within / attempts.get())?.allow_burst(attempts);
        let limiter = || -> Limiter {
            RateLimiter::new(quota, HashMapStateStore::default(), Now(clock.clone()))
        };
        Some(Self {
            name,
            allowance,
            limiter: limiter(),
            others: limiter(),
            forgot_at: AtomicU64::new(0),
            refusals: RefusalLog::new(name, allowance, clock.clone()),
            clock,
            secret: RandomState::new(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many calls were refused since the start.
    pub fn refused(&self) -> u64 {
        self.refusals.count()
    }

    /// Counts a call from `address` if it is allowed; logs a refusal, once a minute.
    ///
    /// # Errors
    ///
    /// The remaining allowance, with the time to wait, if the call is refused.
    pub fn count(&self, address: IpAddr) -> Result<RemainingAllowance, RemainingAllowance> {
        let network = network(address);
        let counted = match self.is_full() {
            false => self.limiter.check_key(&network),
            true => self
                .others
                .check_key(&(self.secret.hash_one(network) % SHARES)),
        };
        let left = |remaining, wait| RemainingAllowance {
            name: self.name,
            allowance: self.allowance,
            remaining,
            wait,
        };
        match counted {
            Ok(state) => Ok(left(state.remaining_burst_capacity(), Duration::ZERO)),
            Err(refused) => {
                self.refusals.record(&address);
                let wait = refused.wait_time_from(Now(self.clock.clone()).now());
                Err(left(0, wait))
            }
        }
    }

    /// How many addresses are tracked.
    pub fn addresses(&self) -> usize {
        self.limiter.len()
    }

    fn is_full(&self) -> bool {
        if self.limiter.len() < MOST_ADDRESSES {
            return false;
        }
        let now = u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX);
        let forgot_at = self.forgot_at.load(Ordering::Relaxed);
        if now.saturating_sub(forgot_at) >= FORGET_EVERY {
            self.forgot_at.store(now, Ordering::Relaxed);
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.len() >= MOST_ADDRESSES
    }
}

impl fmt::Debug for AddressLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressLimit")
            .field("name", &self.name)
            .field("allowance", &self.allowance)
            .finish_non_exhaustive()
    }
}

/// What one subscriber controls: an IPv4 address, or the first 64 bits of an IPv6 address. The two
/// cannot collide: no IPv6 address in use starts with 32 zero bits.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::ops::{Add, Sub};

    use store::UnixMillis;

    use super::*;
    use crate::clock::FixedClock;

    fn limit(attempts: u32) -> (AddressLimit, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::new(UnixMillis::from_millis(1_800_000_000_000)));
        let allowance = Allowance {
            attempts,
            within: Duration::from_secs(60),
        };
        let limit = AddressLimit::new("test", allowance, clock.clone());
        (limit.unwrap(), clock)
    }

    fn v4(n: u32) -> IpAddr {
        Ipv4Addr::from_bits(n).into()
    }

    #[test]
    fn an_address_has_its_allowance_and_gets_it_back_with_time() {
        let (limit, clock) = limit(3);
        let remaining: Vec<_> = (0..3)
            .map(|_| limit.count(v4(1)).unwrap().remaining)
            .collect();
        assert_eq!(remaining, [2, 1, 0]);
        let wait = limit.count(v4(1)).unwrap_err().wait;
        assert_eq!(wait, Duration::from_secs(20));
        assert!(limit.count(v4(2)).is_ok());
        clock.advance(Duration::from_secs(20));
        assert!(limit.count(v4(1)).is_ok());
        assert!(limit.count(v4(1)).is_err());
    }

    #[test]
    fn setting_the_clock_changes_no_allowance() {
        let hour = Duration::from_secs(3600);
        for set in [UnixMillis::add as fn(_, _) -> _, UnixMillis::sub] {
            let (limit, clock) = limit(3);
            for _ in 0..3 {
                assert!(limit.count(v4(1)).is_ok());
            }
            clock.set(set(clock.now(), hour));
            let wait = limit.count(v4(1)).unwrap_err().wait;
            assert_eq!(wait, Duration::from_secs(20));
            clock.advance(Duration::from_secs(20));
            assert!(limit.count(v4(1)).is_ok());
            assert!(limit.count(v4(2)).is_ok());
        }
    }

    #[test]
    fn an_ipv6_network_has_one_allowance() {
        let (limit, _) = limit(2);
        let of = |network: u128, host: u128| Ipv6Addr::from_bits(network << 64 | host).into();
        assert!(limit.count(of(0x2001_0db8 << 32, 1)).is_ok());
        assert!(limit.count(of(0x2001_0db8 << 32, 2)).is_ok());
        assert!(limit.count(of(0x2001_0db8 << 32, 3)).is_err());
        assert!(limit.count(of((0x2001_0db8 << 32) + 1, 1)).is_ok());
        let mapped: Ipv6Addr = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped();
        for _ in 0..2 {
            assert!(limit.count(mapped.into()).is_ok());
        }
        assert!(limit.count(Ipv4Addr::new(192, 0, 2, 1).into()).is_err());
    }

    #[test]
    fn a_million_addresses_take_bounded_memory_and_bounded_allowances() {
        let (limit, clock) = limit(2);
        let allowed = (1..=1_000_000).filter(|n| limit.count(v4(*n)).is_ok());
        // Each tracked address once, and the shared allowances twice.
        let most = MOST_ADDRESSES + 2 * usize::try_from(SHARES).unwrap();
        assert!(allowed.count() <= most);
        assert!(limit.addresses() <= MOST_ADDRESSES);
        // A minute later, every address can be forgotten.
        clock.advance(Duration::from_secs(60));
        for _ in 0..2 {
            assert!(limit.count(v4(3_000_000)).is_ok());
        }
        assert!(limit.count(v4(3_000_000)).is_err());
        assert!(limit.addresses() < 10);
    }
}
