//! The checks of a token, explained one by one.

use api::settings::Settings;
use identity::clock::LEEWAY;
use jwt_core::{KeyRing, TokenType, VerifyingKey};
use serde_json::Value;
use store::sessions::{self, NotLive, SessionId};
use store::{Store, UnixMillis};

use super::parts::Parts;
use crate::commands::{Failed, output};

/// The results of the checks, one line each.
#[derive(Default)]
pub(super) struct Checks {
    pub(super) lines: Vec<String>,
    pub(super) failed: usize,
}

impl Checks {
    pub(super) fn check(&mut self, name: &str, holds: bool, why: impl FnOnce() -> String) {
        self.lines.push(match holds {
            true => format!("  ok    {name}"),
            false => {
                self.failed += 1;
                format!("  FAIL  {name:10} {}", output::plain(&why()))
            }
        });
    }
}

pub(super) fn check_signature(
    token: &str,
    keys: &[VerifyingKey],
    checks: &mut Checks,
) -> Result<(), Failed> {
    let ring = KeyRing::new(keys.to_vec()).map_err(Failed::work)?;
    let verified = ring.verify_bytes(None::<&TokenType>, token);
    checks.check("signature", verified.is_ok(), || {
        let known: Vec<_> = keys.iter().filter_map(|key| key.id()).collect();
        let known: Vec<_> = known.iter().map(ToString::to_string).collect();
        let why = verified.as_ref().err().map(ToString::to_string);
        format!(
            "{} (known keys: {})",
            why.unwrap_or_default(),
            known.join(", ")
        )
    });
    Ok(())
}

pub(super) fn check_claims(
    parts: &Parts,
    settings: &Settings,
    is_refresh: bool,
    now: UnixMillis,
    checks: &mut Checks,
) {
    let claim = |name: &str| parts.claims.get(name);
    let text = |name: &str| claim(name).and_then(Value::as_str);
    let issuer = settings.http.public_url.issuer();
    checks.check("iss", text("iss") == Some(issuer), || {
        format!("is {}; SYMBOLON_PUBLIC_URL is {issuer}", shown(text("iss")))
    });
    if !is_refresh {
        let audience = settings.http.audience.own.as_str();
        let holds = match claim("aud") {
            Some(Value::Array(several)) => several.iter().any(|one| one == audience),
            one => one.and_then(Value::as_str) == Some(audience),
        };
        checks.check("aud", holds, || {
            let aud = claim("aud").map(Value::to_string);
            format!(
                "is {}; SYMBOLON_AUDIENCE is {audience}",
                shown(aud.as_deref())
            )
        });
        checks.check("sub", text("sub").is_some(), || "is missing".to_owned());
    }
    checks.check("sid", text("sid").is_some(), || "is missing".to_owned());
    let seconds = |name: &str| claim(name).and_then(Value::as_i64);
    let now = now.as_millis() / 1000;
    let leeway = if is_refresh { 0 } else { i64::from(LEEWAY) };
    checks.check(
        "exp",
        seconds("exp").is_some_and(|exp| now < exp + leeway),
        || match seconds("exp") {
            Some(_) => "is in the past".to_owned(),
            None => "is missing".to_owned(),
        },
    );
    if let Some(iat) = seconds("iat") {
        checks.check("iat", iat <= now + leeway, || {
            "is in the future: the clocks differ".to_owned()
        });
        let ttl = settings.access_ttl.as_secs();
        let old = i64::try_from(ttl).unwrap_or(i64::MAX).saturating_add(iat);
        checks.check(
            "age",
            is_refresh || now < old.saturating_add(leeway),
            || format!("is more than SYMBOLON_ACCESS_TTL ({ttl} seconds)"),
        );
    }
}

/// Whether the session of the token is live.
pub(super) fn check_session(
    parts: &Parts,
    store: &Store,
    is_refresh: bool,
    now: UnixMillis,
    checks: &mut Checks,
) -> Result<(), Failed> {
    let sid = parts.claims.get("sid").and_then(Value::as_str);
    let Some(id) = sid.and_then(SessionId::parse) else {
        return Ok(());
    };
    let found = store
        .read(|c| sessions::find_live(c, id, now))
        .map_err(Failed::work)?;
    checks.check("session", found.is_ok(), || match &found {
        Err(NotLive::Revoked(reason)) => format!("was revoked: {reason}"),
        Err(NotLive::Unknown) => "is not in the database".to_owned(),
        _ => "has expired".to_owned(),
    });
    let generation = parts.claims.get("gen").and_then(Value::as_u64);
    if let (Ok(session), Some(generation), true) = (found, generation, is_refresh) {
        let current = session.generation.get();
        checks.check("generation", generation == u64::from(current), || {
            format!("is {generation}; {current} is current")
        });
    }
    Ok(())
}

pub(super) fn shown(text: Option<&str>) -> &str {
    text.unwrap_or("missing")
}
