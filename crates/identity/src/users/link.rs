//! Looking at a mailed link without using it, so that its page can say what it is about.

use store::UnixMillis;
use store::challenges::{self, ChallengeKind};
use store::users;

use super::Users;
use crate::challenges::{BrowserSecret, Code, asked_by};
use crate::failure::Failure;

/// Links for the browser that asked. Elsewhere they would complete what somebody else has begun: a sign-in, or an
/// account with an address that is not theirs.
const BOUND: [ChallengeKind; 3] = [
    ChallengeKind::SignIn,
    ChallengeKind::VerifyEmail,
    ChallengeKind::ChangeEmail,
];

/// What a link is about.
#[derive(Debug)]
pub struct SeenLink {
    /// What it is for.
    pub kind: ChallengeKind,
    /// The address it is about.
    pub email: String,
    /// The name of its user.
    pub name: String,
    /// Where the browser goes afterwards.
    pub return_to: Option<String>,
    /// When it expires.
    pub expires_at: UnixMillis,
    /// If it is for the browser that asked, and this is another one: the code to be typed there.
    pub code: Option<Code>,
}

impl Users {
    /// What a link is about; `None` if it is unknown, used or expired. `browser` are the secrets that the
    /// browser presented.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn look_at_link(
        &self,
        token: &str,
        browser: &[BrowserSecret],
    ) -> Result<Option<SeenLink>, Failure> {
        let Some((id, _)) = self.mailing.secrets.verify(token) else {
            return Ok(None);
        };
        let now = self.ports.clock.now();
        let find = move |c: &mut _| {
            let challenge = challenges::find_live(c, id, now)?;
            let Some((challenge, user_id)) =
                challenge.and_then(|challenge| Some((challenge.clone(), challenge.user_id?)))
            else {
                return Ok(None);
            };
            let user = users::find(c, &user_id)?;
            Ok(user.map(|user| (challenge, user)))
        };
        let Some((challenge, user)) = self.ports.store.read(find).await? else {
            return Ok(None);
        };
        let is_elsewhere = BOUND.contains(&challenge.kind) && !asked_by(&challenge, browser);
        Ok(Some(SeenLink {
            kind: challenge.kind,
            name: user.name,
            return_to: challenge.return_to,
            expires_at: challenge.expires_at,
            code: is_elsewhere.then(|| self.mailing.secrets.code(challenge.id, challenge.kind)),
            email: challenge.email,
        }))
    }
}
