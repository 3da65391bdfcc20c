//! The account page, and the browser client it is made with.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};

use super::static_file::{CSS, JAVASCRIPT, StaticFile, page};
use crate::accounts::Registration;
use crate::http::problem::Problem;

/// Its own scripts, styles and calls, and nothing else; no text ever becomes a script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const FILES: [StaticFile; 2] = [
    StaticFile {
        name: "page.js",
        media_type: JAVASCRIPT,
        gzipped: false,
        bytes: include_bytes!("../../../assets/account/page.js"),
    },
    StaticFile {
        name: "page.css",
        media_type: CSS,
        gzipped: false,
        bytes: include_bytes!("../../../assets/account/page.css"),
    },
];

const MODULE: StaticFile = StaticFile {
    name: "symbolon.js",
    media_type: JAVASCRIPT,
    gzipped: false,
    bytes: include_bytes!("../../../../../clients/js/symbolon.js"),
};

/// The page, as it is served.
#[derive(Clone, Debug)]
pub(crate) struct AccountPage(Bytes);

impl AccountPage {
    /// With or without a form to register.
    pub(crate) fn new(registration: Registration) -> Self {
        let html = include_str!("../../../assets/account/index.html");
        Self(match registration {
            Registration::Open | Registration::Discreet => Bytes::from_static(html.as_bytes()),
            Registration::Closed => html
                .replace(
                    r#"data-registration="open""#,
                    r#"data-registration="closed""#,
                )
                .into(),
        })
    }
}

/// Register, sign in, see one's sessions and end them.
pub(crate) async fn account(html: Data<AccountPage>) -> HttpResponse {
    page(CONTENT_SECURITY_POLICY).body(html.0.clone())
}

/// A file that the page asks for.
pub(crate) async fn file(name: Path<String>) -> Result<HttpResponse, Problem> {
    StaticFile::answer_one_of(&FILES, &name)
}

/// The browser client, an ES module.
pub(crate) async fn module() -> HttpResponse {
    MODULE.answer()
}
