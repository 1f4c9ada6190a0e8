//! The settings of a layer's responses: the realm, the metadata of a protected resource, gRPC, the
//! application's closure.

use std::sync::Arc;

use http::request::Parts;

use super::BearerAuthLayer;
use crate::bearer::document::PublicDocument;
use crate::bearer::error::BearerError;
use crate::bearer::into_rejection::IntoRejection;
use crate::bearer::resource::ProtectedResource;
use crate::error::ConfigError;

impl BearerAuthLayer {
    /// Tells clients which resource the layer protects (RFC 9728).
    ///
    /// The layer requires the scope of `resource`, names scope and metadata in every challenge, and
    /// answers `GET` on the [paths](ProtectedResource::paths) of the metadata itself, without a
    /// token, where it sees them.
    pub fn with_protected_resource(self, resource: &ProtectedResource) -> Self {
        self.map(|gate| {
            gate.protection().resource_metadata = Some(resource.metadata_url().into());
            gate.resource = Some(resource.document());
            gate.require_scope(resource.needed());
        })
    }

    /// Answers `GET` on the paths of this document itself, without a token.
    pub(crate) fn with_document(self, document: PublicDocument) -> Self {
        self.map(|gate| gate.documents.push(document))
    }

    /// Refuses gRPC requests as their clients expect it: trailers-only, with `grpc-status` 16
    /// (unauthenticated), 7 (permission denied), 3 (the token is too large), 14 (unavailable) or 13
    /// (internal). The application's own status 404 is 5, 409 is 10, 429 is 8. The metadata
    /// `error-reason` is the [reason](BearerError::reason), and `retry-after` and
    /// `www-authenticate` are there as in HTTP. The closure of `with_rejection` is not called for
    /// them.
    ///
    /// A streaming call outlives a logout and the end of its token. Its handler can end it with
    /// [`AccessTokenWatch::from_extensions`](crate::bearer::AccessTokenWatch::from_extensions).
    ///
    /// A gRPC request is a `POST` via HTTP/2 with `te: trailers` and `application/grpc`, perhaps
    /// with a suffix or parameters. All others are refused as usual, so plain routes can be
    /// behind the same layer.
    pub fn grpc(self) -> Self {
        self.map(|gate| gate.rejection.grpc = true)
    }

    /// Sets the realm, which every challenge names (RFC 9110 section 11.5). There is no realm by
    /// default.
    ///
    /// # Errors
    ///
    /// The name has a quote, a backslash, or a character that is neither visible ASCII nor a space.
    pub fn with_realm(self, realm: &str) -> Result<Self, ConfigError> {
        if !realm
            .bytes()
            .all(|byte| matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        {
            return Err(ConfigError::new(
                "a realm is visible ASCII without quotes and backslashes",
            ));
        }
        Ok(self.map(|gate| gate.protection().realm = Some(realm.into())))
    }

    /// Replaces the response to every refused request: of this layer, of the extractors and each
    /// [`RequireLayer`](crate::bearer::RequireLayer) within it, and of middleware that calls
    /// [`BearerError::into_response_for`].
    ///
    /// The closure chooses status, body and headers, and usually starts from
    /// [`BearerError::to_response`]. If its response lacks them, `WWW-Authenticate`, `Retry-After`
    /// and `Cache-Control: no-store` are added afterwards, so it cannot lose them: a 401 must have
    /// a challenge (RFC 9110 section 15.5.2). The closure returns any [`IntoRejection`]: in Axum
    /// also a `Response`.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_bearer::BearerAuthLayer;
    ///
    /// # fn example(layer: BearerAuthLayer) -> BearerAuthLayer {
    /// layer.with_rejection(|error, _request| {
    ///     (error.status(), json!({ "message": error.description() }))
    /// })
    /// # }
    /// ```
    pub fn with_rejection<F, R>(self, answer: F) -> Self
    where
        F: Fn(&BearerError, &Parts) -> R + Send + Sync + 'static,
        R: IntoRejection,
    {
        let answer =
            move |error: &BearerError, parts: &Parts| answer(error, parts).into_rejection();
        self.map(|gate| gate.rejection.answer = Some(Arc::new(answer)))
    }
}
