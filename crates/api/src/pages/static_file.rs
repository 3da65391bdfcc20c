use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::problem::{Code, Problem};

/// A file that only changes with the version.
pub(crate) struct StaticFile {
    pub(crate) name: &'static str,
    pub(crate) media_type: &'static str,
    /// Whether it is stored compressed; every browser accepts gzip.
    pub(crate) gzipped: bool,
    pub(crate) bytes: &'static [u8],
}

pub(crate) const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
pub(crate) const CSS: &str = "text/css; charset=utf-8";

/// How long a browser may use the file of an older version.
const CACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=600");

impl StaticFile {
    /// Answers the file of this name.
    pub(crate) fn answer_one_of(files: &[Self], name: &str) -> Result<HttpResponse, Problem> {
        let file = files.iter().find(|file| file.name == name);
        Ok(file.ok_or(Code::NotFound)?.answer())
    }

    pub(crate) fn answer(&self) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        // Even without allowed origins: a cache must not give one origin the answer to another.
        let vary = (header::VARY, "Origin");
        response
            .content_type(self.media_type)
            .insert_header(CACHED)
            .insert_header(vary);
        if self.gzipped {
            response.insert_header((header::CONTENT_ENCODING, "gzip"));
        }
        response.body(Pieces(Bytes::from_static(self.bytes)))
    }
}

/// A page, with its content security policy (CSP Level 3).
pub(crate) fn page(content_security_policy: &'static str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy));
    response
}

/// A body in pieces, so that a client that does not read holds one piece in memory, not a copy of the
/// whole file.
struct Pieces(Bytes);

impl Pieces {
    const LEN: usize = 16 * 1024;
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().0;
        let piece = rest.split_to(rest.len().min(Self::LEN));
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}
