//! [`AccessTokenVerifierBuilder`]: what a verifier accepts, setting by setting.

use std::sync::Arc;
use std::time::Duration;

use super::scope_claim::ScopeClaim;
use super::typ::AcceptedTyp;
use super::verifier::{AccessTokenVerifier, Settings, SignedBy};
use crate::clock::{Clock, SystemClock};
use crate::error::{ConfigError, Problems};
use crate::keys::KeySource;
use crate::limits::check_leeway;
use crate::names::{Audience, IntoScope, Issuer};

impl AccessTokenVerifier {
    /// Begins a verifier of tokens that are signed with these keys. An
    /// [issuer](AccessTokenVerifierBuilder::issuer) and an
    /// [audience](AccessTokenVerifierBuilder::audience) have to be named; everything else has a
    /// default.
    ///
    /// For the tokens of this application's own sessions use
    /// [`Sessions::verifier`](crate::Sessions::verifier), which knows sessions too.
    pub fn builder(keys: impl Into<KeySource>) -> AccessTokenVerifierBuilder {
        AccessTokenVerifierBuilder {
            keys: keys.into(),
            issuers: Vec::new(),
            audiences: Vec::new(),
            settings: Settings::with_clock(Arc::new(SystemClock)),
        }
    }
}

/// Makes an [`AccessTokenVerifier`]: see [`AccessTokenVerifier::builder`].
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::{AccessTokenVerifier, Algorithm, KeySet};
///
/// # fn example(pem: &str) -> Result<(), tower_bearer::ConfigError> {
/// let verifier = AccessTokenVerifier::builder(KeySet::from_pem(Algorithm::Rs256, pem)?)
///     .issuer("https://id.example.com/")
///     .audience("https://api.example.com")
///     .accept_untyped_jwt()
///     .scope_claim(&["permissions"])
///     .accepted_scope("orders:read orders:write")
///     .leeway(Duration::from_secs(10))
///     .build()?;
/// # Ok(())
/// # }
///
/// // Everything that is wrong is in one error.
/// let error = AccessTokenVerifier::builder(KeySet::default()).audience("").build().unwrap_err();
/// assert!(error.to_string().contains("3 settings are wrong"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AccessTokenVerifierBuilder {
    keys: KeySource,
    /// As many as were named: one is right.
    issuers: Vec<String>,
    audiences: Vec<String>,
    settings: Settings,
}

impl AccessTokenVerifierBuilder {
    /// The issuer of the tokens: their `iss`, byte by byte, a slash at the end included. Required.
    ///
    /// A verifier has one issuer.
    /// [`BearerAuthLayer::with_verifier`](crate::BearerAuthLayer::with_verifier) accepts the tokens
    /// of another one.
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuers.push(issuer.to_owned());
        self
    }

    /// An audience of the tokens: this name has to be their `aud`, or among it, byte by byte.
    /// Required.
    ///
    /// Each call adds one; a token for any of them passes.
    pub fn audience(mut self, audience: &str) -> Self {
        self.audiences.push(audience.to_owned());
        self
    }

    /// Accepts tokens whose `typ` is `JWT`, and those without `typ`: for an issuer that does not
    /// tell its access tokens apart, as Auth0, Entra ID, Keycloak and Okta by default.
    ///
    /// Such a token may be an ID token, or one for another purpose. Some have claims that no access
    /// token has (`at_hash`, `c_hash`, `events`), and are refused; the others only the audience
    /// tells apart (RFC 8725 section 3.12). So the audience has to be a name of this service
    /// alone, not the client id of an application that users log in to. Where the issuer can send
    /// `at+jwt`, let it do so.
    pub fn accept_untyped_jwt(mut self) -> Self {
        self.settings.typ = AcceptedTyp::UntypedJwt;
        self
    }

    /// Reads the scope from another claim, and no longer from `scope`: `&["scp"]`,
    /// `&["permissions"]`, or a path into the claims, such as `&["realm_access", "roles"]` for
    /// the roles of Keycloak.
    ///
    /// The claim is text, with spaces between the words, or a list of texts. A text in a list that
    /// is not a scope token (RFC 6749 section 3.3), one with a space, say, allows nothing. A
    /// claim that is absent allows nothing either. A claim of another type, or text that is not
    /// a scope, refuses the token.
    ///
    /// # Panics
    ///
    /// If the path is empty.
    #[track_caller]
    pub fn scope_claim(mut self, path: &[&str]) -> Self {
        assert!(
            !path.is_empty(),
            "the path to the scope claim is empty. Name a claim: &[\"scp\"]"
        );
        self.settings.scope_claim = Arc::new(ScopeClaim::at(path));
        self
    }

    /// Of what a token allows only these words count: for an issuer that may not grant all of them,
    /// `admin` above all.
    ///
    /// A token with other words passes, and [`scope`](crate::AccessTokenClaims::scope) leaves them
    /// out. By default all words count. The last call counts.
    ///
    /// # Panics
    ///
    /// If it is a literal that is not a scope: see [`IntoScope`].
    #[track_caller]
    pub fn accepted_scope(mut self, scope: impl IntoScope) -> Self {
        self.settings.accepted_scope = Some(scope.into_scope());
        self
    }

    /// Accepts tokens that are bound to a key of their sender (`cnf`, RFC 7800 section 3.1) without
    /// any proof of that key.
    ///
    /// Such a token (RFC 8705: a client certificate; RFC 9449: DPoP) is meant to be useless to a
    /// thief. With this setting a thief can use it like any other token. It is for a service
    /// behind a proxy that checks the proof of every request. By default such tokens are
    /// refused.
    pub fn dangerous_accept_unproven_cnf(mut self) -> Self {
        self.settings.accepts_unproven_cnf = true;
        self
    }

    /// How far the issuer's clock may be off ours. 60 seconds by default, 5 minutes at most (RFC
    /// 7519 section 4.1.4: "usually no more than a few minutes").
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway;
        self
    }

    /// Takes the time from `clock`. By default it is the [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = clock;
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// All wrong settings in one error: no issuer, two, or an empty one; no audience, or an empty
    /// one; a leeway above 5 minutes; a [`KeySet`](crate::KeySet) without a key.
    pub fn build(self) -> Result<AccessTokenVerifier, ConfigError> {
        let Self {
            keys,
            issuers,
            audiences,
            settings,
        } = self;
        let mut problems = Problems::default();
        problems.note(if keys.never_has_any() {
            Err(NO_KEY)
        } else {
            Ok(())
        });
        let issuer = problems.note(match &*issuers {
            [] => Err(NO_ISSUER),
            [issuer] => Issuer::new(issuer),
            _ => Err(SEVERAL_ISSUERS),
        });
        problems.note(if audiences.is_empty() {
            Err(NO_AUDIENCE)
        } else {
            Ok(())
        });
        let audiences = audiences
            .iter()
            .filter_map(|name| problems.note(Audience::new(name)))
            .collect();
        problems.note(check_leeway(settings.leeway));
        problems.finish_with(|| {
            Some(AccessTokenVerifier::new(
                issuer?,
                audiences,
                keys,
                SignedBy::Others,
                settings,
            ))
        })
    }
}

const NO_KEY: ConfigError =
    ConfigError::from_static("there is no key to verify tokens with. Add one to the key set");
const NO_ISSUER: ConfigError = ConfigError::from_static(
    "the verifier has no issuer. Call `issuer` with the `iss` of its tokens: https://id.example.com",
);
const SEVERAL_ISSUERS: ConfigError = ConfigError::from_static(
    "the verifier has more than one issuer. Give each a verifier of its own, and add it with `BearerAuthLayer::with_verifier`",
);
const NO_AUDIENCE: ConfigError = ConfigError::from_static(
    "the verifier has no audience. Call `audience` with the name of this service in `aud`: example-api",
);
