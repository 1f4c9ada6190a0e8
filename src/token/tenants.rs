//! [`Tenants`] are the tenants of an issuer whose tokens a verifier accepts.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// The tenants of an issuer that has a name for each of them: see
/// [`issuer_pattern`](crate::token::AccessTokenVerifierBuilder::issuer_pattern).
///
/// A list, or a function that is asked for every token, for tenants that come and go while the
/// server runs. The function must not block. Tenants are compared byte by byte.
///
/// ```
/// use std::collections::HashSet;
/// use std::sync::{Arc, RwLock};
/// use tower_bearer::token::Tenants;
///
/// let fixed = Tenants::from(["8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10"]);
///
/// let customers: Arc<RwLock<HashSet<String>>> = Arc::default();
/// let at_run_time = Tenants::from_fn(move |tenant| {
///     customers.read().is_ok_and(|customers| customers.contains(tenant))
/// });
/// ```
#[derive(Clone)]
pub struct Tenants(Kind);

#[derive(Clone)]
enum Kind {
    List(Arc<HashSet<String>>),
    Function(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Tenants {
    /// Asks `accepts` about the tenant of each token.
    ///
    /// It is asked before the signature is checked, so attackers choose what it is asked: it must
    /// not remember tenants that it does not know.
    ///
    /// With a function that always returns `true`, anyone who opens a tenant at the provider can
    /// make tokens that pass.
    pub fn from_fn(accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Kind::Function(Arc::new(accepts)))
    }

    pub(super) fn include(&self, tenant: &str) -> bool {
        match &self.0 {
            Kind::List(tenants) => tenants.contains(tenant),
            Kind::Function(accepts) => accepts(tenant),
        }
    }

    /// Returns whether all tenants of the list are like this. A function has no list.
    pub(super) fn are_all(&self, like: fn(&str) -> bool) -> bool {
        match &self.0 {
            Kind::List(tenants) => tenants.iter().all(|tenant| like(tenant)),
            Kind::Function(_) => true,
        }
    }

    /// Returns whether no tenant can ever be accepted.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.0, Kind::List(tenants) if tenants.is_empty())
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for Tenants {
    fn from(tenants: [T; N]) -> Self {
        tenants.into_iter().collect()
    }
}

impl<T: Into<String>> From<Vec<T>> for Tenants {
    fn from(tenants: Vec<T>) -> Self {
        tenants.into_iter().collect()
    }
}

impl<T: Into<String>> FromIterator<T> for Tenants {
    fn from_iter<I: IntoIterator<Item = T>>(tenants: I) -> Self {
        let tenants = tenants.into_iter().map(Into::into).collect();
        Self(Kind::List(Arc::new(tenants)))
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::List(tenants) => f.debug_tuple("Tenants").field(tenants).finish(),
            Kind::Function(_) => f.debug_tuple("Tenants").field(&"a function").finish(),
        }
    }
}
