use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::Program;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn without_any_setting_it_makes_what_it_needs_and_says_what_to_try() {
    let program = Program::new();
    let service = program.start(&[]);
    assert!(
        service
            .first_line
            .starts_with("Symbolon 0.1.0 listens on 127.0.0.1:")
    );
    assert_eq!(service.get("/health/ready"), 200);
    assert_eq!(service.get("/docs/"), 200);
    let listen = format!("--listen={}", service.address);
    assert_eq!(program.run(&["healthcheck", &listen]).code, 0);
    let port = service.address.rsplit(':').next().unwrap().to_owned();
    service.terminate();
    let (status, printed) = service.wait();

    assert_eq!(status.code(), Some(0));
    assert!(
        printed.contains(&format!("http://localhost:{port}/docs/")),
        "{printed}"
    );
    assert!(printed.contains("./data/symbolon.db"), "{printed}");
    assert!(printed.contains("./data/master.key"), "{printed}");
    // The pages do not work at the other port.
    assert!(
        printed.contains("Open http://localhost:8000 and register."),
        "{printed}"
    );
    let advice = format!("start with\n--public-url http://localhost:{port}\n");
    assert!(printed.contains(&advice), "{printed}");
    let data = program.directory().join("data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("master.key")), 0o600);
    assert_eq!(mode(&data.join("symbolon.db")), 0o600);
    let key = fs::read_to_string(data.join("master.key")).unwrap();
    assert_eq!(key.trim().len(), 43);
    assert!(!printed.contains(key.trim()));
}

#[test]
fn a_second_start_finds_everything_as_it_was() {
    let program = Program::new();
    let first = program.start(&[]);
    first.terminate();
    first.wait();
    let key = fs::read(program.directory().join("data/master.key")).unwrap();

    let second = program.start(&["serve"]);
    assert_eq!(second.get("/health/ready"), 200);
    second.terminate();
    let (status, printed) = second.wait();

    assert_eq!(status.code(), Some(0));
    assert!(
        !printed.contains("(new;") && !printed.contains("curl"),
        "{printed}"
    );
    assert_eq!(
        fs::read(program.directory().join("data/master.key")).unwrap(),
        key
    );
}

#[test]
fn a_wrong_or_missing_master_key_stops_the_start_and_says_what_to_do() {
    let program = Program::new();
    let first = program.start(&[]);
    first.terminate();
    first.wait();
    let path = program.directory().join("data/master.key");

    fs::write(&path, "A".repeat(43)).unwrap();
    let wrong = program.run(&["serve", "--listen=127.0.0.1:0"]);
    assert_eq!(wrong.code, 1);
    assert!(
        wrong.err.contains("the master key does not unwrap"),
        "{}",
        wrong.err
    );
    assert!(
        wrong.err.contains("SYMBOLON_MASTER_KEY_FILE"),
        "{}",
        wrong.err
    );

    fs::remove_file(&path).unwrap();
    let missing = program.run(&["serve", "--listen=127.0.0.1:0"]);
    assert_eq!(missing.code, 1);
    assert!(
        missing.err.contains("is not in ./data/master.key"),
        "{}",
        missing.err
    );
    assert!(!path.exists());
}

#[test]
fn sigterm_lets_a_request_finish() {
    let program = Program::new();
    let service = program.start(&[]);
    let body = r#"{"name":"Ann","email":"ann@example.org","password":"correct horse battery"}"#;
    let (begin, end) = body.split_at(10);
    let mut request = TcpStream::connect(&service.address).unwrap();
    let head = format!(
        "POST /api/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{begin}",
        body.len()
    );
    request.write_all(head.as_bytes()).unwrap();
    // Connections go to the workers by turns: once each has answered another one, the first was
    // taken up.
    for _ in 0..std::thread::available_parallelism().unwrap().get() {
        assert_eq!(service.get("/health/live"), 200);
    }

    service.terminate();
    while TcpStream::connect(&service.address).is_ok() {
        std::thread::yield_now();
    }
    request.write_all(end.as_bytes()).unwrap();
    let mut answer = String::new();
    request.read_to_string(&mut answer).unwrap();

    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let (status, _) = service.wait();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_command_in_another_directory_makes_no_database() {
    let program = Program::new();
    for arguments in [
        &["user", "list"][..],
        &["service-key", "create", "--name=x", "--scope=tokens:issue"],
        &["session", "list", "--user=7"],
        &["keys", "list"],
        &["audit", "search"],
    ] {
        let refused = program.run(arguments);
        assert_eq!(refused.code, 1, "{arguments:?}: {}", refused.err);
        let why = "there is no database at ./data/symbolon.db";
        assert!(refused.err.contains(why), "{arguments:?}: {}", refused.err);
    }
    assert!(!program.directory().join("data").exists());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn each_signal_to_stop_lets_requests_end_and_half_a_body_holds_up_nothing_for_long() {
    for (signal, sends_half) in [("-TERM", true), ("-INT", false), ("-HUP", false)] {
        let program = Program::new();
        let service = program.start(&[]);
        let mut stream = TcpStream::connect(&service.address).unwrap();
        if sends_half {
            let head = "POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
            stream.write_all(head.as_bytes()).unwrap();
            assert_eq!(service.get("/health/live"), 200, "and was read by then");
        }
        let since = Instant::now();
        service.signal(signal);
        let (status, rest) = service.wait();
        assert!(status.success(), "{signal}");
        assert!(rest.ends_with("Stopped.\n"), "{signal}: {rest}");
        // Docker kills after ten.
        assert!(since.elapsed() < Duration::from_secs(9), "{signal}");
    }
}

#[test]
fn a_connection_stays_open_for_longer_than_proxies_keep_it() {
    let program = Program::new();
    for (arguments, stays_open) in [(&[][..], true), (&["--keep-alive=1s"], false)] {
        let service = program.start(arguments);
        let mut stream = TcpStream::connect(&service.address).unwrap();
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        // Longer than the five seconds that are the default of the framework.
        stream
            .set_read_timeout(Some(Duration::from_secs(7)))
            .unwrap();
        let mut received = Vec::new();
        let ended = stream.read_to_end(&mut received);
        assert!(received.starts_with(b"HTTP/1.1 200"));
        assert_eq!(ended.is_err(), stays_open, "{ended:?}");
    }
}

#[test]
fn all_addresses_are_those_of_both_kinds() {
    let program = Program::new();
    let service = program.start(&["--listen=[::]:0"]);
    let port = service.address.rsplit(':').next().unwrap();
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_ok());
    let check = program.run(&["healthcheck", &format!("--listen=[::]:{port}")]);
    assert_eq!(check.code, 0, "{}", check.err);
}
