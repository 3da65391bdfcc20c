//! How many a second.

use std::time::Duration;

use throwaway_postgres::PrivateServer;

use crate::django::Django;
use crate::hello::Hello;
use crate::measure::{Contender, interleave};
use crate::report::{Report, Target, composite};
use crate::statements::{CONNECTIONS, OF_PGBENCH, Statements, pgbench};
use crate::symbolon::Symbolon;
use crate::wrk::{Kind, Load};

pub(crate) fn measure(
    rounds: usize,
    turn: Duration,
    with_django: bool,
    report: &mut Report,
) -> Result<(), String> {
    let server = PrivateServer::start().ok_or("PostgreSQL is not installed")?;
    let url = server.url("postgres");
    let hello = Hello::start()?;
    let postgres = Symbolon::start(Some(&url))?;
    let sqlite = Symbolon::start(None)?;
    let mut updates = Statements::new(&url, 1)?;
    let mut selects = Statements::new(&url, 2)?;
    Statements::new(&url, OF_PGBENCH)?;
    let beside = sqlite.directory().join("one-by-one.db");
    let mut one_by_one = Statements::new(&format!("sqlite://{}", beside.display()), 1)?;
    let access = [postgres.access_token()?];
    let django = match with_django {
        true => Some(Django::start(&server)?),
        false => None,
    };

    let many = |address, path, kind, tokens, time| {
        Load {
            address,
            path,
            kind,
            tokens,
            threads: 2,
            connections: 64,
        }
        .run(time)
    };
    // One connection a thread: each walks its own chain.
    let chains = |address, path, kind, tokens: &[String], time| {
        Load {
            address,
            path,
            kind,
            tokens,
            threads: CONNECTIONS,
            connections: CONNECTIONS,
        }
        .run(time)
    };
    let mut contenders = vec![
        Contender::new("hello-world, 64 connections", |time| {
            many(&hello.address, "/", Kind::Hello, &[], time)
        }),
        Contender::new("GET /api/verify, 64 connections", |time| {
            many(
                &postgres.address,
                "/api/verify",
                Kind::Bearer,
                &access,
                time,
            )
        }),
        Contender::new("hello-world, 16 chains", |time| {
            chains(&hello.address, "/", Kind::Hello, &[], time)
        }),
        Contender::new("bare SELECT, PostgreSQL", |time| selects.selects(time)),
        Contender::new("bare UPDATE, PostgreSQL", |time| updates.updates(time)),
        Contender::new("pgbench, plain UPDATE", |time| pgbench(&server, time)),
        Contender::new("refresh_access, PostgreSQL", |time| {
            let tokens = postgres.open(CONNECTIONS)?;
            chains(
                &postgres.address,
                "/api/refresh_access",
                Kind::Cookie,
                &tokens,
                time,
            )
        }),
        Contender::new("refresh_all, PostgreSQL", |time| {
            let tokens = postgres.open(CONNECTIONS)?;
            chains(
                &postgres.address,
                "/api/refresh_all",
                Kind::Cookie,
                &tokens,
                time,
            )
        }),
        Contender::new("one commit a renewal, SQLite FULL", |time| {
            one_by_one.updates_one_by_one(time)
        }),
        Contender::new("refresh_all, SQLite FULL", |time| {
            let tokens = sqlite.open(CONNECTIONS)?;
            chains(
                &sqlite.address,
                "/api/refresh_all",
                Kind::Cookie,
                &tokens,
                time,
            )
        }),
    ];
    if let Some(django) = &django {
        contenders.push(Contender::new("SimpleJWT, PostgreSQL", |time| {
            let tokens = django.open(CONNECTIONS)?;
            let path = "/api/token/refresh/";
            chains(&django.address, path, Kind::SimpleJwt, &tokens, time)
        }));
    }
    report.figures = interleave(contenders, rounds, turn)?;

    let of = |name: &str| report.median(name);
    let hello = of("hello-world, 16 chains");
    let (access, all) = (
        of("refresh_access, PostgreSQL"),
        of("refresh_all, PostgreSQL"),
    );
    let mut targets = vec![
        Target {
            name: "verify ÷ hello-world",
            value: of("GET /api/verify, 64 connections") / of("hello-world, 64 connections"),
            least: 0.85,
        },
        Target {
            name: "refresh_access ÷ composite of hello and the SELECT",
            value: access / composite(hello, of("bare SELECT, PostgreSQL")),
            least: 0.7,
        },
        Target {
            name: "refresh_all ÷ composite of hello and the UPDATE",
            value: all / composite(hello, of("bare UPDATE, PostgreSQL")),
            least: 0.7,
        },
        Target {
            name: "refresh_all on SQLite ÷ one commit a renewal",
            value: of("refresh_all, SQLite FULL") / of("one commit a renewal, SQLite FULL"),
            least: 2.0,
        },
    ];
    if django.is_some() {
        targets.push(Target {
            name: "refresh_all ÷ SimpleJWT",
            value: all / of("SimpleJWT, PostgreSQL"),
            least: 30.0,
        });
    }
    report.targets.extend(targets);
    Ok(())
}
