use actix_web::HttpRequest;
use url::Url;

use super::{Origin, PublicUrl};

/// Sites on other hosts that a proxy protects, besides that of the public URL.
#[derive(Clone, Debug)]
pub struct Sites {
    own: Origin,
    others: Vec<Origin>,
}

/// At which site a request of a browser was, as a proxy tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At<'a> {
    /// That of the public URL.
    Own(&'a Origin),
    /// Another one.
    Other(&'a Origin),
}

impl At<'_> {
    pub(crate) fn origin(&self) -> &Origin {
        let (At::Own(origin) | At::Other(origin)) = self;
        origin
    }
}

impl Sites {
    /// The site of the public URL, and others.
    pub fn new(public_url: &PublicUrl, others: Vec<Origin>) -> Self {
        Self {
            own: public_url.origin().clone(),
            others,
        }
    }

    /// Whether there are others.
    pub(crate) fn are_there_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// The site that `X-Forwarded-Host` names; without it, that of the public URL.
    pub(crate) fn at(&self, request: &HttpRequest) -> Option<At<'_>> {
        let Some(host) = request.headers().get("x-forwarded-host") else {
            return Some(At::Own(&self.own));
        };
        let host = host.to_str().ok()?.trim();
        let is_it = |origin: &&Origin| host_of(origin).eq_ignore_ascii_case(host);
        if is_it(&&self.own) {
            return Some(At::Own(&self.own));
        }
        self.others.iter().find(is_it).map(At::Other)
    }

    /// The other site of a request.
    pub(crate) fn of_request(&self, request: &HttpRequest) -> Option<&Origin> {
        match self.at(request)? {
            At::Own(_) => None,
            At::Other(site) => Some(site),
        }
    }

    /// The other site of a URL, and the rest of the URL, which starts with a slash.
    pub(crate) fn split(&self, url: &str) -> Option<(&Origin, String)> {
        let url = Url::parse(url).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        let site = self
            .others
            .iter()
            .find(|site| is_plain && site.as_str() == origin)?;
        let path = &url[url::Position::BeforePath..];
        // A browser would read two slashes as another host.
        (!path.starts_with("//")).then(|| (site, path.to_owned()))
    }
}

/// Host and port, as browsers send them.
fn host_of(origin: &Origin) -> &str {
    origin.as_str().split("://").nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn sites() -> Sites {
        let own = PublicUrl::parse("https://id.example.org", false).unwrap();
        Sites::new(
            &own,
            vec![Origin::parse("https://wiki.example.net").unwrap()],
        )
    }

    #[test]
    fn a_request_is_at_the_site_that_the_proxy_names() {
        let sites = sites();
        let at = |host: Option<&str>| {
            let request = TestRequest::get();
            let request = match host {
                Some(host) => request.insert_header(("x-forwarded-host", host)),
                None => request,
            };
            let at = sites.at(&request.to_http_request());
            at.map(|at| at.origin().as_str().to_owned())
        };
        let own = Some("https://id.example.org".to_owned());
        assert_eq!((at(None), at(Some("ID.example.org"))), (own.clone(), own));
        assert_eq!(
            at(Some("wiki.example.net")).as_deref(),
            Some("https://wiki.example.net")
        );
        for host in [
            "",
            "evil.example",
            "wiki.example.net:8443",
            "wiki.example.net, id.example.org",
        ] {
            assert_eq!(at(Some(host)), None, "{host}");
        }
    }

    #[test]
    fn only_urls_of_other_sites_are_split() {
        let sites = sites();
        let split = |url: &str| sites.split(url).map(|(_, path)| path);
        assert_eq!(
            split("https://wiki.example.net/a?b#c").as_deref(),
            Some("/a?b#c")
        );
        assert_eq!(split("https://wiki.example.net").as_deref(), Some("/"));
        for url in [
            "https://id.example.org/",
            "https://evil.example/",
            "https://wiki.example.net@evil.example/",
            "https://ann@wiki.example.net/",
            "http://wiki.example.net/",
            "https://wiki.example.net//evil.example",
            "https://wiki.example.net/\\evil.example",
            "/a",
            "//wiki.example.net/",
            "javascript:alert(1)",
        ] {
            assert_eq!(split(url), None, "{url}");
        }
    }
}
