//! The first factor: a password.

use store::events::Cause;
use store::user_changes;
use store::users::{PasswordHash, User, UserId};

use super::{Evidence, Proof, SignIn};
use crate::credentials::{Password, Verified};
use crate::failure::Failure;

/// The authentication method reference of a password (RFC 8176 §2).
const PASSWORD: &str = "pwd";

impl SignIn {
    /// Checks a password, and replaces its hash if it is weaker than new ones. Without a user, or a
    /// user without a password, it takes as long to refuse.
    pub(super) async fn prove_password(
        &self,
        email: &str,
        user: Option<User>,
        password: Password,
    ) -> Result<Result<Proof, Cause>, Failure> {
        let hash = user.as_ref().and_then(|user| user.password.clone());
        let verified = self.hasher.verify(password.clone(), hash.clone(), email);
        let verified = verified.await?;
        let (user, hash) = match (user, hash) {
            (None, _) => return Ok(Err(Cause::EmailUnknown)),
            (Some(user), _) if user.disabled_at.is_some() => return Ok(Err(Cause::UserDisabled)),
            (Some(_), None) => return Ok(Err(Cause::NoPassword)),
            (Some(user), Some(hash)) => (user, hash),
        };
        let hash = match verified {
            Verified::Wrong => return Ok(Err(Cause::WrongPassword)),
            Verified::Right => Some(hash),
            Verified::RightWithNewHash(new) => {
                self.replace_hash(&user.id, password, hash, new).await?
            }
        };
        Ok(match hash {
            Some(hash) => Ok(Proof {
                user: User {
                    password: Some(hash.clone()),
                    ..user
                },
                evidence: Evidence::Password(hash),
                amr: vec![PASSWORD.to_owned()],
            }),
            None => Err(Cause::Overtaken),
        })
    }

    /// The hash that is stored now, if it is one of this password.
    async fn replace_hash(
        &self,
        user_id: &UserId,
        password: Password,
        old: PasswordHash,
        new: PasswordHash,
    ) -> Result<Option<PasswordHash>, Failure> {
        let (id, set) = (user_id.clone(), new.clone());
        let replace = move |c: &mut _| user_changes::rehash(c, &id, &old, &set);
        if self.ports.store.write(replace).await? {
            return Ok(Some(new));
        }
        // A concurrent sign-in has replaced the hash, or somebody has changed the password.
        let user = self.find(user_id.clone()).await?;
        let hash = user.and_then(|user| user.password);
        let verified = self.hasher.verify(password, hash.clone(), "").await?;
        Ok(hash.filter(|_| verified.is_right()))
    }
}
