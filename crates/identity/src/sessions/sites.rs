//! Sites on other hosts, to which a browser carries its session.

use std::time::Duration;

use store::attempts::{self, Allowance, Attempt};
use store::sessions::Session;

use super::{BrowserSession, Sessions};
use crate::base64url;
use crate::challenges::BrowserSecret;
use crate::failure::Failure;
use crate::target::target;
use crate::tokens::{SiteSession, SiteToken};

/// A code is used once.
const ONCE: Allowance = Allowance {
    attempts: 1,
    within: Duration::from_secs(3600),
};

/// The hash of a browser's secret, as a code carries it.
pub fn site_state(secret: &BrowserSecret) -> String {
    base64url::encode(&secret.hash().0)
}

impl Sessions {
    /// A code with which the browser of this state gets a cookie at `site`; its session is live.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn site_code(
        &self,
        session: &Session,
        site: &str,
        state: String,
    ) -> Result<SiteToken, Failure> {
        let (now, entropy) = (self.ports.clock.now(), &*self.ports.entropy);
        let session = SiteSession {
            session_id: session.id,
            site: site.to_owned(),
        };
        self.tokens.site.code(session, state, now, entropy)
    }

    /// The cookie for a code, if it is for this site, for a browser with one of these secrets, not used before, and
    /// its session is live.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn redeem_site_code(
        &self,
        code: &str,
        site: &str,
        secrets: &[BrowserSecret],
    ) -> Result<Option<SiteToken>, Failure> {
        let now = self.ports.clock.now();
        let Some(claims) = self.tokens.site.verify_code(code, now) else {
            return Ok(None);
        };
        let asked = secrets
            .iter()
            .any(|secret| site_state(secret) == claims.state);
        if !asked || claims.session.site != site {
            return Ok(None);
        }
        let used = target(&["site code", &claims.id]);
        let use_up = move |c: &mut _| attempts::count(c, used, ONCE, now);
        let is_first = self.ports.store.write(use_up).await? == Attempt::Allowed;
        if !is_first || self.live_session(&claims.session).await?.is_none() {
            return Ok(None);
        }
        self.tokens.site.cookie(claims.session, now).map(Some)
    }

    /// The live session of a cookie of this site.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn by_site_cookie(
        &self,
        cookies: &[String],
        site: &str,
    ) -> Result<Option<BrowserSession>, Failure> {
        let now = self.ports.clock.now();
        let verified = cookies
            .iter()
            .filter_map(|cookie| self.tokens.site.verify_cookie(cookie, now));
        for (at, is_young) in verified.filter(|(at, _)| at.site == site).take(4) {
            if let Some(session) = self.live_session(&at).await? {
                return Ok(Some(BrowserSession {
                    session,
                    needs_renewal: !is_young,
                }));
            }
        }
        Ok(None)
    }

    async fn live_session(&self, at: &SiteSession) -> Result<Option<Session>, Failure> {
        let found = self.lookups.find(at.session_id).await?;
        let now = self.ports.clock.now();
        Ok(found.filter(|session| session.end(now).is_none()))
    }
}
