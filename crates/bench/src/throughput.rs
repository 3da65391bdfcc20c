//! Requests and statements per second.

use std::time::Duration;

use throwaway_postgres::PrivateServer;

use crate::django::Django;
use crate::hello::Hello;
use crate::measure::{Contender, interleave};
use crate::report::{Report, Target, composite};
use crate::statements::{CONNECTIONS, OF_PGBENCH, Statements, pgbench};
use crate::symbolon::Symbolon;
use crate::wrk::{Kind, Load};

const HELLO_64: &str = "hello-world, 64 connections";
const HELLO_16: &str = "hello-world, 16 chains";
const HELLO_SAME: &str = "hello-world with the bytes of verify, 64 connections";
const VERIFY: &str = "GET /api/verify, HS512, 64 connections";
const VERIFY_ES256: &str = "GET /api/verify, ES256, 64 connections";
const SELECT: &str = "bare SELECT, PostgreSQL";
const UPDATE: &str = "bare UPDATE, PostgreSQL";
const PGBENCH: &str = "pgbench, plain UPDATE";
const REFRESH_ACCESS: &str = "refresh_access, PostgreSQL";
const REFRESH_ALL: &str = "refresh_all, PostgreSQL";
const REFRESH_ALL_ES256: &str = "refresh_all, PostgreSQL, ES256";
const ONE_BY_ONE: &str = "one commit per renewal, SQLite FULL";
const REFRESH_ALL_SQLITE: &str = "refresh_all, SQLite FULL";
const SIMPLE_JWT: &str = "SimpleJWT, PostgreSQL";

pub(crate) fn measure(
    rounds: usize,
    turn: Duration,
    with_django: bool,
    only: Option<&str>,
    report: &mut Report,
) -> Result<(), String> {
    let server = PrivateServer::start().ok_or("PostgreSQL is not installed")?;
    let url = server.url("postgres");
    let hello = Hello::start()?;
    let postgres = Symbolon::start(Some(&url), "HS512")?;
    server.run(
        "createdb",
        &[
            "-h",
            &server.directory().to_string_lossy(),
            "-U",
            "symbolon",
            "es256",
        ],
    );
    let es256 = Symbolon::start(Some(&server.url("es256")), "ES256")?;
    let sqlite = Symbolon::start(None, "HS512")?;
    let mut updates = Statements::new(&url, 1)?;
    let mut selects = Statements::new(&url, 2)?;
    Statements::new(&url, OF_PGBENCH)?;
    let beside = sqlite.directory().join("one-by-one.db");
    let mut one_by_one = Statements::new(&format!("sqlite://{}", beside.display()), 1)?;
    let access = [postgres.access_token()?];
    let access_es256 = [es256.access_token()?];
    let django = match with_django {
        true => Some(Django::start(&server)?),
        false => None,
    };

    let mut contenders = verifications(&hello, (&postgres, &access), (&es256, &access_es256));
    contenders.extend([
        Contender::new(HELLO_16, |time| {
            chains(&hello.address, "/", Kind::Hello, &[]).run(time)
        }),
        Contender::new(SELECT, |time| selects.selects(time)),
        Contender::new(UPDATE, |time| updates.updates(time)),
        Contender::new(PGBENCH, |time| pgbench(&server, time)),
        Contender::new(REFRESH_ACCESS, |time| {
            renewals(&postgres, "/api/refresh_access", time)
        }),
        Contender::new(REFRESH_ALL, |time| {
            renewals(&postgres, "/api/refresh_all", time)
        }),
        Contender::new(REFRESH_ALL_ES256, |time| {
            renewals(&es256, "/api/refresh_all", time)
        }),
        Contender::new(ONE_BY_ONE, |time| one_by_one.updates_one_by_one(time)),
        Contender::new(REFRESH_ALL_SQLITE, |time| {
            renewals(&sqlite, "/api/refresh_all", time)
        }),
    ]);
    if let Some(django) = &django {
        contenders.push(Contender::new(SIMPLE_JWT, |time| {
            let tokens = django.open(CONNECTIONS)?;
            let path = "/api/token/refresh/";
            chains(&django.address, path, Kind::SimpleJwt, &tokens).run(time)
        }));
    }
    if let Some(only) = only {
        contenders.retain(|contender| contender.name.contains(only));
    }
    report.figures = interleave(contenders, rounds, turn)?;
    let targets = targets(report, with_django).into_iter();
    report
        .targets
        .extend(targets.filter(|target| target.value.is_finite()));
    Ok(())
}

/// The framework alone, and the verification of a token by a service of each algorithm.
fn verifications<'a>(
    hello: &'a Hello,
    (hs512, token): (&'a Symbolon, &'a [String]),
    (es256, token_es256): (&'a Symbolon, &'a [String]),
) -> Vec<Contender<'a>> {
    vec![
        Contender::new(HELLO_64, |time| {
            same_request(&hello.address, "/", Kind::Hello, &[]).run(time)
        }),
        Contender::new(HELLO_SAME, |time| {
            same_request(&hello.address, "/same", Kind::Bearer, token).run(time)
        }),
        Contender::new(VERIFY, |time| {
            same_request(&hs512.address, "/api/verify", Kind::Bearer, token).run(time)
        }),
        Contender::new(VERIFY_ES256, |time| {
            same_request(&es256.address, "/api/verify", Kind::Bearer, token_es256).run(time)
        }),
    ]
}

/// Sends the same request over many connections.
fn same_request<'a>(address: &'a str, path: &'a str, kind: Kind, tokens: &'a [String]) -> Load<'a> {
    Load {
        address,
        path,
        kind,
        tokens,
        threads: 2,
        connections: 64,
    }
}

/// One connection per thread, each of which follows its own chain of tokens.
fn chains<'a>(address: &'a str, path: &'a str, kind: Kind, tokens: &'a [String]) -> Load<'a> {
    Load {
        address,
        path,
        kind,
        tokens,
        threads: CONNECTIONS,
        connections: CONNECTIONS,
    }
}

fn renewals(service: &Symbolon, path: &str, time: Duration) -> Result<f64, String> {
    let tokens = service.open(CONNECTIONS)?;
    chains(&service.address, path, Kind::Cookie, &tokens).run(time)
}

fn targets(report: &Report, with_django: bool) -> Vec<Target> {
    let of = |name: &str| report.median(name);
    let mut targets = vec![
        Target {
            name: "verify ÷ hello-world",
            value: of(VERIFY) / of(HELLO_64),
            least: 0.85,
        },
        Target {
            name: "verify ÷ hello-world with the same bytes",
            value: of(VERIFY) / of(HELLO_SAME),
            least: 0.92,
        },
        Target {
            name: "verify with ES256 ÷ with HS512",
            value: of(VERIFY_ES256) / of(VERIFY),
            least: 0.95,
        },
        Target {
            name: "refresh_access ÷ composite of hello and the SELECT",
            value: of(REFRESH_ACCESS) / composite(of(HELLO_16), of(SELECT)),
            least: 0.7,
        },
        Target {
            name: "refresh_all ÷ composite of hello and the UPDATE",
            value: of(REFRESH_ALL) / composite(of(HELLO_16), of(UPDATE)),
            least: 1.3,
        },
        Target {
            name: "refresh_all ÷ refresh_access",
            value: of(REFRESH_ALL) / of(REFRESH_ACCESS),
            least: 0.6,
        },
        Target {
            name: "refresh_all with ES256 ÷ with HS512",
            value: of(REFRESH_ALL_ES256) / of(REFRESH_ALL),
            least: 0.8,
        },
        Target {
            name: "refresh_all on SQLite ÷ one commit per renewal",
            value: of(REFRESH_ALL_SQLITE) / of(ONE_BY_ONE),
            least: 3.5,
        },
    ];
    if with_django {
        targets.push(Target {
            name: "refresh_all ÷ SimpleJWT",
            value: of(REFRESH_ALL) / of(SIMPLE_JWT),
            least: 80.0,
        });
    }
    targets
}
