//! Says check by check why a token passes or not, and which line of code would make it pass.
//!
//! ```sh
//! cargo run --example explain -- "$ACCESS_TOKEN" --issuer https://id.example.com --audience api
//! echo "$ACCESS_TOKEN" | cargo run --example explain -- -
//! ```
//!
//! It reads the same environment variables as the example `external_issuer`; `--issuer` and
//! `--audience` come before `ISSUER` and `AUDIENCE`. Without an issuer it takes the one that the
//! token names. The token never leaves this machine: only the issuer's keys are fetched. It exits
//! with 0 if the token is accepted, with 1 if it is refused, and with 2 for a wrong setting.

#[path = "../external_issuer/settings.rs"]
mod settings;

mod providers;

use std::error::Error;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tower_bearer::KeySet;
use tower_bearer::keys::KeySource;

struct Arguments {
    token: String,
    issuer: Option<String>,
    audience: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match explain().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn explain() -> Result<bool, Box<dyn Error>> {
    let Arguments {
        token,
        issuer,
        audience,
    } = arguments()?;
    if let Some(kind) = providers::kind_of_opaque(&token) {
        println!("provider   {kind}");
    }
    let own_issuer = issuer_of(&token);
    let named = issuer.or_else(|| settings::value("ISSUER"));
    if named.is_none()
        && let Some(own) = &own_issuer
    {
        println!("issuer     not set, so it is the token's own: {own:?}");
    }
    let issuer = named
        .or(own_issuer.clone())
        .unwrap_or_else(|| "(none)".to_owned());
    if let Some(provider) = own_issuer.as_deref().and_then(providers::of) {
        println!("provider   {provider}: its settings are in docs/issuers.md");
    }
    let audience = audience.or_else(|| settings::value("AUDIENCE"));
    if audience.is_none() {
        println!("audience   not set: name this service with --audience");
    }
    let keys = fetched(&issuer, own_issuer.is_some()).await;
    let audience = audience.as_deref().unwrap_or("(not set)");
    let report = settings::verifier(&issuer, audience, keys)?.explain(&token);
    println!("{report}");
    Ok(report.is_accepted())
}

/// The issuer's keys. Without them everything but the signature can be explained.
async fn fetched(issuer: &str, is_jwt: bool) -> KeySource {
    let keys = match settings::keys(issuer) {
        Ok(keys) if is_jwt => keys,
        Ok(keys) => return keys.into(),
        Err(error) => {
            println!("keys       {error}");
            return tower_bearer::keys::SharedKeySet::new(KeySet::default()).into();
        }
    };
    match keys.renew().await {
        Ok(()) => println!("keys       fetched"),
        Err(error) => {
            println!("keys       {}", with_causes(&error));
            if settings::value("JWKS_URL").is_none() {
                println!(
                    "           an issuer without metadata needs the URL of its key set \
                     (JWKS_URL): RemoteJwks::new(\"…\")"
                );
            }
        }
    }
    keys.into()
}

fn with_causes(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_causes(cause)),
        None => error.to_string(),
    }
}

/// The `iss` of a token, which nothing has verified yet.
fn issuer_of(token: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims["iss"].as_str().map(str::to_owned)
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut found = Arguments {
        token: String::new(),
        issuer: None,
        audience: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match &*argument {
            "--issuer" => found.issuer = Some(value()?),
            "--audience" => found.audience = Some(value()?),
            "-" => found.token = std::io::read_to_string(std::io::stdin())?,
            _ if argument.starts_with("--") => return Err(USAGE.into()),
            _ => found.token = argument,
        }
    }
    let token = found.token.trim();
    // As it is in a header.
    let token = token
        .strip_prefix("Bearer ")
        .unwrap_or(token)
        .trim()
        .to_owned();
    if token.is_empty() {
        return Err(USAGE.into());
    }
    Ok(Arguments { token, ..found })
}

const USAGE: &str = "cargo run --example explain -- TOKEN [--issuer URL] [--audience NAME]
With - it reads the token from stdin";
