//! A resource server that verifies access tokens offline: `docs/guides/verify-tokens.md`.
//!
//! [`SignedIn`] and [`Keys`] are meant to be copied.

#![allow(clippy::disallowed_methods, reason = "no part of the service")]

use std::env;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actix_web::dev::Payload;
use actix_web::error::{ErrorServiceUnavailable, ErrorUnauthorized};
use actix_web::http::header;
use actix_web::web::{Data, block};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpServer, get};
use jwt_core::{Claims, JwkSet, KeyRing, NumericDate, TokenType, Verifier};
use serde::Deserialize;

/// The bearer of a valid access token.
struct SignedIn {
    id: String,
}

/// The claims of our tokens besides the registered ones.
#[derive(Deserialize)]
struct Own {
    #[expect(dead_code, reason = "for those who need the session")]
    sid: String,
}

/// Why a request was refused.
enum Refusal {
    Token(jwt_core::Error),
    /// The keys could not be fetched.
    Keys(String),
}

impl From<jwt_core::Error> for Refusal {
    fn from(error: jwt_core::Error) -> Self {
        Refusal::Token(error)
    }
}

/// Symbolon's public keys, fetched when they are needed.
struct Keys {
    issuer: String,
    fetched: Mutex<Option<(Instant, Arc<Verifier>)>>,
}

/// A token with an unknown key makes us fetch the keys again, but at most this often: anyone can make
/// up a key id.
const FETCH_EVERY: Duration = Duration::from_secs(10);

impl Keys {
    fn new(issuer: String) -> Self {
        Self {
            issuer,
            fetched: Mutex::default(),
        }
    }

    /// Blocks while the keys are fetched.
    fn verify(&self, token: &str) -> Result<SignedIn, Refusal> {
        let now = now().ok_or(Refusal::Keys("the clock is wrong".to_owned()))?;
        let claims: Claims<Own> = match self.verifier(false)?.verify(token, now) {
            Err(jwt_core::Error::UnknownKey) => self.verifier(true)?.verify(token, now)?,
            verified => verified?,
        };
        let sub = claims.registered.sub;
        let id = sub.ok_or(jwt_core::Error::MissingClaim("sub"))?;
        Ok(SignedIn { id })
    }

    fn verifier(&self, anew: bool) -> Result<Arc<Verifier>, Refusal> {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, verifier)) = &*fetched
            && (!anew || at.elapsed() < FETCH_EVERY)
        {
            return Ok(verifier.clone());
        }
        let verifier = self.fetch().map_err(|why| Refusal::Keys(why.to_string()))?;
        let verifier = Arc::new(verifier);
        *fetched = Some((Instant::now(), verifier.clone()));
        Ok(verifier)
    }

    fn fetch(&self) -> Result<Verifier, Box<dyn std::error::Error>> {
        let mut answer = ureq::get(format!("{}/.well-known/jwks.json", self.issuer)).call()?;
        let set = JwkSet::parse(&answer.body_mut().read_to_string()?)?;
        let keys = KeyRing::new(set.keys)?;
        let audience = Some(self.issuer.as_str());
        Ok(Verifier::new(TokenType::ACCESS_TOKEN, &self.issuer, audience, keys).with_leeway(2))
    }
}

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let keys = request.app_data::<Data<Keys>>().cloned();
        let header = request.headers().get(header::AUTHORIZATION);
        let token = header
            .and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "))
            .map(str::to_owned);
        Box::pin(async move {
            let (Some(keys), Some(token)) = (keys, token) else {
                return Err(ErrorUnauthorized("sign in first"));
            };
            match block(move || keys.verify(&token)).await? {
                Ok(signed_in) => Ok(signed_in),
                Err(Refusal::Token(why)) => Err(ErrorUnauthorized(why)),
                Err(Refusal::Keys(why)) => Err(ErrorServiceUnavailable(why)),
            }
        })
    }
}

fn now() -> Option<NumericDate> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    NumericDate::from_secs(since_1970.as_secs())
}

#[get("/orders")]
async fn orders(user: SignedIn) -> String {
    format!("The orders of {}.", user.id)
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let symbolon = env::var("IDENTITY_URL").map_err(io::Error::other)?;
    let listen = env::var("LISTEN").unwrap_or("127.0.0.1:9000".to_owned());
    let keys = Data::new(Keys::new(symbolon));
    HttpServer::new(move || App::new().app_data(keys.clone()).service(orders))
        .bind(listen)?
        .run()
        .await
}
