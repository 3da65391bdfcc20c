//! `SYMBOLON_ACCESS_TTL`, `SYMBOLON_IDLE_TTL`, `SYMBOLON_SESSION_TTL`, `SYMBOLON_ROTATION_GRACE`,
//! `SYMBOLON_LATE_REPLAY_EVERY`, `SYMBOLON_SESSIONS_PER_USER`.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::Args;
use identity::sessions::SessionRules;
use store::sessions::RenewalRules;

use super::{Mistakes, duration};

/// The settings of sessions, as text.
#[derive(Args, Clone)]
pub(super) struct SessionsArgs {
    /// Lifetime of access tokens
    #[arg(
        long,
        env = "SYMBOLON_ACCESS_TTL",
        value_name = "TIME",
        default_value = "5m"
    )]
    access_ttl: String,

    /// How long a session lasts without a `refresh_all`
    #[arg(
        long,
        env = "SYMBOLON_IDLE_TTL",
        value_name = "TIME",
        default_value = "3d"
    )]
    idle_ttl: String,

    /// Maximum lifetime of a session
    #[arg(
        long,
        env = "SYMBOLON_SESSION_TTL",
        value_name = "TIME",
        default_value = "30d"
    )]
    session_ttl: String,

    /// Grace period: how long after a rotation the previous refresh token is still accepted; with
    /// 0s it is outdated at once
    #[arg(
        long,
        env = "SYMBOLON_ROTATION_GRACE",
        value_name = "TIME",
        default_value = "30s"
    )]
    rotation_grace: String,

    /// Minimum time between two accepted late replays of a session; 0s accepts none
    #[arg(
        long,
        env = "SYMBOLON_LATE_REPLAY_EVERY",
        value_name = "TIME",
        default_value = "1d"
    )]
    late_replay_every: String,

    /// How many live sessions a user may have; opening another revokes the oldest; 0 is unlimited
    #[arg(
        long,
        env = "SYMBOLON_SESSIONS_PER_USER",
        value_name = "N",
        default_value = "100"
    )]
    sessions_per_user: String,
}

/// The settings of access tokens and sessions.
pub(super) struct Sessions {
    pub(super) access_ttl: Duration,
    pub(super) rules: SessionRules,
}

impl SessionsArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Sessions> {
        let second = Duration::from_secs(1);
        let mut time =
            |variable, text: &str, least| mistakes.note(variable, text, duration(text, least));
        let access = time("SYMBOLON_ACCESS_TTL", &self.access_ttl, second);
        let idle = time("SYMBOLON_IDLE_TTL", &self.idle_ttl, second);
        let session = time("SYMBOLON_SESSION_TTL", &self.session_ttl, second);
        let grace = time(
            "SYMBOLON_ROTATION_GRACE",
            &self.rotation_grace,
            Duration::ZERO,
        );
        let replay = time(
            "SYMBOLON_LATE_REPLAY_EVERY",
            &self.late_replay_every,
            Duration::ZERO,
        );
        let per_user: Option<u32> = self.sessions_per_user.parse().ok();
        if per_user.is_none() {
            let value = Some(self.sessions_per_user.as_str());
            mistakes.add(
                "SYMBOLON_SESSIONS_PER_USER",
                value,
                "must be a whole number; 0 means no limit",
            );
        }
        let (access_ttl, idle_ttl, session, grace) = (access?, idle?, session?, grace?);
        if idle_ttl > session {
            let why = "must not be longer than SYMBOLON_SESSION_TTL";
            mistakes.add("SYMBOLON_IDLE_TTL", Some(&self.idle_ttl), why);
        }
        for (variable, text, value) in [
            ("SYMBOLON_ACCESS_TTL", &self.access_ttl, access_ttl),
            ("SYMBOLON_ROTATION_GRACE", &self.rotation_grace, grace),
        ] {
            if value >= idle_ttl {
                mistakes.add(
                    variable,
                    Some(text),
                    "must be shorter than SYMBOLON_IDLE_TTL",
                );
            }
        }
        Some(Sessions {
            access_ttl,
            rules: SessionRules {
                ttl: session,
                per_user: NonZeroU32::new(per_user?),
                renewal: RenewalRules {
                    grace,
                    late_replay_every: replay?,
                    idle_ttl,
                },
            },
        })
    }
}
