//! The primary fails and its standby takes over; the URL names both.

use std::thread;
use std::time::Duration;

use throwaway_postgres::PrivateServer;

use crate::client::Client;
use crate::site::{Site, generation};

#[test]
fn the_service_follows_to_the_standby_and_nobody_is_signed_out() {
    let _alone = crate::alone();
    let Some(primary) = PrivateServer::start() else {
        return;
    };
    let standby = primary.standby();
    let url = format!(
        "postgres://symbolon@/postgres?host={},{}&target_session_attrs=read-write",
        primary.directory().display(),
        standby.directory().display()
    );
    let site = Site::postgres(&url);
    let service = site.start(&["--rotation-grace=0s"]);
    let client = Client::new(&service.address);
    let mut sessions: Vec<_> = (0..8).map(|_| site.open(&client)).collect();
    for session in &mut sessions {
        for _ in 0..20 {
            let reply = client.post("/api/refresh_all", &session.cookie).unwrap();
            assert_eq!(reply.status, 200, "{reply:?}");
            session.cookie = reply.cookie.unwrap();
        }
    }
    standby.wait_for(&primary);
    primary.crash();
    let reply = client
        .post("/api/refresh_all", &sessions[0].cookie)
        .unwrap();
    reply.assert_is_unavailable();
    standby.promote();

    for session in &mut sessions {
        let presented = generation(&session.cookie);
        let recovered = (0..100).find_map(|_| {
            let reply = client.post("/api/refresh_all", &session.cookie).unwrap();
            if reply.status == 503 {
                thread::sleep(Duration::from_millis(100));
                return None;
            }
            Some(reply)
        });
        let reply = recovered.expect("the standby is found");
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(generation(&reply.cookie.unwrap()), presented + 1);
    }
}
