use std::net::TcpListener;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Program;
use crate::program::Running;
use crate::smtp::{Certificate, SmtpSink, free_port};

/// A program, and how it reaches a server.
struct Post {
    program: Program,
    url: String,
    trusted: String,
}

impl Post {
    fn new(certificate: &Certificate, port: u16, password: &str) -> Self {
        Self {
            program: Program::new(),
            url: format!("smtp://ann:{password}@localhost:{port}"),
            trusted: certificate.file().display().to_string(),
        }
    }

    fn variables(&self) -> [(&str, &str); 3] {
        [
            ("SYMBOLON_MAIL_URL", &self.url),
            ("SYMBOLON_MAIL_FROM", "Ann & Co <no-reply@example.org>"),
            ("SSL_CERT_FILE", &self.trusted),
        ]
    }

    fn start(&self, arguments: &[&str]) -> Running {
        self.program.start_with(&self.variables(), arguments)
    }

    /// Runs a command, and returns its code and all that it prints.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = self.program.command(arguments);
        let output = command.envs(self.variables()).output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert!(
            !printed.contains("ss: word") && !printed.contains("p%40ss"),
            "{printed}"
        );
        (output.status.code().unwrap(), printed)
    }

    /// The mails of the outbox, when `wanted` is so.
    fn until(&self, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let began = Instant::now();
        loop {
            let listed = self.program.run(&["mail", "list", "--json"]).out;
            let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
            if wanted(&listed) {
                return listed;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{listed:#?}");
            sleep(Duration::from_millis(100));
        }
    }
}

const PASSWORD: &str = "p%40ss%3A%20word";

fn register(service: &Running, name: &str, language: &str) {
    let body = json!({ "name": format!("{name} \r\nBcc: eve@example.org"), "email": format!("{name}@example.org"), "password": "correct horse battery" });
    // Nothing that people call themselves ends up in a header.
    let refused = service.post("/api/register", &body);
    assert_eq!(refused["code"], "validation_failed", "{refused}");
    let mut body = body;
    body["name"] = format!("{name} <b>").into();
    let answer = service.post_in(language, "/api/register", &body);
    assert!(answer["id"].is_string(), "{answer}");
}

#[test]
fn mails_arrive_encrypted_and_as_mail_programs_expect_them() {
    let certificate = Certificate::create();
    let Some(sink) = SmtpSink::start(&certificate) else {
        return;
    };
    let post = Post::new(&certificate, sink.port, PASSWORD);
    let service = post.start(&["--brand-name=Acme Notes"]);
    register(&service, "ann", "en");
    let mail = sink.next();
    assert_eq!(mail["to"], json!(["ann@example.org"]));
    assert_eq!(mail["from"], "Ann & Co <no-reply@example.org>");
    assert_eq!(mail["subject"], "Confirm your email address");
    assert_eq!(
        (&mail["type"], &mail["auto_submitted"]),
        (&json!("multipart/alternative"), &json!("auto-generated"))
    );
    assert_eq!(mail["tls"], true);
    assert!(mail["longest_line"].as_u64().unwrap() <= 998);
    let headers = [
        "auto-submitted",
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "subject",
        "to",
        "x-auto-response-suppress",
    ];
    assert_eq!(mail["headers"], json!(headers));
    let text = mail["text"].as_str().unwrap();
    let html = mail["html"].as_str().unwrap().replace("&#x2f;", "/");
    for part in [text, html.as_str()] {
        assert!(
            part.contains("/verify-email#token=") && part.contains("Acme Notes"),
            "{part}"
        );
        assert!(!part.contains("<b>"), "{part}");
    }
    register(&service, "bob", "ru");
    let mail = sink.next();
    assert_eq!(mail["subject"], "Подтвердите адрес электронной почты");
    assert!(mail["text"].as_str().unwrap().contains("Или введите код:"));
    let listed = post.until(|mails| mails.iter().all(|mail| mail["state"] == "sent"));
    assert_eq!(listed.len(), 2);
    drop(service);
    // Without anything to wait for, a test is sent at once.
    let (code, printed) = post.run(&["mail", "test", "cy@example.org"]);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(sink.next()["subject"], "Test");
    let (code, printed) = post.run(&["doctor"]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("takes mails"), "{printed}");
}

#[test]
fn a_server_that_is_not_trusted_gets_neither_mail_nor_password() {
    let certificate = Certificate::create();
    let Some(sink) = SmtpSink::start(&certificate) else {
        return;
    };
    let mut post = Post::new(&certificate, sink.port, PASSWORD);
    let trusted = std::mem::replace(&mut post.trusted, "/dev/null".to_owned());
    let service = post.start(&[]);
    register(&service, "ann", "en");
    let tried = post.until(|mails| mails[0]["attempts"] == 1);
    assert!(
        tried[0]["last_error"]
            .as_str()
            .unwrap()
            .contains("certificate"),
        "{tried:?}"
    );
    assert_eq!(tried[0]["state"], "waiting");
    assert!(sink.is_empty());
    let (code, printed) = post.run(&["doctor"]);
    assert_eq!(code, 1);
    assert!(
        printed.contains("FAIL  mail: smtp://ann:…@localhost"),
        "{printed}"
    );
    drop(service);
    post.trusted = trusted;
    let service = post.start(&[]);
    assert_eq!(sink.next()["to"], json!(["ann@example.org"]));
    drop(service);
}

#[test]
fn a_wrong_password_loses_no_mail() {
    let certificate = Certificate::create();
    let Some(sink) = SmtpSink::start(&certificate) else {
        return;
    };
    let post = Post::new(&certificate, sink.port, "wrong");
    let service = post.start(&[]);
    register(&service, "ann", "en");
    let tried = post.until(|mails| mails[0]["attempts"] == 1);
    assert_eq!(tried[0]["state"], "waiting", "{tried:?}");
    let (code, printed) = post.run(&["mail", "test", "ann@example.org"]);
    assert_eq!(code, 1);
    assert!(printed.contains("535"), "{printed}");
    drop(service);
    assert!(sink.is_empty());
}

#[test]
fn a_mail_that_is_refused_or_postponed_holds_nobody_up() {
    let certificate = Certificate::create();
    let Some(sink) = SmtpSink::start(&certificate) else {
        return;
    };
    let post = Post::new(&certificate, sink.port, PASSWORD);
    let service = post.start(&[]);
    for name in ["refused", "later", "ann"] {
        register(&service, name, "en");
    }
    assert_eq!(sink.next()["to"], json!(["ann@example.org"]));
    let listed = post.until(|mails| {
        mails
            .iter()
            .all(|mail| mail["state"] != "waiting" || mail["attempts"] == 1)
    });
    let states: Vec<_> = listed
        .iter()
        .map(|mail| {
            (
                mail["recipient"].as_str().unwrap(),
                mail["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            ("ann@example.org", "sent"),
            ("later@example.org", "waiting"),
            ("refused@example.org", "given_up")
        ]
    );
    assert!(
        service.log().contains("mail_failed refused"),
        "{}",
        service.log()
    );
    let id = listed[1]["id"].as_str().unwrap();
    let (code, printed) = post.run(&["mail", "retry", id]);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(sink.next()["to"], json!(["later@example.org"]));
}

#[test]
fn a_slow_server_holds_no_caller_up_and_gets_each_mail_once() {
    let certificate = Certificate::create();
    let Some(sink) = SmtpSink::start(&certificate) else {
        return;
    };
    let post = Post::new(&certificate, sink.port, PASSWORD);
    let service = post.start(&[]);
    register(&service, "slow", "en");
    register(&service, "ann", "en");
    assert!(sink.is_empty(), "both answers left before the mails");
    for name in ["slow", "ann"] {
        assert_eq!(sink.next()["to"], json!([format!("{name}@example.org")]));
    }
    let listed = post.until(|mails| mails.iter().all(|mail| mail["state"] == "sent"));
    assert!(
        listed.iter().all(|mail| mail["attempts"] == 0),
        "none has failed: {listed:?}"
    );
    assert!(sink.is_empty());
}

#[test]
fn a_server_that_says_nothing_is_given_up_for_now() {
    // Connections are taken by the kernel, and nobody greets.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let post = Post::new(&Certificate::create(), port, PASSWORD);
    let service = post.start(&[]);
    register(&service, "ann", "en");
    let tried = post.until(|mails| mails[0]["attempts"] == 1);
    assert_eq!(tried[0]["state"], "waiting", "{tried:?}");
    let error = tried[0]["last_error"].as_str().unwrap();
    assert_eq!(error, "the server did not answer within 20 s");
}

#[test]
fn mails_wait_for_a_server_that_is_away() {
    let certificate = Certificate::create();
    let post = Post::new(&certificate, free_port(), PASSWORD);
    let service = post.start(&[]);
    register(&service, "ann", "en");
    post.until(|mails| mails[0]["attempts"] == 1);
    let port = post.url.rsplit(':').next().unwrap().parse().unwrap();
    let Some(sink) = SmtpSink::start_on(&certificate, port) else {
        return;
    };
    let id = post.until(|_| true)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(post.run(&["mail", "retry", &id]).0, 0);
    assert_eq!(sink.next()["to"], json!(["ann@example.org"]));
    // Logged once, however often it was tried.
    assert_eq!(
        service.log().matches("mails wait in the outbox").count(),
        1,
        "{}",
        service.log()
    );
}

#[test]
fn without_a_server_mails_are_printed() {
    let program = Program::new();
    let service = program.start(&["--email-verification=optional"]);
    assert_eq!(program.run(&["mail", "list"]).out, "The outbox is empty.\n");
    register(&service, "ann", "en");
    let listed = program.run(&["mail", "list"]).out;
    let line = listed.lines().nth(1).unwrap();
    assert!(
        line.contains("verify_email  ann@example.org  waiting"),
        "{listed}"
    );
    assert!(listed.lines().all(|line| line.len() <= 110), "{listed}");
    let id = line.split(' ').next().unwrap();
    let shown = program.run(&["mail", "show", id]).out;
    assert!(
        shown.contains("http://localhost:8000/verify-email#token="),
        "{shown}"
    );
    let unknown = program.run(&["mail", "show", "0192f0c1-8a9b-7c0d-9e1f-203142536475"]);
    assert_eq!(
        (unknown.code, unknown.err.as_str()),
        (1, "symbolon: there is no such mail\n")
    );
    let test = program.run(&["mail", "test", "ann@example.org"]);
    assert_eq!(test.code, 1);
    assert!(
        test.err.contains("SYMBOLON_MAIL_URL is not set"),
        "{}",
        test.err
    );
    let began = Instant::now();
    while !service.log().contains("SYMBOLON_MAIL_URL is not set") {
        assert!(began.elapsed() < Duration::from_secs(30));
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn invitations_are_made_on_the_command_line() {
    let program = Program::migrated();
    let service = program.start(&[]);
    let invited = program.run(&["user", "invite", "--email=cy@example.org", "--locale=ru"]);
    assert_eq!(invited.code, 0, "{}", invited.err);
    let id = invited.out.lines().next().unwrap();
    let again = program.run(&["user", "invite", "--again", id]);
    assert_eq!(again.code, 0, "{}", again.err);
    let listed = program.run(&["mail", "list", "--json"]).out;
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.len(), 2);
    let newest = listed[0]["id"].as_str().unwrap();
    let shown = program.run(&["mail", "show", newest]).out;
    assert!(shown.contains("Ваша учётная запись"), "{shown}");
    let first = program.run(&["mail", "show", listed[1]["id"].as_str().unwrap()]);
    assert!(
        first.err.contains("replaced by a newer one"),
        "{}",
        first.err
    );
    let taken = program.run(&["user", "invite", "--email=CY@example.org"]);
    assert_eq!(taken.code, 1);
    assert!(taken.err.contains("--again"), "{}", taken.err);
    drop(service);
}

#[test]
fn mistakes_in_the_settings_of_mail_are_all_told_and_no_secret_is() {
    let program = Program::new();
    let told = program.run(&[
        "--mail-url=smtp://ann:sesame@mail.example.org/inbox",
        "--mail-from=nobody",
        "--mail-notices=new_device,nothing",
        "--mail-templates=/nowhere",
        "--brand-color=#ffee00",
        "--brand-logo=/nowhere.svg",
        "--terms-url=javascript:alert(1)",
        "--email-verification=maybe",
    ]);
    assert_eq!(told.code, 2);
    for part in [
        "SYMBOLON_MAIL_URL: must end with the port",
        "SYMBOLON_MAIL_FROM=nobody: must be an address",
        "SYMBOLON_MAIL_NOTICES=nothing: must be new_device",
        "SYMBOLON_MAIL_TEMPLATES=/nowhere",
        "SYMBOLON_BRAND_COLOR=#ffee00: has a contrast of 1.2",
        "SYMBOLON_BRAND_LOGO=/nowhere.svg",
        "SYMBOLON_TERMS_URL=javascript:alert(1): must be a URL",
        "SYMBOLON_EMAIL_VERIFICATION=maybe: must be off, optional or required",
    ] {
        assert!(told.err.contains(part), "{part}\n{}", told.err);
    }
    assert!(!told.err.contains("sesame"), "{}", told.err);
}
