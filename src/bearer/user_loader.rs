//! [`Loader`]: the application's [`LoadUser`], with its type forgotten.

use std::any::{Any, type_name};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::BoxError;
use crate::token::AccessTokenClaims;
use crate::user::LoadUser;

/// A [`LoadUser`] whose type has been forgotten.
pub(super) trait Loader: Send + Sync {
    fn load(self: Arc<Self>, claims: AccessTokenClaims) -> LoadFuture;
}

type LoadFuture = Pin<Box<dyn Future<Output = Result<Option<LoadedUser>, BoxError>> + Send>>;

impl<L: LoadUser> Loader for L {
    fn load(self: Arc<Self>, claims: AccessTokenClaims) -> LoadFuture {
        Box::pin(async move {
            let user = self.load_user(&claims).await.map_err(Into::into)?;
            Ok(user.map(LoadedUser::new))
        })
    }
}

/// A user of the type that the layer's loader has.
#[derive(Clone)]
pub(super) struct LoadedUser {
    pub(super) user: Arc<dyn Any + Send + Sync>,
    pub(super) type_name: &'static str,
}

impl LoadedUser {
    pub(super) fn new<U: Send + Sync + 'static>(user: U) -> Self {
        Self { user: Arc::new(user), type_name: type_name::<U>() }
    }
}
