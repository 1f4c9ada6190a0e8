//! The OpenAPI document at `/openapi.json`, and Swagger UI at `/docs`: its Authorize button takes
//! user name and password.

use tower_bearer::AuthEndpoints;
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::routes;

/// The application's own operations. The others are merged in.
#[derive(OpenApi)]
#[openapi(
    info(title = "Example", version = "0.1.0"),
    paths(routes::me, routes::admin, routes::set_password, routes::sign_up)
)]
struct Api;

pub(crate) fn swagger_ui(endpoints: &AuthEndpoints) -> SwaggerUi {
    let document = Api::openapi().merge_from(endpoints.openapi());
    // Otherwise the page would send the document to a validator on the internet.
    let config = Config::default().validator_url("none");
    SwaggerUi::new("/docs")
        .config(config)
        .url("/openapi.json", document)
}
