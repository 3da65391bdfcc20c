//! The examples for React, Vue and Next, each on one origin with the service.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::chromium::{Browser, skip};
use crate::program::{Program, Running};

/// How long a server of an example may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// An example, whose server passes the paths of Symbolon on.
struct FrontEnd {
    url: String,
    server: Child,
    log: std::path::PathBuf,
    _service: Running,
    _program: Program,
}

impl FrontEnd {
    /// `None`, with a line that says why, unless they were installed and built.
    fn start(arguments: &[&str]) -> Option<Self> {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/front-ends");
        if !place.join("vue/dist").exists() {
            skip("examples/front-ends is not built: run npm ci and npm run build there");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let port = port.unwrap().port().to_string();
        let url = format!("http://localhost:{port}");
        let program = Program::new();
        let proxies = ["--trusted-proxies", "127.0.0.1", "--public-url", &url];
        let service = program.start(&proxies);
        let ann = serde_json::json!({
            "name": "Ann", "email": "ann@example.org", "password": "correct horse battery",
        });
        assert!(service.post("/api/register", &ann)["id"].is_string());
        let log = program.directory().join("front-end");
        let out = File::create(&log).unwrap();
        let server = Command::new("node")
            .args(arguments)
            .args(["--port", &port])
            .current_dir(&place)
            .env("SYMBOLON", format!("http://{}", service.address))
            .env("PUBLIC_URL", &url)
            .env("NEXT_TELEMETRY_DISABLED", "1")
            // Ended as one, with all that it starts.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        let mut started = Self {
            url,
            server,
            log,
            _service: service,
            _program: program,
        };
        let began = Instant::now();
        while TcpStream::connect(format!("localhost:{port}")).is_err() {
            let ended = started.server.try_wait().unwrap();
            let is_late = began.elapsed() > PATIENCE;
            assert!(ended.is_none() && !is_late, "{}", started.log());
            sleep(Duration::from_millis(20));
        }
        Some(started)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for FrontEnd {
    fn drop(&mut self) {
        let group = format!("-{}", self.server.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.server.wait();
    }
}

const SIGNED_OUT: &str = "document.querySelector('a[href^=\"/sign-in\"]') !== null";
const SIGNED_IN: &str = "document.querySelector('b')?.textContent === 'Ann'";
const ASKED: &str = "return performance.getEntriesByType('resource')
    .filter(({ name }) => name.endsWith('/api/refresh_all')).length";

/// From the link of the front end to the hosted page and back.
fn sign_in(browser: &Browser, front_end: &FrontEnd) {
    browser.open(&front_end.url);
    browser.until(SIGNED_OUT);
    browser.press("a[href^='/sign-in']");
    browser.until_step("password");
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "correct horse battery");
    browser.submit("sign-in");
    browser.until(SIGNED_IN);
}

/// Signs out in another tab; the first one follows.
fn sign_out_elsewhere(browser: &Browser, front_end: &FrontEnd) {
    let first = browser.this_tab();
    browser.new_tab(&front_end.url);
    browser.until(SIGNED_IN);
    browser.press("button:last-of-type");
    browser.until(SIGNED_OUT);
    browser.turn_to(&first);
    browser.until(SIGNED_OUT);
}

/// Warnings and errors; servers for development also chat.
fn complaints(browser: &Browser) -> Vec<String> {
    let lines = browser.complaints().into_iter();
    let chat = ["[vite]", "[Fast Refresh]", "React DevTools"];
    let is_chat = |line: &String| chat.iter().any(|word| line.contains(word));
    lines.filter(|line| !is_chat(line)).collect()
}

/// In development, where StrictMode runs each effect twice.
#[test]
fn react() {
    it_signs_in_and_out(&["node_modules/vite/bin/vite.js", "react"]);
}

#[test]
fn vue() {
    it_signs_in_and_out(&["node_modules/vite/bin/vite.js", "preview", "vue"]);
}

fn it_signs_in_and_out(arguments: &[&str]) {
    let Some(browser) = Browser::start() else {
        return;
    };
    let Some(front_end) = FrontEnd::start(arguments) else {
        return;
    };
    sign_in(&browser, &front_end);
    assert_eq!(browser.run(ASKED), 1, "{}", front_end.log());
    sign_out_elsewhere(&browser, &front_end);
    assert_eq!(complaints(&browser), [""; 0]);
}

#[test]
fn next() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let Some(front_end) = FrontEnd::start(&["node_modules/next/dist/bin/next", "dev", "next"])
    else {
        return;
    };
    browser.open(&front_end.url);
    browser.until(SIGNED_OUT);
    let asked = browser.run(ASKED);
    assert_eq!(asked, 0, "the server knows that nobody is signed in");
    sign_in(&browser, &front_end);
    browser.until("document.body.innerText.includes('Rendered for 0')");
    browser.press("#ask");
    browser.until("/The API knows you as 0/.test(document.querySelector('output').textContent)");
    let refused =
        "return (await fetch('/hello', { headers: { Authorization: 'Bearer forged' } })).status";
    assert_eq!(browser.run(refused), 401);
    sign_out_elsewhere(&browser, &front_end);
    assert_eq!(complaints(&browser), [""; 0]);
}
