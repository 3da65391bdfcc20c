//! What the members of an object say about a user, by the names that other systems give them.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::ForeignUser;

/// A custom claim, and the field that it is made of: `claim=field`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimMapping {
    claim: String,
    pub(super) field: String,
}

impl FromStr for ClaimMapping {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.split_once('=') {
            Some((claim, field)) if !claim.is_empty() && !field.is_empty() => Ok(Self {
                claim: claim.to_owned(),
                field: field.to_owned(),
            }),
            _ => Err("must be CLAIM=FIELD, as in role=role"),
        }
    }
}

/// The members that are read, or say nothing that is kept.
const USED: [&str; 13] = [
    "id",
    "name",
    "full_name",
    "first_name",
    "last_name",
    "username",
    "email",
    "password",
    "is_active",
    "created_at",
    "date_joined",
    "claims",
    "last_login",
];

/// The members of an object.
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    claims: &'a [ClaimMapping],
    /// Whether all values are text, as in CSV.
    are_text: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn of_json(members: &'a Map<String, Value>, claims: &'a [ClaimMapping]) -> Self {
        Self {
            members,
            claims,
            are_text: false,
        }
    }

    pub(super) fn of_csv(members: &'a Map<String, Value>, claims: &'a [ClaimMapping]) -> Self {
        Self {
            members,
            claims,
            are_text: true,
        }
    }

    /// The user, or why there is none.
    pub(super) fn user(&self, place: String) -> Result<ForeignUser, String> {
        Ok(ForeignUser {
            place,
            id: self.text("id"),
            name: self.name(),
            email: self.text("email").or_else(|| self.text("username")),
            password: self.text("password"),
            is_active: self.is_active()?,
            created_at: self.text("date_joined").or_else(|| self.text("created_at")),
            claims: self.claims()?,
        })
    }

    /// Adds the names of the fields of which claims are made.
    pub(super) fn note_mapped(&self, mapped: &mut BTreeSet<String>) {
        for ClaimMapping { field, .. } in self.claims {
            if self.members.contains_key(field) && !mapped.contains(field) {
                mapped.insert(field.clone());
            }
        }
    }

    /// Adds the names of the fields that are not used.
    pub(super) fn note_unused(&self, unused: &mut BTreeSet<String>) {
        let is_mapped = |name: &str| self.claims.iter().any(|mapping| mapping.field == name);
        let names = self.members.keys().map(String::as_str);
        let others = names.filter(|name| !USED.contains(name) && !is_mapped(name));
        for name in others {
            if !unused.contains(name) {
                unused.insert(name.to_owned());
            }
        }
    }

    /// Text that is not blank, or a number as text.
    fn text(&self, name: &str) -> Option<String> {
        let text = match self.members.get(name)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.trim().is_empty()).then_some(text)
    }

    /// The first that is not blank.
    fn name(&self) -> Option<String> {
        let both = [self.text("first_name"), self.text("last_name")];
        let both: Vec<_> = both.into_iter().flatten().collect();
        self.text("name")
            .or_else(|| self.text("full_name"))
            .or_else(|| (!both.is_empty()).then(|| both.join(" ")))
            .or_else(|| self.text("username"))
            .or_else(|| self.text("email"))
    }

    /// Nothing but a clear answer: a user who must not sign in is not to be taken for one who may.
    fn is_active(&self) -> Result<bool, String> {
        match self.members.get("is_active") {
            None => Ok(true),
            Some(Value::Bool(is_active)) => Ok(*is_active),
            Some(Value::String(text)) if self.are_text => match text.trim() {
                "1" | "t" | "true" | "True" | "TRUE" => Ok(true),
                "0" | "f" | "false" | "False" | "FALSE" => Ok(false),
                _ => Err("is_active: must be true or false".to_owned()),
            },
            Some(_) => {
                Err("is_active: must be true or false, not a number, text or null".to_owned())
            }
        }
    }

    /// The member `claims`, and those that are made of others.
    fn claims(&self) -> Result<Option<String>, String> {
        let mut claims = match self.members.get("claims") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(claims)) => claims.clone(),
            Some(Value::String(text)) if text.trim().is_empty() => Map::new(),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map_err(|_| "claims: must be a JSON object".to_owned())?,
            Some(_) => return Err("claims: must be a JSON object".to_owned()),
        };
        for ClaimMapping { claim, field } in self.claims {
            match self.members.get(field) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.is_empty() => {}
                Some(value) => {
                    claims.insert(claim.clone(), value.clone());
                }
            }
        }
        Ok((!claims.is_empty()).then(|| Value::from(claims).to_string()))
    }
}
