//! [`Accounts`] is the application's [`Authenticate`], type-erased, so that [`Sessions`] have no
//! type parameter.
//!
//! [`Sessions`]: crate::Sessions

use std::any::{TypeId, type_name};
use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value};

use super::any_credentials::AnyCredentials;
use super::authenticate::Authenticate;
use super::authorization::{Authorization, AuthorizeRequest};
use super::credentials::NoCredentials;
use super::error::SessionError;
use super::login::Login;
use super::outcome::{Kind, Outcome};
use crate::error::BoxError;
use crate::parameters::{self, WrongParameter};

type Asked<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// An [`Authenticate`], type-erased.
pub(super) trait Accounts: Send + Sync {
    /// Returns whether the application logs users in.
    fn has_login(&self) -> bool;

    /// Reads the parameters of a login.
    fn read(&self, sent: Map<String, Value>) -> Result<AnyCredentials, WrongParameter>;

    fn authenticate(&self, login: Login<AnyCredentials>) -> Asked<'_, Outcome, SessionError>;

    fn authorize<'a>(&'a self, request: AuthorizeRequest<'a>)
    -> Asked<'a, Authorization, BoxError>;
}

impl<A: Authenticate> Accounts for A {
    fn has_login(&self) -> bool {
        TypeId::of::<A::Credentials>() != TypeId::of::<NoCredentials>()
    }

    fn read(&self, sent: Map<String, Value>) -> Result<AnyCredentials, WrongParameter> {
        Ok(AnyCredentials::new(parameters::read::<A::Credentials>(
            sent,
        )?))
    }

    fn authenticate(&self, login: Login<AnyCredentials>) -> Asked<'_, Outcome, SessionError> {
        Box::pin(async move {
            let login = login.try_map(AnyCredentials::downcast::<A::Credentials>).map_err(|sent| {
                let wanted = type_name::<A::Credentials>();
                SessionError::misconfigured(format!(
                    "`log_in` was called with {sent}, and `Authenticate::Credentials` is {wanted}. \
                     Use one type in both"
                ))
            })?;
            let outcome = Authenticate::authenticate(self, login)
                .await
                .map_err(SessionError::unavailable)?;
            match outcome.0 {
                Kind::Unwritten => Err(SessionError::misconfigured(format!(
                    "`{}` has no `authenticate`. Write it, or set \
                     `type Credentials = NoCredentials`",
                    type_name::<A>()
                ))),
                _ => Ok(outcome),
            }
        })
    }

    fn authorize<'a>(
        &'a self,
        request: AuthorizeRequest<'a>,
    ) -> Asked<'a, Authorization, BoxError> {
        Box::pin(async move {
            Authenticate::authorize(self, request)
                .await
                .map_err(Into::into)
        })
    }
}
