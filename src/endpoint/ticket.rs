//! [`TicketEndpoint`] issues a ticket that opens one connection.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::json;

use super::error::EndpointError;
use super::request::check;
use super::response::json_response;
use super::service::serve_at_once;
use crate::bearer::Tickets;
use crate::user::CurrentUser;

/// `POST`, behind [`BearerAuthLayer`](crate::BearerAuthLayer), issues a [ticket](Tickets) for the
/// subject of the request's access token.
///
/// The response is 200 `{"ticket", "expires_in"}`, in seconds. A body is ignored; a query string is
/// 400. Other requests are refused as the layer refuses them. Without the layer the response is
/// 500, and a hint in the log says how to fix it. It is 503 if too many tickets are waiting.
#[derive(Clone, Debug)]
pub struct TicketEndpoint {
    tickets: Tickets,
}

impl TicketEndpoint {
    /// Issues these tickets.
    #[must_use]
    pub fn new(tickets: &Tickets) -> Self {
        Self {
            tickets: tickets.clone(),
        }
    }

    fn answer(&self, parts: &Parts) -> Result<Response<Bytes>, EndpointError> {
        check(parts, "POST")?;
        let CurrentUser(claims) = CurrentUser::from_extensions(&parts.extensions)?;
        let ticket = self.tickets.issue(&claims)?;
        let lifetime = self.tickets.lifetime(&claims);
        Ok(json_response(
            StatusCode::OK,
            &json!({ "ticket": &**ticket, "expires_in": lifetime.as_secs() }),
        ))
    }
}

serve_at_once!(TicketEndpoint);
