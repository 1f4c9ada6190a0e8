//! [`Server`]: where the tokens may go.

use http::Uri;
use http::uri::PathAndQuery;

use crate::ClientError;
use crate::origin::HttpOrigin;

/// The server that the tokens belong to, and every other origin that may see the access token.
///
/// Requests to all other origins go out without a token. The refresh token and the password go to
/// the endpoints below the first origin, and nowhere else.
///
/// ```
/// use tower_bearer_client::Server;
///
/// # fn main() -> Result<(), tower_bearer_client::ClientError> {
/// let server = Server::new("https://api.example.com", "/auth")?
///     .also_at("https://files.example.com")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    /// That of the endpoints.
    first: HttpOrigin,
    others: Vec<HttpOrigin>,
    login: Uri,
    refresh: Uri,
    logout: Uri,
    reauthenticate: Uri,
    allows_exposed: bool,
}

impl Server {
    /// Names the server at `origin`, as in `https://api.example.com`, with its endpoints below the
    /// path `auth`, as in `/auth`: `/auth/login`, `/auth/refresh`, `/auth/logout` and
    /// `/auth/reauthenticate`. Those of `/` or an empty text are `/login` and so on.
    ///
    /// `http` is for loopback only: see [`Server::dangerous_over_plain_http`]. The HTTP client must
    /// not send it through a proxy: `reqwest` needs `no_proxy` for that.
    ///
    /// # Errors
    ///
    /// [`Settings`](crate::ClientErrorKind::Settings): `origin` is not a scheme, a host and perhaps
    /// a port, or `auth` is not a path.
    ///
    /// ```
    /// use tower_bearer_client::Server;
    ///
    /// assert!(Server::new("http://127.0.0.1:3000", "/auth").is_ok());
    /// assert!(Server::new("http://api.example.com", "/auth").is_err());
    /// ```
    pub fn new(origin: &str, auth: &str) -> Result<Self, ClientError> {
        Self::at(origin, auth, false)
    }

    /// The same for a network that the application trusts, as between containers: passwords and
    /// tokens go over plain HTTP, where everything on the way can read them.
    ///
    /// # Errors
    ///
    /// Those of [`Server::new`].
    ///
    /// ```
    /// use tower_bearer_client::Server;
    ///
    /// assert!(Server::dangerous_over_plain_http("http://api:3000", "/auth").is_ok());
    /// ```
    pub fn dangerous_over_plain_http(origin: &str, auth: &str) -> Result<Self, ClientError> {
        Self::at(origin, auth, true)
    }

    /// Lets the access token go to another origin too.
    ///
    /// # Errors
    ///
    /// [`Settings`](crate::ClientErrorKind::Settings), as in [`Server::new`].
    ///
    /// ```
    /// # use tower_bearer_client::Server;
    /// let server = Server::new("https://api.example.com", "/auth").unwrap();
    /// assert!(server.clone().also_at("https://files.example.com").is_ok());
    /// assert!(server.also_at("https://files.example.com/path").is_err());
    /// ```
    pub fn also_at(mut self, origin: &str) -> Result<Self, ClientError> {
        let (_, origin) = parse(origin, self.allows_exposed)?;
        self.others.push(origin);
        Ok(self)
    }

    fn at(origin: &str, auth: &str, allows_exposed: bool) -> Result<Self, ClientError> {
        let (base, origin) = parse(origin, allows_exposed)?;
        let auth = auth.trim_end_matches('/');
        let endpoint = |name: &str| below(&base, &format!("{auth}/{name}"));
        Ok(Self {
            first: origin,
            others: Vec::new(),
            login: endpoint("login")?,
            refresh: endpoint("refresh")?,
            logout: endpoint("logout")?,
            reauthenticate: endpoint("reauthenticate")?,
            allows_exposed,
        })
    }

    /// Whether the access token may go there.
    pub(crate) fn owns(&self, there: Option<&HttpOrigin>) -> bool {
        there.is_some_and(|there| self.first == *there || self.others.contains(there))
    }

    /// The origin and the path of the endpoints. A stored login names it: one origin may have
    /// several applications.
    pub(crate) fn name(&self) -> String {
        let path = self.login.path();
        let auth = path.strip_suffix("/login").unwrap_or(path);
        format!("{}{auth}", self.first)
    }

    pub(crate) fn login(&self) -> &Uri {
        &self.login
    }

    pub(crate) fn refresh(&self) -> &Uri {
        &self.refresh
    }

    pub(crate) fn logout(&self) -> &Uri {
        &self.logout
    }

    pub(crate) fn reauthenticate(&self) -> &Uri {
        &self.reauthenticate
    }
}

fn parse(text: &str, allows_exposed: bool) -> Result<(Uri, HttpOrigin), ClientError> {
    let no_origin = || {
        ClientError::settings(
            "an origin is a scheme, a host and perhaps a port, as in http://127.0.0.1:3000",
        )
    };
    let uri: Uri = text.parse().map_err(|_| no_origin())?;
    let origin = uri
        .scheme_str()
        .zip(uri.host())
        .and_then(|(scheme, host)| HttpOrigin::new(scheme, host, uri.port_u16()));
    let origin = origin.ok_or_else(no_origin)?;
    let has_user = uri.authority().is_some_and(|at| at.as_str().contains('@'));
    if uri.path() != "/" || uri.query().is_some() || has_user {
        return Err(no_origin());
    }
    if origin.is_exposed() && !allows_exposed {
        return Err(ClientError::settings(
            "tokens over plain HTTP can be read on the way: use https, or \
             `Server::dangerous_over_plain_http` in a network that you trust",
        ));
    }
    Ok((uri, origin))
}

fn below(base: &Uri, path: &str) -> Result<Uri, ClientError> {
    let no_path = || ClientError::settings("the path of the endpoints is one as in /auth");
    let mut parts = base.clone().into_parts();
    let parsed = PathAndQuery::try_from(path).map_err(|_| no_path())?;
    // A query or a fragment would hide the name of the endpoint.
    if !path.starts_with('/') || parsed.path() != path {
        return Err(no_path());
    }
    parts.path_and_query = Some(parsed);
    Uri::from_parts(parts).map_err(|_| no_path())
}
