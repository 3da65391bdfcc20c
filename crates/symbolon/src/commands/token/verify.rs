use api::settings::Settings;
use clap::Args;
use identity::clock::{Clock, SystemClock};
use identity::entropy::SystemEntropy;
use identity::keys::{KeyFollower, Rings};
use identity::tokens::{AccessTokens, RefreshTokens, Tokens, load_locked_out};
use jwt_core::VerifyingKey;
use serde_json::Value;
use store::{Store, UnixMillis};

use super::checks::{Checks, check_claims, check_session, check_signature, shown};
use super::jwk_set;
use super::parts::Parts;
use crate::commands::{Failed, open_existing, output};
use crate::settings::ServeArgs;

#[derive(Args)]
pub(in crate::commands) struct Arguments {
    /// The token, or - for standard input, which leaves no trace in the shell's history
    #[arg(value_name = "TOKEN")]
    token: String,
    /// A file or URL with a JWK set, instead of the keys in the database
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    #[command(flatten)]
    settings: ServeArgs,
}

/// What a token is verified with.
struct Keys {
    verifying: Vec<VerifyingKey>,
    /// The database, unless a JWK set was named.
    database: Option<(Store, Rings)>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failed> {
    let token = super::read(&arguments.token)?;
    let settings = arguments.settings.resolve()?.service;
    let now = SystemClock.now();
    let parts = Parts::decode(&token).map_err(Failed::Work)?;
    let typ = parts.header.get("typ").and_then(Value::as_str);
    let is_refresh = typ == Some("rt+jwt");
    let keys = keys(arguments.jwks.as_deref(), &settings, is_refresh, now)?;
    if keys.verify_legacy(&token, &settings, now)? {
        return output::print(&format!(
            "{}\nThe token is a valid legacy token, which has no session.",
            parts.describe(now)
        ));
    }
    let mut checks = Checks::default();
    check_signature(&token, &keys.verifying, &mut checks)?;
    checks.check("typ", is_refresh || typ == Some("at+jwt"), || {
        let typ = shown(typ);
        format!("is {typ}; must be at+jwt for an access token, rt+jwt for a refresh token")
    });
    check_claims(&parts, &settings, is_refresh, now, &mut checks);
    if let Some((store, rings)) = keys.database {
        check_session(&parts, &store, is_refresh, now, &mut checks)?;
        if checks.failed == 0 {
            let verified = verify_as_the_service(&token, rings, &settings, is_refresh, now);
            checks.check("service", verified.is_ok(), || {
                verified
                    .err()
                    .map(|why| why.to_string())
                    .unwrap_or_default()
            });
        }
    }
    print(&parts, &checks, now)
}

fn print(parts: &Parts, checks: &Checks, now: UnixMillis) -> Result<(), Failed> {
    let checked = checks.lines.join("\n");
    output::print(&format!("{}\nchecks\n{checked}", parts.describe(now)))?;
    match checks.failed {
        0 => output::print("The token is valid."),
        1 => Err(Failed::work("the token is invalid: 1 check failed")),
        n => Err(Failed::Work(format!(
            "the token is invalid: {n} checks failed"
        ))),
    }
}

fn keys(
    jwk_set: Option<&str>,
    settings: &Settings,
    is_refresh: bool,
    now: UnixMillis,
) -> Result<Keys, Failed> {
    if let Some(place) = jwk_set {
        return Ok(Keys {
            verifying: jwk_set::read(place)?,
            database: None,
        });
    }
    let store = open_existing(&settings.database)?;
    let entropy = SystemEntropy::default();
    let master_key = settings.keys.master_key.load(true, &entropy);
    let (master_key, _) = master_key.map_err(Failed::work)?;
    let follower = KeyFollower::load(&store, master_key, now);
    let rings = follower.and_then(|follower| follower.rings(now));
    let rings = rings.map_err(Failed::work)?;
    let ring = match is_refresh {
        true => &rings.refresh,
        false => &rings.access,
    };
    Ok(Keys {
        verifying: ring.verifying.clone(),
        database: Some((store, rings)),
    })
}

impl Keys {
    fn verify_legacy(
        &self,
        token: &str,
        settings: &Settings,
        now: UnixMillis,
    ) -> Result<bool, Failed> {
        let Some((store, rings)) = &self.database else {
            return Ok(false);
        };
        let tokens = Tokens::new(rings.clone(), settings.access_rules());
        load_locked_out(&tokens.access, store).map_err(Failed::work)?;
        Ok(tokens.access.verify_legacy(token, now).is_some())
    }
}

/// The verdict of the service itself. The other checks explain it, and could miss something.
fn verify_as_the_service(
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
    AccessTokens::new(rings.access, settings.access_rules())
        .verify(token, now)
        .map(drop)
}
