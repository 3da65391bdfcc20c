use std::net::TcpListener;

use serde_json::Value;

use crate::chromium::Browser;
use crate::program::{Program, Running};

/// A service on localhost, with a database of its own.
pub(crate) struct Service {
    pub(crate) running: Running,
    /// As in `http://localhost:12345`, which is its public URL.
    pub(crate) url: String,
    program: Program,
}

/// A mail, as its reader sees it.
#[derive(Debug)]
pub(crate) struct ReadMail {
    pub(crate) subject: String,
    pub(crate) link: String,
    pub(crate) code: String,
}

impl Service {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let program = Program::new();
        // Its pages only work at its public URL, so the port must be known before.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let port = port.unwrap().port();
        let url = format!("http://localhost:{port}");
        let listen = format!("127.0.0.1:{port}");
        let always = ["--listen", &listen, "--public-url", &url];
        let running = program.start(&[&always, arguments].concat());
        Self {
            url,
            running,
            program,
        }
    }

    /// Adds Ann, whose password is `correct horse battery`.
    pub(crate) fn with_ann(self) -> Self {
        let ann = serde_json::json!({
            "name": "Ann", "email": "ann@example.org", "password": "correct horse battery",
        });
        assert!(self.running.post("/api/register", &ann)["id"].is_string());
        self
    }

    /// The page of the account.
    pub(crate) fn account(&self) -> String {
        format!("{}/account", self.url)
    }

    /// Runs a command on its database.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let ended = self.program.run(arguments);
        assert_eq!(ended.code, 0, "{}", ended.err);
        ended.out
    }

    /// The newest mail of this kind, which waits in the outbox.
    pub(crate) fn mail(&self, kind: &str) -> ReadMail {
        self.read_mail(kind, "waiting")
    }

    /// The newest mail of this kind, which waits or was sent.
    pub(crate) fn sent(&self, kind: &str) -> ReadMail {
        self.read_mail(kind, "")
    }

    fn read_mail(&self, kind: &str, state: &str) -> ReadMail {
        let listed: Value = serde_json::from_str(&self.run(&["mail", "list", "--json"])).unwrap();
        let mut listed = listed.as_array().unwrap().iter();
        let mail = listed
            .find(|mail| mail["kind"] == kind && (state.is_empty() || mail["state"] == state));
        let id = mail.unwrap_or_else(|| panic!("no {kind}"))["id"].as_str();
        let text = self.run(&["mail", "show", "--public-url", &self.url, id.unwrap()]);
        let line = |start: &str| text.lines().find(|line| line.starts_with(start));
        let digits = |word: &&str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
        let words: Vec<_> = text.split_whitespace().collect();
        let code = words.windows(2).find(|two| two.iter().all(digits));
        ReadMail {
            subject: line("Subject: ").unwrap()[9..].to_owned(),
            link: line(&self.url).unwrap_or_default().to_owned(),
            code: code.map(|two| two.join(" ")).unwrap_or_default(),
        }
    }
}

/// The account is shown, with its sessions.
pub(crate) const SIGNED_IN: &str = "document.querySelector('#step-account')?.hidden === false
    && document.querySelectorAll('#sessions li').length > 0";

/// Signs Ann in on the hosted page.
pub(crate) fn sign_in(browser: &Browser, service: &Service) {
    browser.open(&format!("{}/sign-in", service.url));
    browser.until_step("password");
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "correct horse battery");
    browser.submit("sign-in");
    browser.until(SIGNED_IN);
}
