//! Behind PgBouncer in transaction mode, with fewer connections to the server than from the
//! service, so that each transaction may run on another connection.

use std::thread;

use throwaway_postgres::PrivateServer;

use crate::client::Client;
use crate::site::{Site, generation};

#[test]
fn a_transaction_pooler_is_no_obstacle() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let Some(pooler) = server.pooler() else {
        return;
    };
    let site = Site::pooled(&pooler.url("postgres"));
    for _ in 0..3 {
        // Each leaves the pooler's connections as the next one finds them.
        put_to_work(&site);
    }
}

fn put_to_work(site: &Site) {
    let service = site.start(&["--rotation-grace=0s"]);
    let client = &Client::new(&service.address);
    let sessions: Vec<_> = (0..12).map(|_| site.open(client)).collect();
    thread::scope(|scope| {
        for mut session in sessions {
            scope.spawn(move || {
                for _ in 0..20 {
                    let access = client.post("/api/refresh_access", &session.cookie);
                    assert_eq!(access.unwrap().status, 200);
                    let all = client.post("/api/refresh_all", &session.cookie).unwrap();
                    assert_eq!(all.status, 200, "{all:?}");
                    session.cookie = all.cookie.unwrap();
                }
                assert_eq!(generation(&session.cookie), 20);
                let out = client.post("/api/logout", &session.cookie).unwrap();
                assert_eq!(out.status, 200);
            });
        }
    });
}
