use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::time::Duration;

use clap::{Args, Subcommand};
use jwt_core::{JwkSet, KeyRing, TokenType, VerifyingKey};
use serde_json::{Map, Value};
use store::sessions::{self, SessionId};
use store::{Store, UnixMillis};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::{Failed, output};
use crate::application::open_database;
use crate::base64url;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::entropy::SystemEntropy;
use crate::keys::{Keys, Rings};
use crate::settings::{ServeArgs, Settings};
use crate::tokens::{AccessTokens, LEEWAY, RefreshTokens};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show what a token says, good or not. Asks nobody
    Inspect(InspectArguments),
    /// Say whether a token is good, and which check says so
    Verify(Box<VerifyArguments>),
}

#[derive(Args)]
pub(super) struct InspectArguments {
    /// The token, or - for standard input, which leaves no trace in the shell's history
    #[arg(value_name = "TOKEN")]
    token: String,
}

#[derive(Args)]
pub(super) struct VerifyArguments {
    /// The token, or - for standard input, which leaves no trace in the shell's history
    #[arg(value_name = "TOKEN")]
    token: String,
    /// A file with a JWK set, or its URL, instead of the keys in the database
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    #[command(flatten)]
    settings: ServeArgs,
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Inspect(arguments) => inspect(&arguments),
        Command::Verify(arguments) => verify(*arguments),
    }
}

fn inspect(arguments: &InspectArguments) -> Result<(), Failed> {
    let token = read(&arguments.token)?;
    let parts = Parts::decode(&token).map_err(Failed::Work)?;
    output::print(&parts.describe(SystemClock.now()))
}

/// What a token says, before anything is believed.
struct Parts {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Parts {
    fn decode(token: &str) -> Result<Self, String> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, _signature] = parts[..] else {
            return Err(format!(
                "it has {} parts, where a token has three with dots between them",
                parts.len()
            ));
        };
        let part = |name: &str, part: &str| {
            let bytes = base64url::decode(part).ok_or(format!("its {name} is not base64url"))?;
            serde_json::from_slice(&bytes).map_err(|_| format!("its {name} is not a JSON object"))
        };
        Ok(Self {
            header: part("header", header)?,
            claims: part("payload", claims)?,
        })
    }

    fn describe(&self, now: UnixMillis) -> String {
        let section = |title: &str, members: &Map<String, Value>| {
            let members = members.iter().map(|(name, value)| {
                let value = output::plain(&value.to_string());
                format!("  {name:10} {value}{}", as_time(name, members, now))
            });
            [vec![title.to_owned()], members.collect()]
                .concat()
                .join("\n")
        };
        format!(
            "{}\n{}",
            section("header", &self.header),
            section("claims", &self.claims)
        )
    }
}

/// A claim that is a time, as people read it.
fn as_time(name: &str, members: &Map<String, Value>, now: UnixMillis) -> String {
    let times = ["exp", "iat", "nbf", "auth_time"];
    let seconds = members.get(name).and_then(Value::as_i64);
    let (Some(seconds), true) = (seconds, times.contains(&name)) else {
        return String::new();
    };
    let at = UnixMillis::from_millis(seconds.saturating_mul(1000));
    let distance = match at > now {
        true => format!(
            "in {}",
            humantime::format_duration(whole_seconds(at.since(now)))
        ),
        false => format!(
            "{} ago",
            humantime::format_duration(whole_seconds(now.since(at)))
        ),
    };
    format!("  {} ({distance})", rfc3339(at))
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

fn verify(arguments: VerifyArguments) -> Result<(), Failed> {
    let token = read(&arguments.token)?;
    let settings = arguments.settings.resolve()?;
    let now = SystemClock.now();
    let parts = Parts::decode(&token).map_err(Failed::Work)?;
    let mut verdict = Verdict::default();
    let is_refresh = parts.header.get("typ").and_then(Value::as_str) == Some("rt+jwt");
    let (keys, database) = match &arguments.jwks {
        Some(place) => (of_set(place)?, None),
        None => {
            let (store, _) = open_database(&settings.database).map_err(Failed::work)?;
            let rings = of_database(&store, &settings, now)?;
            if rings
                .older
                .iter()
                .any(|key| key.verify(&token, now).is_some())
            {
                return output::print(&format!(
                    "{}\nThe token is good. It is one of the older service, and has no session.",
                    parts.describe(now)
                ));
            }
            let ring = if is_refresh {
                &rings.refresh
            } else {
                &rings.access
            };
            (ring.verifying.clone(), Some((store, rings)))
        }
    };
    check_signature(&token, &keys, &mut verdict)?;
    let typ = parts.header.get("typ").and_then(Value::as_str);
    verdict.check(
        "typ",
        typ.is_some_and(|typ| ["at+jwt", "rt+jwt"].contains(&typ)),
        || {
            format!(
                "is {}; an access token's is at+jwt, a refresh token's rt+jwt",
                shown(typ)
            )
        },
    );
    check_claims(&parts, &settings, is_refresh, now, &mut verdict);
    if let Some((store, rings)) = database {
        check_session(&parts, &store, is_refresh, now, &mut verdict)?;
        if verdict.failed == 0 {
            let verified = as_the_service_does(&token, rings, &settings, is_refresh, now);
            verdict.check("all of it", verified.is_ok(), || {
                verified
                    .err()
                    .map(|why| why.to_string())
                    .unwrap_or_default()
            });
        }
    }
    output::print(&format!(
        "{}\nchecks\n{}",
        parts.describe(now),
        verdict.lines.join("\n")
    ))?;
    match verdict.failed {
        0 => output::print("The token is good."),
        1 => Err(Failed::Work(
            "the token is not good: one check fails".to_owned(),
        )),
        n => Err(Failed::Work(format!(
            "the token is not good: {n} checks fail"
        ))),
    }
}

/// The checks that were made, a line each.
#[derive(Default)]
struct Verdict {
    lines: Vec<String>,
    failed: usize,
}

impl Verdict {
    fn check(&mut self, name: &str, holds: bool, why: impl FnOnce() -> String) {
        self.lines.push(match holds {
            true => format!("  ok    {name}"),
            false => {
                self.failed += 1;
                format!("  FAIL  {name:10} {}", output::plain(&why()))
            }
        });
    }
}

fn check_signature(
    token: &str,
    keys: &[VerifyingKey],
    verdict: &mut Verdict,
) -> Result<(), Failed> {
    let ring = KeyRing::new(keys.to_vec()).map_err(Failed::work)?;
    let verified = ring.verify_bytes(None::<&TokenType>, token);
    verdict.check("signature", verified.is_ok(), || {
        let known: Vec<_> = keys.iter().filter_map(|key| key.id()).collect();
        let known: Vec<_> = known.iter().map(ToString::to_string).collect();
        let why = verified.as_ref().err().map(ToString::to_string);
        format!(
            "{} (keys known: {})",
            why.unwrap_or_default(),
            known.join(", ")
        )
    });
    Ok(())
}

fn check_claims(
    parts: &Parts,
    settings: &Settings,
    is_refresh: bool,
    now: UnixMillis,
    verdict: &mut Verdict,
) {
    let claim = |name: &str| parts.claims.get(name);
    let text = |name: &str| claim(name).and_then(Value::as_str);
    let issuer = settings.http.public_url.issuer();
    verdict.check("iss", text("iss") == Some(issuer), || {
        format!("is {}; SYMBOLON_PUBLIC_URL is {issuer}", shown(text("iss")))
    });
    if !is_refresh {
        let audience = settings.http.audience.as_str();
        let holds = match claim("aud") {
            Some(Value::Array(several)) => several.iter().any(|one| one == audience),
            one => one.and_then(Value::as_str) == Some(audience),
        };
        verdict.check("aud", holds, || {
            format!("is {}; SYMBOLON_AUDIENCE is {audience}", shown(text("aud")))
        });
        verdict.check("sub", text("sub").is_some(), || "is not there".to_owned());
    }
    verdict.check("sid", text("sid").is_some(), || "is not there".to_owned());
    let seconds = |name: &str| claim(name).and_then(Value::as_i64);
    let now = now.as_millis() / 1000;
    let leeway = if is_refresh { 0 } else { i64::from(LEEWAY) };
    verdict.check(
        "exp",
        seconds("exp").is_some_and(|exp| now < exp + leeway),
        || "it has expired, or has none".to_owned(),
    );
    if let Some(iat) = seconds("iat") {
        verdict.check("iat", iat <= now + leeway, || {
            "it was issued in the future: the clocks differ".to_owned()
        });
        let ttl = settings.access_ttl.as_secs();
        let old = i64::try_from(ttl).unwrap_or(i64::MAX).saturating_add(iat);
        verdict.check(
            "age",
            is_refresh || now < old.saturating_add(leeway),
            || format!("it is older than SYMBOLON_ACCESS_TTL, {ttl} seconds"),
        );
    }
}

/// What has become of its session.
fn check_session(
    parts: &Parts,
    store: &Store,
    is_refresh: bool,
    now: UnixMillis,
    verdict: &mut Verdict,
) -> Result<(), Failed> {
    let sid = parts.claims.get("sid").and_then(Value::as_str);
    let Some(id) = sid.and_then(SessionId::parse) else {
        return Ok(());
    };
    let found = store
        .read(|c| sessions::find_live(c, id, now))
        .map_err(Failed::work)?;
    verdict.check("session", found.is_ok(), || match &found {
        Err(sessions::Dead::Revoked(reason)) => format!("was ended: {}", reason.as_str()),
        Err(sessions::Dead::Unknown) => "is not in the database".to_owned(),
        _ => "has expired".to_owned(),
    });
    let generation = parts.claims.get("gen").and_then(Value::as_u64);
    if let (Ok(session), Some(generation), true) = (found, generation, is_refresh) {
        let current = session.generation.get();
        verdict.check("generation", generation == u64::from(current), || {
            format!("is {generation}; {current} is current")
        });
    }
    Ok(())
}

/// The keys of a JWK set: a file, or where it is published.
fn of_set(place: &str) -> Result<Vec<VerifyingKey>, Failed> {
    let failed = |why: &dyn fmt::Display| Failed::Work(format!("{place}: {why}"));
    let is_url = place.starts_with("https://") || place.starts_with("http://");
    let text = match is_url {
        true => fetch(place).map_err(|why| failed(&why))?,
        false => fs::read_to_string(place).map_err(|why| failed(&why))?,
    };
    let set = JwkSet::parse(&text).map_err(|why| failed(&why))?;
    Ok(set.keys)
}

fn fetch(url: &str) -> Result<String, ureq::Error> {
    // The system's certificates, by the OpenSSL that is compiled in for PostgreSQL.
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(RootCerts::PlatformVerifier);
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .tls_config(tls.build())
        .build()
        .new_agent();
    let mut answer = agent.get(url).call()?;
    answer
        .body_mut()
        .with_config()
        .limit(MOST_SET)
        .read_to_string()
}

/// Bytes that a JWK set may have: some hundred keys.
const MOST_SET: u64 = 1 << 20;

fn of_database(store: &Store, settings: &Settings, now: UnixMillis) -> Result<Rings, Failed> {
    let entropy = std::sync::Arc::new(SystemEntropy::default());
    let (master_key, _) = settings
        .keys
        .master_key
        .load(true, &*entropy)
        .map_err(Failed::work)?;
    let keys = Keys::load(store, master_key, settings.keys.rules, entropy, now);
    keys.and_then(|keys| keys.rings(now)).map_err(Failed::work)
}

/// The service's own verdict: the checks above explain it, and could miss something.
fn as_the_service_does(
    token: &str,
    rings: Rings,
    settings: &Settings,
    is_refresh: bool,
    now: UnixMillis,
) -> Result<(), jwt_core::Error> {
    let issuer = settings.http.public_url.issuer();
    if is_refresh {
        return RefreshTokens::new(rings.refresh, issuer)
            .verify(token, now)
            .map(drop);
    }
    let audience = &settings.http.audience;
    AccessTokens::new(rings.access, issuer, audience, settings.access_ttl)
        .verify(token, now)
        .map(drop)
}

fn shown(text: Option<&str>) -> &str {
    text.unwrap_or("not there")
}

fn read(argument: &str) -> Result<String, Failed> {
    let mut text = argument.to_owned();
    if argument == "-" {
        text.clear();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(Failed::work)?;
    }
    let text = text.trim();
    Ok(text.strip_prefix("Bearer ").unwrap_or(text).to_owned())
}
