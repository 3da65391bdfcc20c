//! A back end with its own users, which requests tokens from Symbolon: `docs/guides/back-ends.md`.

#![allow(clippy::disallowed_methods, reason = "no part of the service")]

use std::{env, io};

use actix_web::error::ErrorBadGateway;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Json, block};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, post};
use serde::Deserialize;

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

/// The id of the user, if the password is right. Replace this with your own check.
fn check(credentials: &Credentials) -> Option<u64> {
    (credentials.name == "bob" && credentials.password == "swordfish").then_some(7)
}

struct Symbolon {
    url: String,
    key: String,
}

#[post("/login")]
async fn login(
    request: HttpRequest,
    credentials: Json<Credentials>,
    symbolon: Data<Symbolon>,
) -> Result<HttpResponse, Error> {
    let Some(id) = check(&credentials) else {
        return Ok(HttpResponse::Unauthorized().finish());
    };
    // Shown in the user's list of sessions.
    let user_agent = request.headers().get(header::USER_AGENT).cloned();
    let user_agent = user_agent.unwrap_or(HeaderValue::from_static(""));
    let answer = block(move || symbolon.tokens(id, &user_agent)).await?;
    Ok(answer.map_err(ErrorBadGateway)?.into())
}

/// The response to the browser: the access token in the body, the refresh token in the cookie.
struct Answer {
    cookie: Option<HeaderValue>,
    body: String,
}

impl Symbolon {
    fn tokens(&self, id: u64, user_agent: &HeaderValue) -> Result<Answer, ureq::Error> {
        // Any other status is an error: an expired service key is not a wrong password.
        let mut answer = ureq::post(format!("{}/api/tokens", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("user-agent", user_agent.as_bytes())
            .send(format!(r#"{{"id":{id}}}"#))?;
        Ok(Answer {
            cookie: answer
                .headers()
                .get("set-cookie")
                .and_then(|cookie| HeaderValue::from_bytes(cookie.as_bytes()).ok()),
            body: answer.body_mut().read_to_string()?,
        })
    }
}

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> Self {
        let mut response = HttpResponse::Ok();
        response.content_type("application/json");
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(cookie) = answer.cookie {
            response.insert_header((header::SET_COOKIE, cookie));
        }
        response.body(answer.body)
    }
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let symbolon = Data::new(Symbolon {
        url: env::var("IDENTITY_URL").map_err(io::Error::other)?,
        key: env::var("SERVICE_KEY").map_err(io::Error::other)?,
    });
    let listen = env::var("LISTEN").unwrap_or("127.0.0.1:3000".to_owned());
    HttpServer::new(move || App::new().app_data(symbolon.clone()).service(login))
        .bind(listen)?
        .run()
        .await
}
