//! [`Protection`] is what every challenge of a layer says.

use http::HeaderValue;

use crate::names::Scope;

/// What every challenge of a layer says about the protected resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Protection {
    pub(super) realm: Option<Box<str>>,
    pub(super) resource_metadata: Option<Box<str>>,
    /// The scope that every request needs.
    pub(super) scope: Option<Scope>,
}

impl Protection {
    /// Makes the challenge: the parameters of the layer, with those of the error between them.
    pub(super) fn challenge(
        &self,
        error: Option<String>,
        missing: Option<&Scope>,
    ) -> Option<HeaderValue> {
        // A client that asks for the missing words alone would lack the others next time.
        let scope = match (missing, &self.scope) {
            (Some(missing), Some(needed)) => Some(needed.union(missing)),
            (missing, needed) => missing.or(needed.as_ref()).cloned(),
        };
        let named =
            |name: &str, value: Option<&str>| value.map(|value| format!("{name}=\"{value}\""));
        let parameters = [
            named("realm", self.realm.as_deref()),
            error,
            named("scope", scope.as_ref().map(Scope::as_str)),
            // RFC 9728 section 5.1.
            named("resource_metadata", self.resource_metadata.as_deref()),
        ];
        if parameters.iter().all(Option::is_none) {
            return Some(HeaderValue::from_static("Bearer"));
        }
        let mut challenge = String::with_capacity(128);
        for parameter in parameters.iter().flatten() {
            challenge.push_str(if challenge.is_empty() {
                "Bearer "
            } else {
                ", "
            });
            challenge.push_str(parameter);
        }
        HeaderValue::try_from(challenge).ok()
    }
}
