//! A directory in which the program runs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::program::{Program, Running};

pub(crate) struct Site {
    program: Program,
    database_url: Option<String>,
    /// For every command.
    always: &'static [&'static str],
    service_key: String,
}

/// A session as a client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) cookie: String,
}

impl Site {
    pub(crate) fn sqlite() -> Self {
        Self::new(None, &[])
    }

    pub(crate) fn postgres(url: &str) -> Self {
        Self::new(Some(url.to_owned()), &[])
    }

    /// Behind a pooler that carries no prepared statements.
    pub(crate) fn pooled(url: &str) -> Self {
        Self::new(Some(url.to_owned()), &["--prepared-statements=off"])
    }

    fn new(database_url: Option<String>, always: &'static [&'static str]) -> Self {
        let mut site = Self {
            program: Program::new(),
            database_url,
            always,
            service_key: String::new(),
        };
        let add = [
            "--id=7",
            "--name=Ann",
            "--email=ann@example.org",
            "--no-password",
        ];
        site.run(&["migrate"]);
        site.run(&[&["user", "add"], &add[..]].concat());
        let create = ["--name=test", "--scope=tokens:issue"];
        let key = site.run(&[&["service-key", "create"], &create[..]].concat());
        site.service_key = key.trim().to_owned();
        site
    }

    /// The directory of the data.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.program.directory().join("data")
    }

    /// The same data directory, with a database elsewhere.
    pub(crate) fn move_to(&mut self, url: &str) {
        self.database_url = Some(url.to_owned());
    }

    /// Runs a command that must work, and returns what it prints.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let ended = self.program.run(&self.with_database(arguments));
        assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.err);
        ended.out
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.program.start(&self.with_database(arguments))
    }

    /// Starts it with a clock that is behind, as in `-1s`.
    pub(crate) fn start_behind(&self, behind: &str, arguments: &[&str]) -> Running {
        let library = std::fs::read_dir("/usr/lib")
            .unwrap()
            .flatten()
            .map(|directory| directory.path().join("faketime/libfaketimeMT.so.1"))
            .find(|library| library.exists());
        let library = library.expect("faketime is installed");
        let variables = [
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("FAKETIME", behind),
            // Only the clock differs; time passes as it does.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        let arguments = self.with_database(arguments);
        self.program.start_with(&variables, &arguments)
    }

    fn with_database<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = [arguments, self.always].concat();
        if let Some(url) = &self.database_url {
            arguments.extend(["--database-url", url]);
        }
        arguments
    }

    /// Another machine for a service on the same database: it has the master key.
    pub(crate) fn beside(&self) -> Self {
        // The key is made on a first start.
        self.start(&[]).kill();
        let program = Program::new();
        let data = program.directory().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(self.data().join("master.key"), data.join("master.key")).unwrap();
        Self {
            program,
            database_url: self.database_url.clone(),
            always: self.always,
            service_key: self.service_key.clone(),
        }
    }

    /// Opens a session of the one user there is.
    pub(crate) fn open(&self, client: &Client) -> Session {
        self.open_with(client, "")
    }

    /// Opens a session in a browser that has a refresh cookie.
    pub(crate) fn open_with(&self, client: &Client, cookie: &str) -> Session {
        let body = json!({ "id": 7 }).to_string();
        let reply = client.post_as("/api/tokens", &self.service_key, cookie, &body);
        let reply = reply.expect("the service answers");
        assert_eq!(reply.status, 200, "{reply:?}");
        let claims = reply.token().split('.').nth(1).unwrap();
        let claims =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
        let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
        Session {
            id: claims["sid"].as_str().unwrap().to_owned(),
            cookie: reply.cookie.expect("a new session has a cookie"),
        }
    }

    /// The generation of each live session, as the database has it.
    pub(crate) fn generations(&self) -> BTreeMap<String, u64> {
        let listed = self.run(&["session", "list", "--json", "--limit=10000"]);
        let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let generation = |session: &Value| {
            let id = session["id"].as_str().unwrap().to_owned();
            (id, session["generation"].as_u64().unwrap())
        };
        listed.iter().map(generation).collect()
    }
}

/// The generation that a refresh token carries.
pub(crate) fn generation(cookie: &str) -> u64 {
    let claims = cookie.split('.').nth(1).unwrap();
    let claims =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["gen"].as_u64().unwrap()
}
