//! The environment, read once. A mistake is a sentence that names the cure.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `ADDR` | where to listen | `127.0.0.1:3000` |
//! | `DATABASE_URL` | `sqlite:FILE`, `memory:`, `postgres://…` or `redis://…`: see `database.rs` | a file beside the program |
//! | `AUTH_SECRET` | 32 bytes or more, the same on all servers that share a database; earlier ones in `AUTH_SECRET_PREVIOUS` | made once, in a file beside the program |
//! | `SIGNING_KEY_FILE` | a private key in PEM (PKCS#8), or an `oct` JWK | HS256 from the secret |
//! | `ISSUER`, `AUDIENCE` | names in the tokens, the same on all servers that share a database, and after a restart | `http://localhost`, `example-api` |
//! | `ACCESS_TTL`, `OVERLAP`, `LEEWAY` | whole seconds | 1800, 30, 60 |
//! | `LOGIN_RATE_LIMIT` | `off`: passwords may be guessed as fast as they are checked | guesses are bounded |
//! | `TRUSTED_PROXIES` | the proxies in front of this server, as in `10.0.0.0/8, ::1`: their `Forwarded` or `X-Forwarded-For` says who the client is | none |
//! | `DEMO_USERS` | `1` or `0`: whether an empty database gets demo users | on loopback without `TRUSTED_PROXIES` |

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tower_bearer::throttle::LoginThrottle;
use tower_bearer::{BoxError, Secret, SessionPolicy, SigningKey};

use crate::database::Database;

pub(crate) struct Config {
    pub(crate) database: Database,
    pub(crate) secret: Secret,
    pub(crate) signing_key: SigningKey,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) policy: SessionPolicy,
    pub(crate) leeway: Duration,
    pub(crate) throttle: LoginThrottle,
    pub(crate) trusted_proxies: Vec<String>,
    /// `None`: on loopback only.
    pub(crate) demo_users: Option<bool>,
}

impl Config {
    pub(crate) fn from_env() -> Result<Self, BoxError> {
        let database = database()?;
        let secret = secret(&database)?;
        let signing_key = match variable("SIGNING_KEY_FILE")? {
            Some(file) => signing_key(&file)?,
            None => SigningKey::hs256(&secret)?,
        };
        Ok(Self {
            database,
            secret,
            signing_key,
            // Not the address: servers that share a database have addresses of their own, and one
            // name. With another name the sessions of before would not be ours.
            issuer: variable("ISSUER")?.unwrap_or("http://localhost".to_owned()),
            audience: variable("AUDIENCE")?.unwrap_or("example-api".to_owned()),
            policy: SessionPolicy::default()
                .with_access_token_lifetime(seconds("ACCESS_TTL", 1800)?)
                .with_overlap(seconds("OVERLAP", 30)?),
            leeway: leeway()?,
            throttle: throttle()?,
            trusted_proxies: trusted_proxies()?,
            demo_users: demo_users()?,
        })
    }
}

/// The address to listen at, read before anything is written.
pub(crate) fn addr() -> Result<String, String> {
    Ok(variable("ADDR")?.unwrap_or("127.0.0.1:3000".to_owned()))
}

/// An empty variable counts as absent.
fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not valid UTF-8")),
    }
}

fn seconds(name: &str, default: u64) -> Result<Duration, String> {
    let Some(value) = variable(name)? else {
        return Ok(Duration::from_secs(default));
    };
    let seconds = value.parse().map_err(|_| {
        format!("{name} is {value:?}. It takes whole seconds, as in {name}={default}")
    })?;
    Ok(Duration::from_secs(seconds))
}

fn leeway() -> Result<Duration, String> {
    let leeway = seconds("LEEWAY", 60)?;
    if leeway > Duration::from_secs(300) {
        Err("LEEWAY is 300 seconds at most".to_owned())
    } else {
        Ok(leeway)
    }
}

fn throttle() -> Result<LoginThrottle, String> {
    match variable("LOGIN_RATE_LIMIT")?.as_deref() {
        None => Ok(LoginThrottle::default()),
        Some("off") => Ok(LoginThrottle::off()),
        Some(value) => Err(format!(
            "LOGIN_RATE_LIMIT is {value:?}. It takes off; without it guesses are bounded"
        )),
    }
}

fn trusted_proxies() -> Result<Vec<String>, String> {
    let proxies = variable("TRUSTED_PROXIES")?.unwrap_or_default();
    let proxies = proxies.split(',').map(str::trim);
    Ok(proxies
        .filter(|proxy| !proxy.is_empty())
        .map(str::to_owned)
        .collect())
}

fn demo_users() -> Result<Option<bool>, String> {
    match variable("DEMO_USERS")?.as_deref() {
        None => Ok(None),
        Some("1") => Ok(Some(true)),
        Some("0") => Ok(Some(false)),
        Some(value) => Err(format!("DEMO_USERS is {value:?}. It takes 1 or 0")),
    }
}

fn secret(database: &Database) -> Result<Secret, BoxError> {
    match (variable("AUTH_SECRET")?, variable("AUTH_SECRET_PREVIOUS")?) {
        (Some(_), _) => Ok(Secret::from_env("AUTH_SECRET")?),
        (None, Some(_)) => Err(
            "AUTH_SECRET_PREVIOUS is set, and AUTH_SECRET is not: the present secret belongs there"
                .into(),
        ),
        // Sessions in memory end with the process, so their tokens must not outlive it.
        (None, None) if matches!(database, Database::Memory) => Ok(Secret::random()?),
        (None, None) => {
            let path = beside_the_program("secret")?;
            if matches!(database, Database::Postgres(_)) {
                println!(
                    "servers on other machines need the same AUTH_SECRET: it is in {}",
                    path.display()
                );
            }
            secret_file(&path)
        }
    }
}

fn database() -> Result<Database, BoxError> {
    let beside = beside_the_program("db")?;
    match variable("DATABASE_URL")? {
        Some(url) => Database::from_url(&url, &beside),
        None => Ok(Database::Sqlite(beside)),
    }
}

fn signing_key(file: &str) -> Result<SigningKey, BoxError> {
    let text =
        fs::read_to_string(file).map_err(|error| format!("SIGNING_KEY_FILE {file}: {error}"))?;
    let key = if text.trim_start().starts_with('{') {
        SigningKey::from_jwk(&text)
    } else {
        SigningKey::from_pem(&text)
    };
    key.map_err(|error| format!("SIGNING_KEY_FILE {file}: {error}").into())
}

/// Reads the secret, or makes it once, in a file that only its owner can read.
fn secret_file(path: &Path) -> Result<Secret, BoxError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => {
            let mut bytes = [0; 48];
            getrandom::fill(&mut bytes)?;
            file.write_all(STANDARD.encode(bytes).as_bytes())?;
            file.sync_all()?;
            println!("secret: made once, in {}", path.display());
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            return Err(format!(
                "{}: {error}. Try: AUTH_SECRET=$(openssl rand -base64 48)",
                path.display()
            )
            .into());
        }
    }
    let mut file = fs::File::open(path)?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
        return Err(format!(
            "{0} can be read by others. Try: chmod 600 {0}",
            path.display()
        )
        .into());
    }
    let mut secret = String::new();
    file.read_to_string(&mut secret)?;
    Secret::new(secret.trim()).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// `target/debug/examples/server.db`, say: git ignores it, and `cargo clean` takes it away.
fn beside_the_program(extension: &str) -> Result<PathBuf, BoxError> {
    Ok(std::env::current_exe()?.with_extension(extension))
}
