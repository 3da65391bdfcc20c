use std::fs;

use serde_json::{Value, json};

use crate::Program;

#[test]
fn however_much_is_logged_no_token_password_or_key_is() {
    let program = Program::new();
    fs::write(program.directory().join(".env"), "RUST_LOG=trace\n").unwrap();
    let key = program.service_key_for_ann();
    let service = program.start(&["--signing-alg=EdDSA"]);
    let (access, refresh) = service.tokens(&key, &json!({ "id": 7 }));
    let password = "correct horse battery staple";
    let bob = json!({ "name": "Bob", "email": "bob@example.org", "password": password });
    service.post("/api/register", &bob);
    service.post(
        "/api/login",
        &json!({ "email": "bob@example.org", "password": password }),
    );
    service.post(
        "/api/login",
        &json!({ "email": "bob@example.org", "password": "hunter2 hunter2" }),
    );
    assert_eq!(service.renew(&refresh), 200);
    assert_eq!(service.get_with_token("/api/me", &access), 200);
    assert_eq!(service.get(&format!("/api/verify?token={access}")), 401);
    assert_eq!(program.run(&["keys", "rotate"]).code, 0);
    let master_key = fs::read_to_string(program.directory().join("data/master.key")).unwrap();

    let log = service.log();

    assert!(log.contains("/api/login"), "it is a full log: {log}");
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    for secret in [
        signature(&access),
        signature(&refresh),
        key,
        master_key.trim().to_owned(),
        password.to_owned(),
        "hunter2".to_owned(),
        "$argon2".to_owned(),
    ] {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn refusals_by_a_limit_and_an_unknown_proxy_are_told_once() {
    let program = Program::new();
    let limits = ["--limit-sign-in=2/1m", "--limit-account=2/1m"];
    let service = program.start(&limits);
    let url = format!("http://{}/api/login", service.address);
    for n in 0..6 {
        let body = json!({ "email": "ann@example.org", "password": "a guess" });
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .into();
        let call = agent.post(&url).header("content-type", "application/json");
        let call = call.header("x-forwarded-for", format!("192.0.2.{n}"));
        let status = call.send(body.to_string()).unwrap().status();
        assert_eq!(status, if n < 2 { 401 } else { 429 });
    }
    let log = service.log();
    let told = |what: &str| {
        let lines = log.lines().filter(|line| line.contains(what));
        let warnings = lines.clone().filter(|line| line.contains("WARN")).count();
        (lines.count(), warnings)
    };
    assert_eq!(
        told("the limit sign_in (2 in 1m) refuses 127.0.0.1"),
        (1, 1),
        "{log}"
    );
    assert_eq!(told("share one allowance"), (1, 1), "{log}");
}

#[test]
fn each_line_names_the_replica_and_the_request_that_it_is_about() {
    for (format, replica, request) in [
        ("text", "replica=web-1", "request="),
        ("json", "\"replica\":\"web-1\"", "\"request\":\""),
    ] {
        let program = Program::new();
        let key = program.service_key_for_ann();
        let format = format!("--log-format={format}");
        let service = program.start(&[&format, "--replica=web-1"]);
        service.tokens(&key, &json!({ "id": 7 }));
        let log = service.log();
        let issued = log.lines().find(|line| line.contains("session_issued"));
        let issued = issued.unwrap_or_else(|| panic!("{log}"));
        assert!(
            issued.contains(replica) && issued.contains(request),
            "{issued}"
        );
        let events = program.run(&["audit", "search", "--json", "--kind=session_issued"]);
        let events: serde_json::Value = serde_json::from_str(&events.out).unwrap();
        let id = events[0]["request"].as_str().unwrap();
        assert!(issued.contains(id), "{id}: {issued}");
        let found = program.run(&["audit", "search", "--json", "--request", id]);
        let found: serde_json::Value = serde_json::from_str(&found.out).unwrap();
        assert_eq!(found.as_array().unwrap().len(), 1);
        assert_eq!(found[0]["replica"], "web-1");
    }
}

#[test]
fn for_programs_each_line_is_an_object_with_the_clients_address() {
    let program = Program::new();
    let arguments = ["--log-format=json", "--trusted-proxies=127.0.0.1"];
    let service = program.start_with(&[("RUST_LOG", "info,symbolon::access=debug")], &arguments);
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let call = agent.get(format!(
        "http://{}/health/live?token=s3cret",
        service.address
    ));
    call.header("x-forwarded-for", "192.0.2.7").call().unwrap();
    let first: Value = serde_json::from_str(&service.first_line).unwrap();
    assert_eq!(first["address"], service.address);
    let log = service.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let access = lines
        .iter()
        .find(|line| line["target"] == "symbolon::access");
    let access = access.unwrap_or_else(|| panic!("{log}"));
    let told = ["client", "method", "path", "status"].map(|name| access[name].as_str().unwrap());
    assert_eq!(told, ["192.0.2.7", "GET", "/health/live", "200"]);
    assert!(access["request"].is_string() && !log.contains("s3cret"));
    service.terminate();
    let (status, rest) = service.wait();
    assert!(status.success());
    let last: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(last["message"], "Stopped.");
}
