//! The account page, and the browser client that it uses.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use identity::users::Registration;

use super::static_file::{self, CSS, JAVASCRIPT, StaticFile};
use crate::problem::Problem;

/// Own scripts, styles and calls only; text never becomes a script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const FILES: [StaticFile; 2] = [
    StaticFile {
        name: "page.js",
        media_type: JAVASCRIPT,
        gzipped: false,
        bytes: include_bytes!("../../assets/account/page.js"),
    },
    StaticFile {
        name: "page.css",
        media_type: CSS,
        gzipped: false,
        bytes: include_bytes!("../../assets/account/page.css"),
    },
];

const MODULE: StaticFile = StaticFile {
    name: "symbolon.js",
    media_type: JAVASCRIPT,
    gzipped: false,
    bytes: include_bytes!("../../../../clients/js/symbolon.js"),
};

/// The HTML of the page.
#[derive(Clone, Debug)]
pub(crate) struct AccountPage(Bytes);

impl AccountPage {
    /// With or without a registration form.
    pub(crate) fn new(registration: Registration) -> Self {
        let html = include_str!("../../assets/account/index.html");
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

/// The page.
pub(crate) async fn page(html: Data<AccountPage>) -> HttpResponse {
    static_file::page(CONTENT_SECURITY_POLICY).body(html.0.clone())
}

/// A file of the page.
pub(crate) async fn file(name: Path<String>) -> Result<HttpResponse, Problem> {
    StaticFile::answer_one_of(&FILES, &name)
}

/// The browser client, an ES module.
pub(crate) async fn module() -> HttpResponse {
    MODULE.answer()
}
