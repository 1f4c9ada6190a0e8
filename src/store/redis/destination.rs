//! Reads URLs of several hosts: `redis-cluster://…` and `redis-sentinel://…`.

use redis::{ConnectionInfo, IntoConnectionInfo, TlsMode};

use super::sentinels::Sentinels;
use crate::error::BoxError;

/// What a URL leads to.
pub(super) enum Destination {
    /// A URL that the driver reads.
    One(ConnectionInfo),
    Cluster(Vec<ConnectionInfo>),
    Sentinels(Sentinels),
}

impl Destination {
    pub(super) fn read(url: &str) -> Result<Self, BoxError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Ok(Self::One(url.into_connection_info()?));
        };
        let tls = matches!(scheme, "rediss-cluster" | "rediss-sentinel");
        match scheme {
            "redis-cluster" | "rediss-cluster" => {
                let (login, hosts, path) = parts(rest)?;
                Ok(Self::Cluster(each(tls, login, hosts, path)?))
            }
            "redis-sentinel" | "rediss-sentinel" => sentinels(tls, rest),
            _ => Ok(Self::One(url.into_connection_info()?)),
        }
    }
}

/// Splits `user:password@host:port,host:port/path` into the login, the hosts and the path. The
/// first ends with `@` and the last begins with `/`, or they are empty.
fn parts(rest: &str) -> Result<(&str, &str, &str), BoxError> {
    let (rest, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if path.contains('@') {
        return Err(NOT_ENCODED.into());
    }
    let (login, hosts) = rest.split_at(rest.rfind('@').map_or(0, |at| at + 1));
    Ok((login, hosts, path))
}

fn each(tls: bool, login: &str, hosts: &str, path: &str) -> Result<Vec<ConnectionInfo>, BoxError> {
    let scheme = if tls { "rediss" } else { "redis" };
    let read = |host| Ok(format!("{scheme}://{login}{host}{path}").into_connection_info()?);
    hosts.split(',').map(read).collect()
}

/// Reads the part after `redis-sentinel://`, whose path is the name of the group. The login is that
/// of the servers, since sentinels usually have none.
fn sentinels(tls: bool, rest: &str) -> Result<Destination, BoxError> {
    let (login, hosts, path) = parts(rest)?;
    let (group, database) = match path.strip_prefix('/').unwrap_or_default() {
        "" => return Err(NO_GROUP.into()),
        path => path.split_once('/').unwrap_or((path, "0")),
    };
    let server = format!("redis://{login}server/{database}").into_connection_info()?;
    Ok(Destination::Sentinels(Sentinels {
        seeds: each(tls, "", hosts, "")?,
        group: group.to_owned(),
        tls: tls.then_some(TlsMode::Secure),
        settings: server.redis_settings().clone(),
    }))
}

const NOT_ENCODED: &str = "a character of the user or the password in the URL ends the hosts: \
     write `%2F` for `/`, `%3F` for `?` and `%23` for `#`";
const NO_GROUP: &str = "the URL names no group of servers: \
     redis-sentinel://HOST:PORT,HOST:PORT/GROUP";
