//! [`AnyCredentials`] is credentials, type-erased.

use std::any::{Any, type_name};

use super::credentials::LoginCredentials;

/// Credentials, type-erased. The application knows their type.
pub(crate) struct AnyCredentials {
    value: Box<dyn Any + Send>,
    type_name: &'static str,
    account: String,
}

impl AnyCredentials {
    pub(super) fn new<C: LoginCredentials>(credentials: C) -> Self {
        Self {
            account: credentials.account().into_owned(),
            value: Box::new(credentials),
            type_name: type_name::<C>(),
        }
    }

    /// Returns the account that they name.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    /// Returns the credentials, or the name of their type if it is another one.
    pub(super) fn downcast<C: 'static>(self) -> Result<C, &'static str> {
        self.value
            .downcast()
            .map(|credentials| *credentials)
            .map_err(|_| self.type_name)
    }
}
