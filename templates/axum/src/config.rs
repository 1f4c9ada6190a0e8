//! The environment, read once. A mistake is a sentence that says what to set.

use tower_bearer::{BoxError, Secret};
use tracing::Level;

use crate::database::Database;

pub struct Config {
    pub addr: String,
    pub database: Database,
    pub secret: Secret,
    pub issuer: String,
    pub trusted_proxies: Vec<String>,
    pub log: Level,
}

impl Config {
    /// README.md lists the variables.
    pub fn from_env() -> Result<Self, BoxError> {
        let proxies = variable("TRUSTED_PROXIES", "")?;
        let proxies = proxies.split(',').map(|proxy| proxy.trim().to_owned());
        Ok(Self {
            addr: variable("ADDR", "127.0.0.1:3000")?,
            database: Database::from_url(&variable("DATABASE_URL", "sqlite:app.db")?)?,
            secret: Secret::from_env("AUTH_SECRET")?,
            issuer: variable("ISSUER", "http://localhost:3000")?,
            trusted_proxies: proxies.filter(|proxy| !proxy.is_empty()).collect(),
            log: variable("LOG", "info")?
                .parse()
                .map_err(|_| "LOG takes error, warn, info, debug or trace")?,
        })
    }
}

/// An empty variable counts as absent.
fn variable(name: &str, default: &str) -> Result<String, BoxError> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not valid UTF-8").into()),
        _ => Ok(default.to_owned()),
    }
}
