//! [`IntoScope`]: what a method takes where it takes a scope.

use super::scope::Scope;

/// A literal or a [`Scope`]: what a method takes where it takes a scope.
///
/// A literal, `"orders:read orders:write"`, is written by the programmer. One that is not a scope
/// panics where it is passed. Text that comes from outside, such as a configuration, is parsed
/// first, which may fail: `config.scope.parse::<Scope>()?`.
///
/// The trait is sealed: no other type can implement it.
pub trait IntoScope: sealed::Sealed {
    /// The scope.
    ///
    /// # Panics
    ///
    /// If it is a literal that [`str::parse`] would refuse.
    #[track_caller]
    fn into_scope(self) -> Scope;
}

impl IntoScope for &'static str {
    #[track_caller]
    fn into_scope(self) -> Scope {
        Scope::from_static(self)
    }
}

impl IntoScope for Scope {
    fn into_scope(self) -> Scope {
        self
    }
}

impl IntoScope for &Scope {
    fn into_scope(self) -> Scope {
        self.clone()
    }
}

/// The words of all: of literals, which panic as [`Scope::from_static`] does, or of scopes.
impl<S: IntoScope> FromIterator<S> for Scope {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        let mut all = Vec::new();
        for scope in scopes {
            all.push(scope.into_scope());
        }
        Self::joined(all.iter().flat_map(Scope::iter))
    }
}

mod sealed {
    use super::Scope;

    #[allow(unnameable_types)]
    pub trait Sealed {}

    impl Sealed for &'static str {}
    impl Sealed for Scope {}
    impl Sealed for &Scope {}
}
