//! How much memory the service uses, and whether it grows.

use std::time::Duration;

use throwaway_postgres::PrivateServer;

use crate::report::{Memory, Report};
use crate::statements::CONNECTIONS;
use crate::symbolon::Symbolon;
use crate::wrk::{Kind, Load};

pub(crate) fn measure(renewals: u64, report: &mut Report) -> Result<(), String> {
    let server = PrivateServer::start().ok_or("PostgreSQL is not installed")?;
    let service = Symbolon::start(Some(&server.url("postgres")), "ES256")?;
    let mut tokens = service.open(1000)?;
    let mut memory = Memory::default();
    while memory.renewals < renewals {
        let turn = Duration::from_secs(5);
        let load = Load {
            address: &service.address,
            path: "/api/refresh_all",
            kind: Kind::Cookie,
            tokens: &tokens,
            threads: CONNECTIONS,
            connections: CONNECTIONS,
        };
        let (rate, after) = load.run_and_keep(turn)?;
        tokens = after;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let made = (rate * turn.as_secs_f64()) as u64;
        memory.renewals += made;
        memory.samples.push((memory.renewals, service.memory()));
        eprintln!("{} renewals: {:.1} MiB", memory.renewals, service.memory());
    }
    report.memory = Some(memory);
    Ok(())
}
