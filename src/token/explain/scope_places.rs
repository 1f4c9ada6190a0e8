//! The claims in which issuers usually say what a token allows.

use super::cures::MOST_ALTERNATIVES;
use crate::names::Scope;
use crate::token::claim_path::ClaimPath;
use crate::token::json::{Json, Object};
use crate::token::scope_claim::ScopeClaims;
use crate::token::wire::{SCOPE, SCP};

/// Returns whether a scope says only what a login page may tell about the user (OpenID Connect Core
/// sections 3.1.2.1, 5.4 and 11), if it says anything.
pub(super) fn is_of_login(scope: &Scope) -> bool {
    scope.iter().all(|word| OF_LOGIN.contains(&word))
}

/// Returns the ways to claims that allow something, the usual ones first.
pub(super) fn places<'c>(claims: &'c Object<'_>) -> Vec<Vec<&'c str>> {
    let usual = USUAL.iter().map(|path| path.to_vec());
    let clients = claims.get("resource_access").and_then(Json::as_object);
    let clients = clients.into_iter().flat_map(Object::names);
    // Every user has the roles of their own account.
    let clients = clients.filter(|client| *client != "account");
    let clients = clients.map(|client| vec!["resource_access", client, "roles"]);
    let named = claims
        .names()
        .filter(|name| ENDS.iter().any(|end| name.ends_with(end)))
        .filter(|name| *name != OF_THE_CALLERS_PROJECT);
    let named = named.map(|name| vec![name]);
    let all = usual.chain(clients).chain(named);
    all.filter(|path| !is_of_login(&scope_at(path, claims)))
        .take(MOST_ALTERNATIVES)
        .collect()
}

fn scope_at(path: &[&str], claims: &Object<'_>) -> Scope {
    let mut place = ScopeClaims::default();
    place.add(ClaimPath::new(path));
    place.read(claims)
}

const OF_LOGIN: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "offline_access",
    "address",
    "phone",
];

const USUAL: [&[&str]; 10] = [
    &[SCOPE],
    &[SCP],
    &["scopes"],
    &["permissions"],
    &["roles"],
    &["role"],
    &["realm_access", "roles"],
    &["o", "per"],
    &["authorities"],
    &["groups"],
];

const ENDS: [&str; 4] = [":roles", ":groups", "/roles", "/permissions"];

/// Zitadel: the roles in the project of the application that asked for the token. Its owner may
/// give them to anyone.
const OF_THE_CALLERS_PROJECT: &str = "urn:zitadel:iam:org:project:roles";
