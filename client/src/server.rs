//! [`Server`]: where the tokens may go.

use http::Uri;
use http::uri::PathAndQuery;
use tower_bearer::BoxError;

/// The one server that the tokens belong to.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    origin: Uri,
    login: Uri,
    refresh: Uri,
    logout: Uri,
}

impl Server {
    /// The server at `origin`, as in `https://api.example.com`, with its `AuthEndpoints` mounted at
    /// `auth`, as in `/auth`.
    pub(crate) fn new(origin: &str, auth: &str) -> Result<Self, BoxError> {
        let origin: Uri = origin.parse()?;
        if parts(&origin).is_none() || origin.path() != "/" || origin.query().is_some() {
            return Err(
                "an origin is a scheme, a host and perhaps a port, as in http://127.0.0.1:3000"
                    .into(),
            );
        }
        let auth = auth.trim_end_matches('/');
        let endpoint = |name: &str| at(&origin, &format!("{auth}/{name}"));
        Ok(Self {
            login: endpoint("login")?,
            refresh: endpoint("refresh")?,
            logout: endpoint("logout")?,
            origin,
        })
    }

    /// Whether a token may go there: scheme, host and port are those of the origin (RFC 6454
    /// section 5). So a token of `https` never goes out over `http`.
    pub(super) fn owns(&self, uri: &Uri) -> bool {
        parts(uri).is_some_and(|there| Some(there) == parts(&self.origin))
    }

    pub(super) fn login(&self) -> &Uri {
        &self.login
    }

    pub(super) fn refresh(&self) -> &Uri {
        &self.refresh
    }

    pub(super) fn logout(&self) -> &Uri {
        &self.logout
    }
}

fn at(origin: &Uri, path: &str) -> Result<Uri, BoxError> {
    let mut parts = origin.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path)?);
    Ok(Uri::from_parts(parts)?)
}

/// `None`: a path alone, or neither `http` nor `https`.
fn parts(uri: &Uri) -> Option<(&str, String, u16)> {
    let scheme = uri.scheme_str()?;
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    Some((
        scheme,
        uri.host()?.to_ascii_lowercase(),
        uri.port_u16().unwrap_or(usual),
    ))
}
