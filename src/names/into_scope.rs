//! [`IntoScope`] is a parameter that can be turned into a scope.

use super::scope::Scope;

/// A literal or a [`Scope`]. Methods that need a scope take either.
///
/// A literal, such as `"orders:read orders:write"`, is part of the program. A literal that is not a
/// scope panics where it is passed. Text that comes from outside, such as a configuration, has to
/// be parsed first, which may fail: `config.scope.parse::<Scope>()?`.
///
/// The trait is sealed: no other type can implement it.
pub trait IntoScope: sealed::Sealed {
    /// Turns this value into a scope.
    ///
    /// # Panics
    ///
    /// The value is a literal that [`str::parse`] would refuse.
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

/// Collects the words of literals or of scopes. A literal that is not a scope panics, as in
/// [`Scope::from_static`].
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
