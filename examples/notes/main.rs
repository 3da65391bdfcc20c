//! Notes: a small front end and its resource server, beside Symbolon. `examples/notes/run` starts
//! both.
//!
//! The page signs in to Symbolon, on another origin, and sends the access token here. Each call here
//! verifies the token with Symbolon.

#![allow(clippy::disallowed_methods, reason = "no part of the service")]

use std::collections::HashMap;
use std::env;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::error::{ErrorServiceUnavailable, ErrorUnauthorized};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Json};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpResponse, HttpServer, get, post, web};

/// Where Symbolon is.
struct Symbolon {
    url: String,
    agent: ureq::Agent,
}

/// The notes of each user, as long as this runs.
#[derive(Default)]
struct Notes(Mutex<HashMap<String, Vec<String>>>);

/// The id of the user whose access token came with a request.
struct UserId(String);

impl FromRequest for UserId {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let symbolon = request.app_data::<Data<Symbolon>>().cloned();
        let token = request.headers().get(header::AUTHORIZATION).cloned();
        Box::pin(async move {
            let (Some(symbolon), Some(token)) = (symbolon, token) else {
                return Err(ErrorUnauthorized("sign in first"));
            };
            let verified = web::block(move || symbolon.verify(&token)).await?;
            let user_id = verified.map_err(ErrorServiceUnavailable)?;
            user_id.ok_or_else(|| ErrorUnauthorized("invalid access token"))
        })
    }
}

impl Symbolon {
    /// The user of the access token, if it is valid.
    fn verify(&self, authorization: &HeaderValue) -> Result<Option<UserId>, ureq::Error> {
        let answer = self
            .agent
            .get(format!("{}/api/verify", self.url))
            .header("authorization", authorization.as_bytes())
            .call()?;
        let user_id = answer.headers().get("x-user-id");
        match (answer.status().as_u16(), user_id.map(|id| id.to_str())) {
            (200, Some(Ok(id))) => Ok(Some(UserId(id.to_owned()))),
            (401, _) => Ok(None),
            (status, _) => Err(ureq::Error::StatusCode(status)),
        }
    }
}

#[get("/notes")]
async fn list(user: UserId, notes: Data<Notes>) -> Json<Vec<String>> {
    let notes = notes.0.lock().unwrap_or_else(PoisonError::into_inner);
    Json(notes.get(&user.0).cloned().unwrap_or_default())
}

#[post("/notes")]
async fn add(user: UserId, note: Json<String>, notes: Data<Notes>) -> HttpResponse {
    let mut notes = notes.0.lock().unwrap_or_else(PoisonError::into_inner);
    notes.entry(user.0).or_default().push(note.into_inner());
    HttpResponse::Created().finish()
}

#[get("/")]
async fn page(symbolon: Data<Symbolon>) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; script-src 'self' {0}; style-src 'self'; img-src data:; connect-src 'self' {0}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        symbolon.url
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .body(include_str!("index.html").replace("IDENTITY_URL", &symbolon.url))
}

#[get("/app.js")]
async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("app.js"))
}

#[get("/app.css")]
async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(include_str!("app.css"))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let variable = |name, default: &str| env::var(name).unwrap_or(default.to_owned());
    let listen = variable("NOTES_LISTEN", "127.0.0.1:9000");
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let symbolon = Data::new(Symbolon {
        url: variable("IDENTITY_URL", "http://localhost:8000"),
        agent: config.build().into(),
    });
    let notes = Data::new(Notes::default());
    println!(
        "The notes are at http://{}",
        listen.replace("127.0.0.1", "localhost")
    );
    HttpServer::new(move || {
        App::new()
            .app_data(symbolon.clone())
            .app_data(notes.clone())
            .service((page, script, style, list, add))
    })
    .bind(listen)?
    .run()
    .await
}
