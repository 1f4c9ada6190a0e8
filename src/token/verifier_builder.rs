//! [`AccessTokenVerifierBuilder`] sets what a verifier accepts.

use std::sync::Arc;
use std::time::Duration;

use super::accepted_issuer::AcceptedIssuer;
use super::claim_path::ClaimPath;
use super::required_claim::RequiredClaim;
use super::settings::Settings;
use super::tenants::Tenants;
use super::typ::AcceptedTyp;
use super::verifier::{AccessTokenVerifier, SignedBy};
use crate::clock::{Clock, SystemClock};
use crate::error::{ConfigError, Problems};
use crate::keys::KeySource;
use crate::limits::check_leeway;
use crate::names::{Audience, IntoScope};

impl AccessTokenVerifier {
    /// Starts to build a verifier of tokens that are signed with these keys. An
    /// [issuer](AccessTokenVerifierBuilder::issuer) and an
    /// [audience](AccessTokenVerifierBuilder::audience) are required. Everything else has a
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

/// Builds an [`AccessTokenVerifier`]: see [`AccessTokenVerifier::builder`].
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::keys::Algorithm;
/// use tower_bearer::{AccessTokenVerifier, KeySet};
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
/// // One error lists everything that is wrong.
/// let error = AccessTokenVerifier::builder(KeySet::default()).audience("").build().unwrap_err();
/// assert!(error.to_string().contains("3 settings are wrong"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AccessTokenVerifierBuilder {
    keys: KeySource,
    /// The issuers that were named. Exactly one is allowed.
    issuers: Vec<Result<AcceptedIssuer, ConfigError>>,
    audiences: Vec<String>,
    settings: Settings,
}

impl AccessTokenVerifierBuilder {
    /// Sets the issuer of the tokens, which is required. It has to be their `iss` byte by byte,
    /// with the slash at the end if there is one. A key whose member `issuer` names another issuer
    /// on the same host does not sign them.
    ///
    /// A verifier has one issuer.
    /// [`BearerAuthLayer::with_verifier`](crate::BearerAuthLayer::with_verifier) accepts the tokens
    /// of another one.
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuers.push(AcceptedIssuer::one(issuer));
        self
    }

    /// Accepts an issuer that puts the tenant into its name, in place of
    /// [`issuer`](Self::issuer). The pattern has one placeholder in braces; its name does not
    /// matter.
    ///
    /// A tenant is 1 to 128 letters, digits and `-._~`, so it never contains a slash. Tokens of
    /// tenants that are not in `tenants` are refused. The
    /// [issuer of the claims](crate::AccessTokenClaims::issuer) is that of the tenant: the same
    /// subject may exist at two tenants.
    ///
    /// All tenants have one key source: a key in it signs for every tenant, unless its member
    /// `issuer` names one. Tenants that have a key set each need a verifier each.
    ///
    /// ```
    /// # use tower_bearer::{AccessTokenVerifier, RemoteJwks};
    /// let keys = RemoteJwks::new("https://id.example.com/common/keys")?;
    /// let verifier = AccessTokenVerifier::builder(keys)
    ///     .issuer_pattern("https://id.example.com/{tenant}/v2.0", ["acme", "umbrella"])
    ///     .audience("example-api")
    ///     .build()?;
    /// # Ok::<(), tower_bearer::ConfigError>(())
    /// ```
    pub fn issuer_pattern(mut self, pattern: &str, tenants: impl Into<Tenants>) -> Self {
        self.issuers
            .push(AcceptedIssuer::pattern(pattern, tenants.into()));
        self
    }

    /// Adds an audience of the tokens. At least one is required. It has to be their `aud`, or one
    /// of the names in it, byte by byte.
    ///
    /// Each call adds one, and a token for any of them passes.
    pub fn audience(mut self, audience: &str) -> Self {
        self.audiences.push(audience.to_owned());
        self
    }

    /// Reads the audience from another claim, for an issuer whose access tokens have no `aud`:
    /// `&["client_id"]`, `&["azp"]`, or a path into the claims.
    ///
    /// The claim has to be or contain one of the audiences. If the token has an `aud` all the same,
    /// that has to be or contain one of them too (RFC 7519 section 4.1.3). Of several calls, the
    /// first claim that the token has counts. A token that has none of them is refused.
    ///
    /// `&["iss"]` is right only where the issuer is for this service alone.
    ///
    /// # Panics
    ///
    /// The path is empty.
    #[track_caller]
    pub fn audience_claim(mut self, path: &[&str]) -> Self {
        self.settings.audience_claims.push(ClaimPath::new(path));
        self
    }

    /// Reads the subject from another claim instead of `sub`: `&["client_id"]` for an issuer that
    /// leaves `sub` out for machines, or `&["oid"]`.
    ///
    /// The claim is text, or a whole number, which is read as its decimal text. Of several calls,
    /// the first claim that the token has counts: with `&["sub"]` and then `&["client_id"]`, users
    /// and machines pass the same verifier. The claim has to name one caller of this issuer: a
    /// client id is the same for all users of that client, and users may be able to change a name
    /// or an e-mail address.
    ///
    /// # Panics
    ///
    /// The path is empty.
    #[track_caller]
    pub fn subject_claim(mut self, path: &[&str]) -> Self {
        self.settings.subject_claims.push(ClaimPath::new(path));
        self
    }

    /// Also accepts tokens whose `typ` is `JWT`, and tokens without `typ`. Use it for an issuer
    /// that does not mark its access tokens, as Auth0, Entra ID, Keycloak and Okta by default.
    ///
    /// Such a token may be an ID token, or one for another purpose. Tokens with claims that no
    /// access token has (`at_hash`, `c_hash`, `events`) are refused. All others differ only in
    /// their audience (RFC 8725 section 3.12). So the audience has to be a name of this service
    /// alone, not the client id of an application that users log in to. If the issuer can send
    /// `at+jwt`, configure it to do so.
    pub fn accept_untyped_jwt(self) -> Self {
        self.typ(AcceptedTyp::UntypedJwt)
    }

    /// Also accepts untyped tokens, even with the claims `at_hash` and `c_hash` of ID tokens. Use
    /// it for an issuer whose access tokens have these claims, as those of Dex.
    ///
    /// Then nothing but the audience keeps ID tokens out: see
    /// [`accept_untyped_jwt`](Self::accept_untyped_jwt), which this includes. Logout tokens and
    /// other `events` are refused all the same.
    pub fn accept_id_token_like(self) -> Self {
        self.typ(AcceptedTyp::IdTokenLike)
    }

    fn typ(mut self, typ: AcceptedTyp) -> Self {
        self.settings.typ = self.settings.typ.max(typ);
        self
    }

    /// Reads the scope from another claim instead of `scope`: `&["scp"]`, `&["permissions"]`, or a
    /// path into the claims, such as `&["realm_access", "roles"]` for the roles of Keycloak. Each
    /// call adds a claim, and the words of all of them count.
    ///
    /// | the claim is | its words are |
    /// |---|---|
    /// | text, and called `scope` or `scp` | separated by spaces |
    /// | text of any other claim | one word: the role `admin assistant` is not the role `admin` |
    /// | a list | its texts |
    /// | an object | its names, except those with `false` or `null` |
    ///
    /// A word that is not a scope token (RFC 6749 section 3.3), such as one with a space, allows
    /// nothing. A claim that is absent or of another type allows nothing either.
    ///
    /// # Panics
    ///
    /// The path is empty.
    #[track_caller]
    pub fn scope_claim(mut self, path: &[&str]) -> Self {
        self.settings.scope_claims.add(ClaimPath::new(path));
        self
    }

    /// Requires that a claim has one of these values: text, a whole number or `true`, compared with
    /// its text. Use it where one key signs several kinds of tokens, or those of strangers:
    /// `&["token_use"]` with `["access"]`, or `&["repository_owner"]` with your organization. Each
    /// call adds a condition. A token without the claim is refused.
    ///
    /// # Panics
    ///
    /// The path is empty.
    #[track_caller]
    pub fn require_claim<V: Into<String>>(
        mut self,
        path: &[&str],
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        let required = RequiredClaim::new(ClaimPath::new(path), values);
        self.settings.required_claims.push(required);
        self
    }

    /// Accepts only these words of a token's scope. Use it for an issuer that must not grant other
    /// words, such as `admin`.
    ///
    /// A token with other words passes, and [`scope`](crate::AccessTokenClaims::scope) leaves them
    /// out. By default all words count. The last call counts.
    ///
    /// # Panics
    ///
    /// A literal is not a scope: see [`IntoScope`].
    #[track_caller]
    pub fn accepted_scope(mut self, scope: impl IntoScope) -> Self {
        self.settings.accepted_scope = Some(scope.into_scope());
        self
    }

    /// Accepts tokens that are bound to a key of their sender (`cnf`, RFC 7800 section 3.1) without
    /// any proof of that key.
    ///
    /// Such a token (with a client certificate as in RFC 8705, or DPoP as in RFC 9449) is meant to
    /// be useless to a thief. With this setting a thief can use it like any other token. It is for
    /// a service behind a proxy that checks the proof of every request. By default such tokens are
    /// refused.
    pub fn dangerous_accept_unproven_cnf(mut self) -> Self {
        self.settings.accepts_unproven_cnf = true;
        self
    }

    /// Sets how much the issuer's clock may differ from ours. The default is 60 seconds, and the
    /// maximum is 5 minutes (RFC 7519 section 4.1.4: "usually no more than a few minutes").
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway;
        self
    }

    /// Sets the size in bytes above which a token is refused, before anything in it is read. The
    /// default is 16 KiB, which has room for hundreds of groups, and the maximum is 1 MiB.
    ///
    /// The server and proxies have limits of their own, often 8 or 16 KiB for all headers.
    pub fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_token_bytes = bytes;
        self
    }

    /// Takes the time from `clock`. The default is the [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Verifies each token each time.
    ///
    /// By default a token that has passed twice is remembered until it expires or the keys change,
    /// at most 8,192 tokens and 16 MiB for a verifier. Its signature is then not checked again,
    /// which would be most of what a request costs here. The first time, only 32 bits of a keyed
    /// hash are noted, so a token that is used once leaves no copy. With each request the whole
    /// token is compared, and `exp`, `nbf`, the keys, the audience, the tenant and the session are
    /// checked again. A token above 4 KiB, or one that was refused, is not remembered.
    ///
    /// The price is that tokens are in the memory of the process, until their place is needed or a
    /// later token clears it. They are wiped when nothing has their claims any more. A layer with
    /// several verifiers has a cache of its own, if none of them is without one.
    ///
    /// ```
    /// # use tower_bearer::{AccessTokenVerifier, ConfigError, KeySet};
    /// # fn example(keys: KeySet) -> Result<(), ConfigError> {
    /// let verifier = AccessTokenVerifier::builder(keys)
    ///     .issuer("https://id.example.com")
    ///     .audience("example-api")
    ///     .without_cache()
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_cache(mut self) -> Self {
        self.settings.caches = false;
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// One error lists all wrong settings: no issuer, more than one, or an empty one; no audience,
    /// or an empty one; a pattern without one placeholder, or without a tenant; a required claim
    /// without a value; a leeway above 5 minutes; a size that is zero or above 1 MiB; a
    /// [`KeySet`](crate::KeySet) without a key, or with more than four keys that one token could
    /// mean.
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
        problems.note(keys.check_given());
        let mut issuers = issuers.into_iter();
        let issuer = problems.note(match (issuers.next(), issuers.next()) {
            (None, _) => Err(NO_ISSUER),
            (Some(issuer), None) => issuer,
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
        for required in &settings.required_claims {
            problems.note(required.check_values());
        }
        problems.note(match settings.max_token_bytes {
            1..=MOST_TOKEN_BYTES => Ok(()),
            _ => Err(TOKEN_BYTES),
        });
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

const MOST_TOKEN_BYTES: usize = 1024 * 1024;
const TOKEN_BYTES: ConfigError =
    ConfigError::from_static("`max_token_bytes` is zero, or above 1 MiB. The default is 16 KiB");
const NO_KEY: ConfigError =
    ConfigError::from_static("there is no key to verify tokens with. Add one to the key set");
const NO_ISSUER: ConfigError = ConfigError::from_static(
    "the verifier has no issuer. Call `issuer` with the `iss` of its tokens, as in \
     https://id.example.com",
);
const SEVERAL_ISSUERS: ConfigError = ConfigError::from_static(
    "the verifier has more than one issuer. Give each a verifier of its own, and add it with \
     `BearerAuthLayer::with_verifier`",
);
const NO_AUDIENCE: ConfigError = ConfigError::from_static(
    "the verifier has no audience. Call `audience` with the name of this service in `aud`, as in \
     example-api",
);
