//! [`AnyCredentials`].

use std::any::{Any, type_name};

/// Credentials of a type that the application knows.
pub(crate) struct AnyCredentials {
    value: Box<dyn Any + Send>,
    type_name: &'static str,
}

impl AnyCredentials {
    pub(super) fn new<C: Send + 'static>(credentials: C) -> Self {
        Self {
            value: Box::new(credentials),
            type_name: type_name::<C>(),
        }
    }

    /// Or the name of the type that they have.
    pub(super) fn downcast<C: 'static>(self) -> Result<C, &'static str> {
        self.value
            .downcast()
            .map(|credentials| *credentials)
            .map_err(|_| self.type_name)
    }
}
