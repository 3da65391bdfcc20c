use std::collections::BTreeMap;
use std::net::TcpListener;

use serde_json::json;

use crate::Program;

fn free_address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

/// Each line of the metrics: what is counted, with its labels, and how much.
fn scrape(address: &str) -> BTreeMap<String, f64> {
    let mut answer = ureq::get(format!("http://{address}/metrics"))
        .call()
        .unwrap();
    let media_type = answer.headers()["content-type"].to_str().unwrap();
    assert!(media_type.starts_with("application/openmetrics-text"));
    let text = answer.body_mut().read_to_string().unwrap();
    assert!(text.ends_with("# EOF\n"));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn what_happens_is_counted_for_the_operator() {
    let program = Program::new();
    let key = program.service_key_for_ann();
    let address = free_address();
    let service = program.start(&[&format!("--metrics-listen={address}")]);
    let (token, cookie) = service.tokens(&key, &json!({ "id": 7 }));
    assert_eq!(service.get_with_token("/api/verify", &token), 200);
    assert_eq!(service.get("/made/up/by/anybody"), 404);
    assert_eq!([service.renew(&cookie), service.renew(&cookie)], [200, 200]);
    let body = json!({ "email": "nobody@example.org", "password": "a guess" });
    service.post("/api/login", &body);
    let metrics = scrape(&address);
    let of = |name: &str| metrics.get(name).copied();
    let requests = |labels: &str| of(&format!("symbolon_http_requests_total{{{labels}}}"));
    assert_eq!(
        requests(r#"method="GET",route="/api/verify",status="200""#),
        Some(1.0)
    );
    assert_eq!(
        requests(r#"method="GET",route="none",status="404""#),
        Some(1.0)
    );
    assert_eq!(
        of(r#"symbolon_http_request_duration_seconds_count{route="/api/refresh_all"}"#),
        Some(2.0)
    );
    assert_eq!(
        of(r#"symbolon_sign_ins_total{outcome="email_unknown"}"#),
        Some(1.0)
    );
    assert_eq!(
        of(r#"symbolon_renewals_total{outcome="rotated"}"#),
        Some(1.0)
    );
    assert_eq!(
        of(r#"symbolon_renewals_total{outcome="replayed"}"#),
        Some(1.0)
    );
    assert_eq!(
        of(r#"symbolon_password_hashes{state="running"}"#),
        Some(0.0)
    );
    assert_eq!(of("symbolon_audit_events_lost_total"), Some(0.0));
    assert_eq!(of("symbolon_denylist_sessions"), Some(0.0));
    let age = of(r#"symbolon_signing_key_age_seconds{use="access"}"#).unwrap();
    assert!((0.0..60.0).contains(&age), "{age}");
    let [commits, changes] =
        ["commits", "changes"].map(|what| of(&format!("symbolon_sqlite_{what}_total")).unwrap());
    assert!(commits >= 1.0 && changes >= commits);
    // Not where everybody calls.
    assert_eq!(service.get("/metrics"), 404);
    service.terminate();
    let (status, _) = service.wait();
    assert!(status.success());
}

#[test]
fn the_documentation_lists_every_metric_and_the_dashboard_no_other() {
    let program = Program::new();
    let address = free_address();
    let service = program.start(&[&format!("--metrics-listen={address}")]);
    let body = json!({ "email": "nobody@example.org", "password": "a guess" });
    service.post("/api/login", &body);
    service.renew("x");
    let told: Vec<_> = scrape(&address).into_keys().collect();
    // Without one that was asked for, there is none to see.
    let unseen = ["symbolon_renewals_total", "symbolon_limited_addresses"];
    let page = include_str!("../../../../docs/events-and-metrics.md");
    for metric in &told {
        let name = metric.split('{').next().unwrap();
        let histogram = ["_bucket", "_count", "_sum"];
        let name = histogram
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        assert!(page.contains(&format!("\n| `{name}` | ")), "{name}");
    }
    let dashboard = include_str!("../../../../docs/grafana/symbolon.json");
    for part in dashboard.split("symbolon_").skip(1) {
        let name = part
            .split(|c: char| c != '_' && !c.is_ascii_lowercase())
            .next()
            .unwrap();
        let name = format!("symbolon_{name}");
        let is_told = told.iter().any(|told| told.starts_with(&name));
        assert!(is_told || unseen.contains(&name.as_str()), "{name}");
    }
}
