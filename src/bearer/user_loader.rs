//! [`Loader`] is the application's [`LoadUser`], type-erased.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::found::Found;
use crate::error::BoxError;
use crate::token::AccessTokenClaims;
use crate::user::{LoadUser, LoadUserRequest};

/// A [`LoadUser`], type-erased.
pub(super) trait Loader: Send + Sync {
    fn load(self: Arc<Self>, claims: AccessTokenClaims) -> LoadFuture;
}

type LoadFuture = Pin<Box<dyn Future<Output = Result<Option<Found>, BoxError>> + Send>>;

impl<L: LoadUser> Loader for L {
    fn load(self: Arc<Self>, claims: AccessTokenClaims) -> LoadFuture {
        Box::pin(async move {
            let user = self
                .load_user(LoadUserRequest::new(&claims))
                .await
                .map_err(Into::into)?;
            Ok(user.map(Found::new))
        })
    }
}
