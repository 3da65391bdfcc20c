//! Chromium, driven by a blocking WebDriver client.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_rt::SystemRunner;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::prelude::{DesiredCapabilities, WebDriver, WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};
use thirtyfour::{By, CapabilitiesHelper, Cookie, WindowHandle};

/// A Chromium with a profile of its own. Ends with this value.
pub(crate) struct Browser {
    driver: Option<WebDriver>,
    runtime: SystemRunner,
    chromedriver: Chromedriver,
    _profile: TempDir,
}

/// How long a page may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);

impl Browser {
    /// `None`, with a line that says why, where there is no Chromium.
    pub(crate) fn start() -> Option<Self> {
        let chromedriver = match Chromedriver::start() {
            Ok(chromedriver) => chromedriver,
            Err(why) => {
                skip(&why);
                return None;
            }
        };
        let profile = tempfile::tempdir().unwrap();
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--no-proxy-server",
            // Nothing but this machine can be reached, by any name.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, \
             EXCLUDE 127.0.0.1",
            "--window-size=1100,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ] {
            capabilities.add_arg(argument).unwrap();
        }
        let everything = json!({"browser": "ALL"});
        capabilities.set("goog:loggingPrefs", everything).unwrap();
        // Certificates are made on the spot.
        capabilities.accept_insecure_certs(true).unwrap();
        let runtime = actix_rt::System::new();
        let driver = WebDriver::builder(chromedriver.url.clone(), capabilities)
            .client(Blocking)
            .connect();
        let driver = runtime.block_on(driver).unwrap();
        let patience = driver.set_script_timeout(2 * PATIENCE);
        runtime.block_on(patience).unwrap();
        Some(Self {
            driver: Some(driver),
            runtime,
            chromedriver,
            _profile: profile,
        })
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().unwrap()
    }

    fn wait<T>(&self, future: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime.block_on(future).unwrap()
    }

    pub(crate) fn open(&self, url: &str) {
        self.wait(self.driver().goto(url));
    }

    pub(crate) fn reload(&self) {
        self.wait(self.driver().refresh());
    }

    /// Runs the body of an async function in the page, and returns what it returns.
    pub(crate) fn run(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[0];
             (async () => {{ {body} }})().then(
                 (value) => done({{ value: value ?? null }}),
                 (error) => done({{ error: String(error?.stack ?? error) }}))"
        );
        let answer = self.wait(self.driver().execute_async(script, Vec::new()));
        let mut answer = answer.json().clone();
        if let Some(error) = answer["error"].as_str() {
            panic!("{error}\nin {body}\nthe page says: {:#?}", self.console());
        }
        answer["value"].take()
    }

    /// Waits until this expression is true in the page, or in the one that comes after it.
    pub(crate) fn until(&self, condition: &str) {
        let began = Instant::now();
        let asked = format!("return !!({condition})");
        loop {
            // While a page goes and another one comes, there is nobody to ask.
            let answer = self
                .runtime
                .block_on(self.driver().execute(&*asked, Vec::new()));
            let answer = answer.map(|answer| answer.json().clone());
            match &answer {
                Ok(Value::Bool(true)) => return,
                _ if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
                _ => {
                    let seen = self.run("return location.href + ' ' + document.body.innerText");
                    panic!(
                        "never: {condition}\n{answer:?}\nin {seen}\nthe page says: {:#?}",
                        self.console()
                    );
                }
            }
        }
    }

    /// Types into a field, as its user does.
    pub(crate) fn fill(&self, css: &str, text: &str) {
        let field = self.wait(self.driver().find(By::Css(css)));
        self.wait(field.clear());
        self.wait(field.send_keys(text));
    }

    pub(crate) fn press(&self, css: &str) {
        let button = self.wait(self.driver().find(By::Css(css)));
        self.wait(button.click());
    }

    /// Opens another tab and goes there.
    pub(crate) fn new_tab(&self, url: &str) -> WindowHandle {
        let tab = self.wait(self.driver().new_tab());
        self.turn_to(&tab);
        self.open(url);
        tab
    }

    pub(crate) fn this_tab(&self) -> WindowHandle {
        self.wait(self.driver().window())
    }

    pub(crate) fn turn_to(&self, tab: &WindowHandle) {
        self.wait(self.driver().switch_to_window(tab.clone()));
    }

    /// Waits for a step of a hosted page.
    pub(crate) fn until_step(&self, step: &str) {
        self.until(&format!(
            "document.querySelector('#step-{step}')?.hidden === false"
        ));
    }

    /// Presses the button that submits a form.
    pub(crate) fn submit(&self, form: &str) {
        self.press(&format!("#{form} button:not([type])"));
    }

    /// On the hosted pages of the service at this URL.
    pub(crate) fn register_ann(&self, url: &str) {
        self.open(&format!("{url}/register"));
        self.until_step("register");
        self.fill("#register-name", "Ann");
        self.fill("#register-email", "ann@example.org");
        self.fill("#register-password", "correct horse battery");
        self.submit("register");
        self.until_step("account");
    }

    /// The refresh cookie, which no script can read.
    pub(crate) fn refresh_cookie(&self) -> String {
        let cookie = self.cookie("refreshToken");
        assert_eq!(cookie.http_only, Some(true));
        cookie.value
    }

    pub(crate) fn cookie(&self, name: &str) -> Cookie {
        self.wait(self.driver().get_named_cookie(name))
    }

    /// A command of Chromium's own protocol.
    pub(crate) fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.ask(
            "goog/cdp/execute",
            &json!({"cmd": command, "params": parameters}),
        )
    }

    /// What is wrong with the page by its console, since it was last asked. That a call was answered
    /// with an error, which Chromium notes as well, is not: who is signed out gets a 401.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let lines = self.console().into_iter();
        lines
            .filter(|line| !line.contains("Failed to load resource"))
            .collect()
    }

    /// What the page has said on its console since it was last asked, violations of its content
    /// security policy included.
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self.ask("se/log", &json!({"type": "browser"}));
        let lines = lines.as_array().unwrap().iter();
        lines
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What thirtyfour has no word for.
    fn ask(&self, path: &str, body: &Value) -> Value {
        let session = self.driver().handle().session_id().to_string();
        let url = format!("{}/session/{session}/{path}", self.chromedriver.url);
        let mut answer = agent().post(url).send(body.to_string()).unwrap();
        let answer = answer.body_mut().read_to_string().unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()["value"].take()
    }

    pub(crate) fn screenshot(&self, file: &Path) {
        let png = self.wait(self.driver().screenshot_as_png());
        std::fs::write(file, png).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            let _ = self.runtime.block_on(driver.quit());
        }
    }
}

struct Chromedriver {
    child: Child,
    url: String,
}

impl Chromedriver {
    fn start() -> Result<Self, String> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("chromedriver cannot be started: {why}"))?;
        let out = BufReader::new(child.stdout.take().unwrap());
        for line in out.lines() {
            let line = line.map_err(|why| why.to_string())?;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return Ok(Self {
                    child,
                    url: format!("http://127.0.0.1:{}", port.trim_end_matches('.')),
                });
            }
        }
        Err("chromedriver does not tell its port".to_owned())
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says that a test is skipped, unless that is forbidden.
pub(crate) fn skip(why: &str) {
    assert!(
        env::var("REQUIRE_BROWSER").as_deref() != Ok("1"),
        "REQUIRE_BROWSER=1, but {why}"
    );
    eprintln!("SKIPPED: {why}");
}

/// The client that the other tests have: each call of WebDriver waits for its answer anyway.
struct Blocking;

#[async_trait]
impl HttpClient for Blocking {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Empty => String::new(),
            Body::Json(json) => json.to_string(),
        };
        let failed = |why: ureq::Error| WebDriverError::FatalError(why.to_string());
        let answer = agent()
            .run(Request::from_parts(parts, body))
            .map_err(failed)?;
        let (parts, mut body) = answer.into_parts();
        // A screenshot is larger than what is read by default.
        let body = body
            .with_config()
            .limit(100 << 20)
            .read_to_vec()
            .map_err(failed)?;
        Ok(Response::from_parts(parts, body.into()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Blocking)
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None);
    config.build().into()
}
