//! Tokens of machines: clusters, and jobs of a build.

use serde_json::json;
use tower_bearer::RemoteJwks;

use super::{Provider, row};

#[tokio::test]
async fn kubernetes() {
    let row = row!(
        "Kubernetes",
        RemoteJwks::discover("https://kubernetes.default.svc.cluster.local"),
        .issuer("https://kubernetes.default.svc.cluster.local")
        .audience("orders")
        .accept_untyped_jwt()
    );
    let issuer = "https://kubernetes.default.svc.cluster.local";
    let claims = json!({
        "iss": issuer, "aud": ["orders"], "sub": "system:serviceaccount:shop:checkout",
        "jti": "x", "nbf": 1,
        "kubernetes.io": { "namespace": "shop", "serviceaccount": { "name": "checkout" } },
    });
    let provider = Provider::new(&row, Some(issuer), json!({ "alg": "RS256" }), claims);
    provider
        .assert_accepted("system:serviceaccount:shop:checkout", "")
        .await;
    // The token that a pod has for the cluster itself.
    provider.assert_refused(&json!({ "aud": [issuer] })).await;
}

#[tokio::test]
async fn github_actions() {
    let row = row!(
        "GitHub Actions",
        RemoteJwks::discover("https://token.actions.githubusercontent.com"),
        .issuer("https://token.actions.githubusercontent.com")
        .audience("https://deploy.example.com")
        .require_claim(&["repository_owner"], ["octo-org"])
        .accept_untyped_jwt()
    );
    let issuer = "https://token.actions.githubusercontent.com";
    let claims = json!({
        "iss": issuer, "aud": "https://deploy.example.com", "jti": "x", "nbf": 1,
        "sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "repository": "octo-org/octo-repo",
        "repository_owner": "octo-org",
        "ref": "refs/heads/main", "event_name": "push",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": "x" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider
        .assert_accepted("repo:octo-org/octo-repo:ref:refs/heads/main", "")
        .await;
    provider
        .assert_refused(&json!({ "aud": "https://github.com/octo-org" }))
        .await;
    // Anyone gets a token for our audience.
    let stranger = json!({ "repository_owner": "evil", "sub": "repo:evil/repo:ref:x" });
    provider.assert_refused(&stranger).await;
}

#[tokio::test]
async fn gitlab_ci() {
    let row = row!(
        "GitLab CI",
        RemoteJwks::discover("https://gitlab.com"),
        .issuer("https://gitlab.com")
        .audience("https://deploy.example.com")
        .require_claim(&["namespace_path"], ["shop"])
        .accept_untyped_jwt()
    );
    let issuer = "https://gitlab.com";
    let claims = json!({
        "iss": issuer, "aud": "https://deploy.example.com", "jti": "x", "nbf": 1,
        "sub": "project_path:shop/orders:ref_type:branch:ref:main", "user_access_level": "owner",
        "project_path": "shop/orders", "namespace_path": "shop", "ref_protected": "true",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider
        .assert_accepted("project_path:shop/orders:ref_type:branch:ref:main", "")
        .await;
    provider
        .assert_refused(&json!({ "aud": "https://gitlab.com" }))
        .await;
    provider
        .assert_refused(&json!({ "namespace_path": "evil" }))
        .await;
}
