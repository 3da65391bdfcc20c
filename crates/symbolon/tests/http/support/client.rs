//! An HTTP client with a cookie jar, as a browser or a program has it. Each answer to a call of
//! the OpenAPI document must be listed there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

/// Clones share the jar.
#[derive(Clone)]
pub(crate) struct Client {
    base: String,
    agent: ureq::Agent,
    jar: Rc<RefCell<BTreeMap<String, String>>>,
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self {
            base: base.to_owned(),
            agent: config.into(),
            jar: Rc::default(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call {
        self.call("PATCH", path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        Call {
            client: self.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// The refresh cookie's value.
    pub(crate) fn cookie(&self) -> Option<String> {
        self.jar.borrow().get("refreshToken").cloned()
    }

    /// Puts a refresh cookie into the jar, as a thief would.
    pub(crate) fn set_cookie(&self, value: &str) {
        let mut jar = self.jar.borrow_mut();
        jar.insert("refreshToken".to_owned(), value.to_owned());
    }

    /// Has the cookies of another browser, as a thief would.
    pub(crate) fn take_cookies_of(&self, other: &Client) {
        *self.jar.borrow_mut() = other.jar.borrow().clone();
    }

    fn keep_cookies(&self, answer: &Answer) {
        let mut jar = self.jar.borrow_mut();
        for cookie in answer.all("set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A request in the making.
pub(crate) struct Call {
    client: Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string().into_bytes())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn send(self) -> Answer {
        let (client, method, path) = (self.client.clone(), self.method.clone(), self.path.clone());
        let answer = self.send_unchecked();
        let document = client.get("/docs.json").send_unchecked().json();
        assert_documented(&document, &method, &path, &answer);
        answer
    }

    /// Without comparing the answer with the document: no operation lists its own bugs.
    pub(crate) fn send_unchecked(self) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(self.method.as_str())
            .uri(format!("{}{}", self.client.base, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let jar = self.client.jar.borrow().clone();
        if !jar.is_empty() && !self.headers.iter().any(|(name, _)| name == "cookie") {
            let pairs: Vec<_> = jar
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let response = match self.body {
            Some(body) => self.client.agent.run(request.body(body).unwrap()),
            None if self.method == "POST" => {
                self.client.agent.run(request.body(Vec::new()).unwrap())
            }
            None => self.client.agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap_or_else(|error| {
            panic!("{} {}: {error}", self.method, self.path);
        });
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let answer = Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: response.body_mut().read_to_vec().unwrap(),
        };
        self.client.keep_cookies(&answer);
        answer
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The names of all headers.
    pub(crate) fn header_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self
            .headers
            .iter()
            .filter(move |(header, _)| header == name);
        named.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The access token, which every token pair has in its body and its header alike.
    pub(crate) fn token(&self) -> String {
        let body = self.json();
        let token = body["token"].as_str().unwrap_or_else(|| panic!("{body}"));
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(
            self.header("authorization"),
            Some(&*format!("Bearer {token}"))
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
        token.to_owned()
    }

    /// The status and the code of a problem document.
    pub(crate) fn problem(&self) -> (u16, String) {
        let document = self.json();
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(document["status"], self.status);
        let code = document["code"].as_str().unwrap();
        assert_eq!(document["type"], format!("/docs/problems#{code}"));
        assert!(document["title"].is_string() && document["detail"].is_string());
        assert!(self.status != 401 || self.header("www-authenticate").is_some());
        assert_eq!(
            [429, 503].contains(&self.status),
            self.header("retry-after").is_some()
        );
        (self.status, code.to_owned())
    }

    /// The fields that a validation found wanting.
    pub(crate) fn invalid_fields(&self) -> Vec<String> {
        assert_eq!(self.problem(), (422, "validation_failed".to_owned()));
        let errors = self.json()["errors"].as_array().unwrap().clone();
        let field = |error: &Value| error["field"].as_str().unwrap().to_owned();
        errors.iter().map(field).collect()
    }
}

/// An answer to a call of the API must be one that the OpenAPI document lists.
fn assert_documented(document: &Value, method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let path = path.strip_suffix('/').unwrap_or(path);
    let Some(template) = template(document, path) else {
        // Pages, and paths that do not exist, are the only others.
        let is_page = ["/api/", "/.well-known/", "/health/"]
            .iter()
            .all(|prefix| !path.starts_with(prefix));
        assert!(
            is_page || answer.status == 404,
            "{path} is not in the OpenAPI document: {answer:?}"
        );
        return;
    };
    let operation = &document["paths"][&template][method.to_lowercase()];
    if operation.is_null() {
        // The router and the middleware answer these.
        let is_unrouted =
            ["HEAD", "OPTIONS"].contains(&method) || [403, 404, 405].contains(&answer.status);
        assert!(
            is_unrouted,
            "{method} {template} is not in the OpenAPI document: {answer:?}"
        );
        return;
    }
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        !response.is_null(),
        "{method} {template} does not document {answer:?}"
    );
    if answer.body.is_empty() {
        assert!(
            response["content"].is_null(),
            "{method} {template}: {answer:?}"
        );
        return;
    }
    let media_type = answer.header("content-type").unwrap_or_default();
    let content = &response["content"][media_type];
    assert!(
        !content.is_null(),
        "{method} {template} does not document {answer:?}"
    );
    if media_type == "application/problem+json" {
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        let example = &content["examples"][&code];
        assert!(
            !example.is_null(),
            "{method} {template} does not document {code}"
        );
    }
}

/// The template of the document that a path matches; one without parameters before others.
fn template(document: &Value, path: &str) -> Option<String> {
    let templates = document["paths"].as_object().unwrap().keys();
    let matches = |template: &&String| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template
                .zip(path)
                .all(|(part, given)| part == given || (part.starts_with('{') && !given.is_empty()))
    };
    let mut matching: Vec<_> = templates.filter(matches).collect();
    matching.sort_by_key(|template| template.matches('{').count());
    matching.first().map(|template| (*template).clone())
}
