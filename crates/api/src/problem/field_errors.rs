use std::fmt::Display;

use serde::Serialize;

use super::Problem;

/// What is wrong with one field of the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// The field's name.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) detail: String,
}

/// All invalid fields of a body.
#[derive(Debug, Default)]
pub(crate) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// The value, or `None` after noting why there is none.
    pub(crate) fn check<T, E: Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        let note = |why: E| {
            self.0.push(FieldError {
                field: field.to_owned(),
                detail: why.to_string(),
            });
        };
        value.map_err(note).ok()
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Problem::invalid(errors.0)
    }
}
