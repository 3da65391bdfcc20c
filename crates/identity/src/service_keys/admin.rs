use std::time::Duration;

use store::Actor;
use store::events::EventKind;
use store::service_keys::{self, Addition, Scope, ServiceKey};
use thiserror::Error;

use super::{ServiceKeySecret, ServiceKeys};
use crate::base64url;
use crate::failure::Failure;

/// A service key to create.
#[derive(Clone, Debug)]
pub struct NewServiceKey {
    /// Its name, unique among the keys that are not revoked.
    pub name: ServiceKeyName,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// How long it is valid; `None` is until it is revoked.
    pub valid_for: Option<Duration>,
}

/// The name of a service key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKeyName(String);

/// The text is not the name of a service key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must have 1 to 100 characters and no control characters")]
pub struct InvalidServiceKeyName;

impl ServiceKeyName {
    /// Reads a name, without the white space around it.
    ///
    /// # Errors
    ///
    /// [`InvalidServiceKeyName`] unless it has 1 to 100 characters and no control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidServiceKeyName> {
        let name = text.trim();
        let is_valid =
            (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        is_valid
            .then(|| Self(name.to_owned()))
            .ok_or(InvalidServiceKeyName)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The outcome of creating a service key.
#[derive(Debug)]
pub enum ServiceKeyCreation {
    /// It was created.
    Created(CreatedServiceKey),
    /// Another key that is not revoked has this name.
    NameTaken,
}

/// A service key, and its secret, which is not stored.
#[derive(Debug)]
pub struct CreatedServiceKey {
    /// The key.
    pub key: ServiceKey,
    /// Its secret.
    pub secret: ServiceKeySecret,
}

impl ServiceKeys {
    /// Creates a service key.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn create(
        &self,
        new: NewServiceKey,
        actor: &Actor,
    ) -> Result<ServiceKeyCreation, Failure> {
        let name = new.name.as_str();
        let now = self.ports.clock.now();
        let mut scopes = new.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        let key = ServiceKey {
            id: base64url::encode(&self.ports.entropy.bytes::<9>()),
            name: name.to_owned(),
            scopes,
            created_at: now,
            expires_at: new.valid_for.map(|valid_for| now + valid_for),
            revoked_at: None,
            last_used_at: None,
        };
        let secret = ServiceKeySecret::generate(&*self.ports.entropy);
        let (row, hash) = (key.clone(), secret.hash());
        let add = move |c: &mut _| service_keys::add(c, &row, hash);
        match self.ports.store.write(add).await? {
            Addition::NameTaken => Ok(ServiceKeyCreation::NameTaken),
            Addition::Done => {
                self.record(EventKind::ServiceKeyCreated, &key.name, actor);
                Ok(ServiceKeyCreation::Created(CreatedServiceKey {
                    key,
                    secret,
                }))
            }
        }
    }

    /// All service keys, oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn list(&self) -> Result<Vec<ServiceKey>, Failure> {
        self.ports.store.read(service_keys::list).await
    }

    /// Revokes the service key of this name or id, and returns its name; `None` if no key that is
    /// not revoked has it.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn revoke(
        &self,
        name_or_id: String,
        actor: &Actor,
    ) -> Result<Option<String>, Failure> {
        let now = self.ports.clock.now();
        let revoke = move |c: &mut _| service_keys::revoke(c, &name_or_id, now);
        let revoked = self.ports.store.write(revoke).await?;
        if let Some(name) = &revoked {
            self.record(EventKind::ServiceKeyRevoked, name, actor);
        }
        Ok(revoked)
    }

    fn record(&self, kind: EventKind, name: &str, actor: &Actor) {
        let event = self.ports.audit.event(kind);
        self.ports.audit.record(event.actor(actor).subject(name));
    }
}
