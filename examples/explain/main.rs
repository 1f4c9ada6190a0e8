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
//! with 0 if that example would answer 200, with 1 if the token is refused or lacks the scope of
//! `REQUIRE_SCOPE`, and with 2 for a wrong setting.

#[path = "../external_issuer/settings.rs"]
mod settings;

mod providers;

use std::error::Error;
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tower_bearer::keys::{KeySource, SharedKeySet};
use tower_bearer::token::Explanation;
use tower_bearer::{KeySet, Scope};

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
    let parts = Parts::of(&token);
    let own = parts.issuer();
    let provider = own.and_then(providers::of);
    match provider {
        Some((name, true)) => println!("provider   {name}: its settings are in docs/issuers.md"),
        Some((name, false)) => println!("provider   {name}"),
        None => {}
    }
    let provider = provider.map(|(name, _)| name);
    if let Some(hint) = providers::hint(provider, &parts.header, &parts.claims) {
        println!("provider   {hint}");
    }
    let named = issuer.or_else(|| settings::value("ISSUER"));
    match (&named, own) {
        (Some(_), _) => {}
        (None, Some(own)) => println!("issuer     not set, so it is the token's own: {own:?}"),
        (None, None) => println!("issuer     not set, and the token does not name its own"),
    }
    let issuer = named.as_deref().or(own);
    let audience = audience.or_else(|| settings::value("AUDIENCE"));
    if audience.is_none() {
        println!("audience   not set: name this service with --audience");
    }
    let keys = match issuer {
        // No key helps to read any other token.
        Some(issuer) if parts.is_jwt() => fetched(issuer).await,
        _ => no_keys(),
    };
    let issuer = issuer.unwrap_or("(none)");
    let audience = audience.as_deref().unwrap_or("(not set)");
    let report = settings::verifier(issuer, audience, keys)?.explain(&token);
    println!("{report}");
    let has_scope = match settings::value("REQUIRE_SCOPE") {
        Some(required) if parts.is_jwt() => {
            let required = required
                .parse()
                .map_err(|error| format!("REQUIRE_SCOPE: {error}"))?;
            has_scope(&report, &required)
        }
        _ => true,
    };
    Ok(report.is_accepted() && has_scope)
}

/// Says whether the scope is there that every request to `external_issuer` needs.
fn has_scope(report: &Explanation, required: &Scope) -> bool {
    let missing = required
        .iter()
        .filter(|word| !report.scope().contains(word));
    let missing = missing.collect::<Vec<_>>().join(" ");
    if missing.is_empty() {
        println!("REQUIRE_SCOPE: {:?} is there", required.as_str());
    } else {
        let once = if report.is_accepted() {
            ""
        } else {
            " once the token passes"
        };
        println!(
            "REQUIRE_SCOPE: {missing:?} is missing, so external_issuer would answer 403{once}"
        );
    }
    missing.is_empty()
}

/// The issuer's keys. Without them everything but the signature can be explained.
async fn fetched(issuer: &str) -> KeySource {
    let keys = match settings::keys(issuer) {
        Ok(keys) => keys,
        Err(error) => {
            println!("keys       {error}");
            return no_keys();
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

fn no_keys() -> KeySource {
    SharedKeySet::new(KeySet::default()).into()
}

fn with_causes(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_causes(cause)),
        None => error.to_string(),
    }
}

/// What a token says, which nothing has verified yet. A part that cannot be read is `null`.
struct Parts {
    header: Value,
    claims: Value,
}

impl Parts {
    fn of(token: &str) -> Self {
        let read = |part: &str| {
            let json = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice(&json).ok()
        };
        let parts: Vec<&str> = token.split('.').collect();
        let (header, claims) = match *parts {
            [header, claims, _] => (read(header), read(claims)),
            // Encrypted (RFC 7516).
            [header, _, _, _, _] => (read(header), None),
            _ => (None, None),
        };
        Self {
            header: header.unwrap_or_default(),
            claims: claims.unwrap_or_default(),
        }
    }

    fn is_jwt(&self) -> bool {
        self.claims.is_object()
    }

    /// The issuer. An encrypted token may name it in its header (RFC 7519 section 5.3).
    fn issuer(&self) -> Option<&str> {
        self.claims["iss"].as_str().or(self.header["iss"].as_str())
    }
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
