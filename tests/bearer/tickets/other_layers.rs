//! A ticket opens nothing that its token does not open.

use std::sync::Arc;

use http::Request;
use support::{MILLISECOND, MINUTE, Received, bearer_of, log_in, send, sessions_of, tickets_of};
use tower::{Layer, ServiceExt};
use tower_bearer::bearer::{Tickets, TokenSource};
use tower_bearer::clock::Clock;
use tower_bearer::endpoint::TicketEndpoint;
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::{
    AccessTokenSigner, AccessTokenVerifierBuilder, LegacyTokens, LegacyUser,
};
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer, Grant, Identity, KeySet, Secret,
    SigningKey,
};

use super::ask;
use crate::sources::bare;

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn signer(issuer: &str, audience: &str) -> AccessTokenSigner {
    let key = SigningKey::hs256(&Secret::dangerous_weak("x")).unwrap();
    AccessTokenSigner::new(issuer, audience, key).unwrap()
}

fn builder(issuer: &str, audience: &str) -> AccessTokenVerifierBuilder {
    AccessTokenVerifier::builder(signer(issuer, audience).keys())
        .issuer(issuer)
        .audience(audience)
}

fn verifier(issuer: &str, audience: &str) -> AccessTokenVerifier {
    builder(issuer, audience).build().unwrap()
}

/// A ticket for a token of this issuer, which the layer of the tickets accepts.
async fn ticket(tickets: &Tickets, issuer: &str, audience: &str, grant: &Grant) -> String {
    let token = signer(issuer, audience).sign(&Identity::new("alice"), grant, MINUTE);
    let verifier = builder(issuer, audience).dangerous_accept_unproven_cnf();
    let claims = verifier.build().unwrap().verify(token.unwrap().secret());
    format!(
        "ticket={}",
        tickets.issue(&claims.unwrap()).await.unwrap().secret()
    )
}

fn feed(layer: BearerAuthLayer, tickets: &Tickets) -> BearerAuthLayer {
    layer.with_token_sources([TokenSource::ticket(tickets)])
}

#[tokio::test]
async fn a_ticket_for_a_token_that_this_layer_refuses_is_refused() {
    let tickets = Tickets::new();
    let read = Grant::new().with_scope("read");
    let admin = Grant::new().with_scope("read admin");
    let only_a = BearerAuthLayer::new(verifier(A, "one"));
    let limited = builder(A, "one").accepted_scope("read").build().unwrap();
    for (layer, issuer, audience, grant) in [
        (only_a.clone(), B, "one", &read),
        (only_a.clone(), A, "two", &read),
        (only_a.clone(), "https://a.example/", "one", &read),
        (BearerAuthLayer::new(limited.clone()), A, "one", &admin),
    ] {
        for layer in [layer.clone(), layer.optional()] {
            let layer = feed(layer, &tickets);
            let query = ticket(&tickets, issuer, audience, grant).await;
            let refused = ask(&layer, &query).await;
            refused.assert_refused(401, "invalid_token", "token_invalid");
            // It is used up.
            let accepts = BearerAuthLayer::new(verifier(issuer, audience));
            ask(&feed(accepts, &tickets), &query).await.assert_refused(
                401,
                "invalid_token",
                "token_invalid",
            );
        }
    }
    let both = only_a.clone().with_verifier(verifier(B, "one")).unwrap();
    for (layer, issuer) in [
        (only_a, A),
        (BearerAuthLayer::new(limited), A),
        (both.clone(), A),
        (both, B),
    ] {
        let query = ticket(&tickets, issuer, "one", &read).await;
        ask(&feed(layer, &tickets), &query)
            .await
            .assert_passed("alice");
    }
}

/// As the audit tried it: a partner's token is good for the ticket endpoint of one route.
#[tokio::test]
async fn a_ticket_passes_only_where_its_token_would() {
    let tickets = Tickets::new();
    let sources = [TokenSource::header(), TokenSource::ticket(&tickets)];
    let admin = Grant::new().with_scope("read admin");
    let token = signer(B, "theirs").sign(&Identity::new("alice"), &admin, MINUTE);
    let authorization = format!("Bearer {}", token.unwrap().secret());
    let partner = BearerAuthLayer::new(verifier(B, "theirs"));
    let limited = builder(B, "theirs").accepted_scope("read").build().unwrap();
    for (layer, status, passes) in [
        (BearerAuthLayer::new(verifier(A, "ours")), 401, false),
        (
            BearerAuthLayer::new(limited).require_scope("admin"),
            403,
            false,
        ),
        (partner.clone().require_scope("admin"), 200, true),
    ] {
        let layer = layer.with_token_sources(sources.clone());
        let request = Request::post("/ticket").header("authorization", &authorization);
        let endpoint = Layer::layer(&partner, TicketEndpoint::new(&tickets));
        let request = request.body(String::new()).unwrap();
        let issued = Received::of(endpoint.oneshot(request).await.unwrap()).await;
        let ticket = issued.json()["ticket"].as_str().unwrap().to_owned();
        let by_header = send(&layer, support::with_authorization(&authorization)).await;
        assert_eq!(by_header.status, status);
        let by_ticket = ask(&layer, &format!("ticket={ticket}")).await;
        if passes {
            by_ticket.assert_passed("alice");
        } else {
            by_ticket.assert_refused(401, "invalid_token", "token_invalid");
        }
    }
}

#[tokio::test]
async fn the_conditions_of_the_layer_hold_for_a_ticket() {
    let tickets = Tickets::new();
    let layer = || feed(BearerAuthLayer::new(verifier(A, "one")), &tickets);
    let level = async |level: u8| {
        let grant = Grant::new().with_claim("level", level);
        ticket(&tickets, A, "one", &grant.with_scope("read")).await
    };
    let strict = layer().require(|claims| Ok(claims.claim::<u8>("level")? >= Some(3)));
    let refused = ask(&strict, &level(2).await).await;
    assert_eq!((refused.status, refused.challenge()), (403, None));
    assert_eq!(refused.json()["reason"], "denied");
    ask(&strict, &level(3).await).await.assert_passed("alice");
    let any = layer().require_any_scope(["write", "admin"]);
    ask(&any, &level(3).await)
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
    #[derive(Clone, serde::Deserialize)]
    struct Claims {
        #[allow(dead_code, reason = "only its type matters")]
        company: String,
    }
    ask(&layer().with_typed_claims::<Claims>(), &level(3).await)
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

/// A ticket endpoint that does not know the sessions lets their ended tokens through.
#[tokio::test]
async fn a_token_of_a_session_that_has_ended_gives_no_ticket_that_opens() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let tickets = tickets_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    sessions
        .log_out(pair.access_token().secret())
        .await
        .unwrap();
    let claims = sessions.verifier().verify(bare(&bearer_of(&pair))).unwrap();
    let ticket = format!("ticket={}", tickets.issue(&claims).await.unwrap().secret());
    ask(&feed(sessions.layer(), &tickets), &ticket)
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

/// The clock of the tickets may be another one than that of the layer.
#[tokio::test]
async fn a_token_that_has_expired_by_the_clock_of_the_layer_opens_nothing() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let sets_back = TestTokens::new();
    let tickets = tickets_of(&sets_back);
    let token = tokens.token(&Identity::new("alice"), &Grant::new(), MINUTE);
    let claims = tokens.verifier().verify(token.secret()).unwrap();
    let ticket = async || format!("ticket={}", tickets.issue(&claims).await.unwrap().secret());
    let (early, late) = (ticket().await, ticket().await);
    let layer = feed(layer, &tickets);
    // The leeway of the verifier is a minute.
    tokens.clock().advance(2 * MINUTE - MILLISECOND);
    ask(&layer, &early).await.assert_passed("alice");
    tokens.clock().advance(MILLISECOND);
    ask(&layer, &late)
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}

/// A token that is bound to a key needs a proof, and a ticket is none.
#[tokio::test]
async fn a_ticket_for_a_token_that_needs_a_proof_is_refused() {
    let clock = ManualClock::new();
    let tickets = Tickets::new().with_clock(Arc::new(clock.clone()));
    let reckless = support::builder(&clock).dangerous_accept_unproven_cnf();
    let reckless = reckless.build().unwrap();
    let bound = support::claims_with(&clock, "cnf", serde_json::json!({ "jkt": "x" }));
    let claims = reckless.verify(&support::token(&bound)).unwrap();
    let ticket = async || format!("ticket={}", tickets.issue(&claims).await.unwrap().secret());
    let layer = |verifier| feed(BearerAuthLayer::new(verifier), &tickets);
    ask(
        &layer(support::builder(&clock).build().unwrap()),
        &ticket().await,
    )
    .await
    .assert_refused(401, "invalid_token", "token_invalid");
    ask(&layer(reckless), &ticket().await)
        .await
        .assert_passed("alice");
}

/// Whatever setting makes this layer refuse the token, or see another user in it.
#[tokio::test]
async fn a_ticket_for_a_token_that_this_layer_would_read_otherwise_is_refused() {
    let clock = ManualClock::new();
    let tickets = Tickets::new().with_clock(Arc::new(clock.clone()));
    let mut claims = support::claims(&clock);
    for (name, value) in [("at_hash", "x"), ("client_id", "root"), ("kind", "refresh")] {
        claims[name] = value.into();
    }
    let token = support::sign(r#"{"alg":"HS256"}"#, &claims.to_string());
    let most = || support::builder(&clock).accept_id_token_like();
    for (strict, loose) in [
        (support::builder(&clock), most()),
        (support::builder(&clock).accept_untyped_jwt(), most()),
        (most(), most().subject_claim(&["client_id"])),
        (most().require_claim(&["kind"], ["access"]), most()),
        (most().max_token_bytes(token.len() - 1), most()),
        (most(), most().scope_claim(&["roles"])),
    ] {
        let (strict, loose) = (strict.build().unwrap(), loose.build().unwrap());
        let claims = loose.verify(&token).unwrap();
        let ticket = async || format!("ticket={}", tickets.issue(&claims).await.unwrap().secret());
        let layer = |verifier| feed(BearerAuthLayer::new(verifier), &tickets);
        let refused = ask(&layer(strict), &ticket().await).await;
        refused.assert_refused(401, "invalid_token", "token_invalid");
        let passed = ask(&layer(loose), &ticket().await).await;
        passed.assert_passed(claims.subject().as_str());
    }
}

/// The layer that issued it did not ask for that claim.
#[tokio::test]
async fn a_ticket_for_a_token_with_the_claim_that_this_layer_requires_is_accepted() {
    let clock = ManualClock::new();
    let tickets = Tickets::new().with_clock(Arc::new(clock.clone()));
    let claims = support::claims_with(&clock, "kind", "access".into());
    let verifier = support::builder(&clock).build().unwrap();
    let claims = verifier.verify(&support::token(&claims)).unwrap();
    for (kind, passes) in [("access", true), ("refresh", false)] {
        let strict = support::builder(&clock).require_claim(&["kind"], [kind]);
        let layer = feed(BearerAuthLayer::new(strict.build().unwrap()), &tickets);
        let ticket = format!("ticket={}", tickets.issue(&claims).await.unwrap().secret());
        let answer = ask(&layer, &ticket).await;
        match passes {
            true => answer.assert_passed("alice"),
            false => answer.assert_refused(401, "invalid_token", "token_invalid"),
        }
    }
}

/// A layer that does not accept the tokens of before accepts no ticket for them either.
#[tokio::test]
async fn a_ticket_for_a_legacy_token_needs_a_layer_that_accepts_legacy_tokens() {
    let clock = ManualClock::new();
    let tickets = Tickets::new().with_clock(Arc::new(clock.clone()));
    let keys = KeySet::from_hmac_secret(Algorithm::Hs256, support::HMAC_KEY).unwrap();
    let legacy = |until| {
        LegacyTokens::new(keys.clone(), until, |claims: serde_json::Value| {
            Some(LegacyUser::new(claims["sub"].as_str()?.to_owned()))
        })
    };
    let layer = || BearerAuthLayer::new(support::builder(&clock).build().unwrap());
    let old = support::sign(r#"{"alg":"HS256"}"#, r#"{"sub":"alice"}"#);
    let now = clock.now();
    let caller = std::sync::Mutex::new(None);
    let handler = tower::service_fn(async |request: http::Request<String>| {
        *caller.lock().unwrap() = AccessTokenClaims::from_extensions(request.extensions()).cloned();
        Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
    });
    let moved = layer().with_legacy_tokens(legacy(now + 2 * MINUTE));
    let request = support::with_authorization(&format!("Bearer {old}"));
    let answer = tower::ServiceExt::oneshot(tower::Layer::layer(&moved, handler), request);
    assert_eq!(answer.await.unwrap().status(), 200);
    let claims = caller.lock().unwrap().take().unwrap();
    let ticket = async || format!("ticket={}", tickets.issue(&claims).await.unwrap().secret());
    ask(&feed(moved, &tickets), &ticket().await)
        .await
        .assert_passed("alice");
    for layer in [
        layer(),
        layer().with_legacy_tokens(legacy(now + MINUTE)),
        layer().with_legacy_tokens(legacy(now)),
    ] {
        ask(&feed(layer, &tickets), &ticket().await)
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
}
