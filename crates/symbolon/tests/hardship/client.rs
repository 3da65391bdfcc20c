//! An HTTP client that tolerates lost connections.

use std::time::Duration;

use serde_json::Value;

/// Clones share connections.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
}

/// An answer that came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The refresh cookie that it sets.
    pub(crate) cookie: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Reply {
    /// The problem's code.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The access token.
    pub(crate) fn token(&self) -> &str {
        self.body["token"]
            .as_str()
            .unwrap_or_else(|| panic!("{self:?}"))
    }

    pub(crate) fn assert_is_unavailable(&self) {
        assert_eq!((self.status, self.code()), (503, "unavailable"), "{self:?}");
        assert!(self.retry_after.is_some(), "{self:?}");
    }
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(30)));
        Self {
            agent: config.build().into(),
            base: format!("http://{address}"),
        }
    }

    /// With a refresh cookie; `None` when no answer came.
    pub(crate) fn post(&self, path: &str, cookie: &str) -> Option<Reply> {
        self.send("POST", path, &[cookie_of(cookie)], "")
    }

    /// With a service key, and a refresh cookie that may be empty.
    pub(crate) fn post_as(
        &self,
        path: &str,
        service_key: &str,
        cookie: &str,
        body: &str,
    ) -> Option<Reply> {
        let headers = [bearer(service_key), cookie_of(cookie)];
        self.send("POST", path, &headers, body)
    }

    /// With an access token.
    pub(crate) fn get(&self, path: &str, token: &str) -> Option<Reply> {
        self.send("GET", path, &[bearer(token)], "")
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Option<Reply> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/json");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, value)
            })
            .body(body.as_bytes().to_vec())
            .unwrap();
        let mut answer = self.agent.run(request).ok()?;
        let header = |name| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let cookie = header("set-cookie").map(|cookie| {
            let pair = cookie.split(';').next().unwrap();
            pair.trim_start_matches("refreshToken=").to_owned()
        });
        let retry_after = header("retry-after");
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_vec().ok()?;
        Some(Reply {
            status,
            cookie,
            retry_after,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }
}

fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

fn cookie_of(refresh_token: &str) -> (&'static str, String) {
    ("cookie", format!("refreshToken={refresh_token}"))
}
