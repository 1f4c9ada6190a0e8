//! The example server's OpenAPI document and its Swagger UI, asked as a browser asks.

use support::app_server::AppServer;

/// The request of `authorizePassword` in Swagger UI 5.17: no empty parameter, and no client id as
/// `Authorization: Basic`.
const OF_SWAGGER_UI: [&str; 6] = [
    "accept: application/json, text/plain, */*",
    "authorization: Basic Og==",
    "content-type: application/x-www-form-urlencoded",
    "x-requested-with: XMLHttpRequest",
    "sec-fetch-mode: cors",
    "sec-fetch-site: same-origin",
];

#[tokio::test]
async fn the_authorize_button_of_swagger_ui_works_at_first_try() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let (status, document) = server
        .send("GET", "/openapi.json", &[], "")
        .await
        .status_and_value();
    assert_eq!(status, 200);
    let scheme = &document["components"]["securitySchemes"]["password"];
    assert_eq!(scheme["type"], "oauth2");
    let token_url = scheme["flows"]["password"]["tokenUrl"].as_str().unwrap();

    let form = "grant_type=password&username=alice&password=wonderland-7";
    let (status, tokens) = server
        .send("POST", token_url, &OF_SWAGGER_UI, form)
        .await
        .status_and_value();
    assert_eq!(
        (status, &tokens["token_type"], tokens.get("error")),
        (200, &"Bearer".into(), None),
        "{tokens}"
    );

    // Swagger UI sends a token only if the operation names the scheme that gave the token.
    for path in ["/me", "/admin", "/auth/sessions"] {
        let named = document["paths"][path]["get"]["security"]
            .as_array()
            .unwrap();
        for scheme in ["bearer", "password"] {
            assert!(
                named
                    .iter()
                    .any(|requirement| requirement.get(scheme).is_some()),
                "{path}: {scheme}"
            );
        }
        assert_eq!(
            server.get(path, &tokens["access_token"]).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn swagger_ui_comes_from_the_server_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let moved = server.send("GET", "/docs", &[], "").await;
    assert!(
        moved.status == 303 && moved.headers["location"] == "/docs/",
        "{moved:?}"
    );
    for file in [
        "",
        "swagger-ui.css",
        "index.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
    ] {
        assert_eq!(
            server
                .send("GET", &format!("/docs/{file}"), &[], "")
                .await
                .status,
            200,
            "{file}"
        );
    }
}
