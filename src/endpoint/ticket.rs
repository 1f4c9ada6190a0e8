//! [`TicketEndpoint`].

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

/// `POST`, behind [`BearerAuthLayer`](crate::BearerAuthLayer): a [ticket](Tickets) for the
/// subject of the request's access token.
///
/// Answers 200 `{"ticket", "expires_in"}`, in seconds. A body is not looked at; a query is 400.
/// Refuses as the layer does; without the layer 500, and a log line that names the cure; 503 where
/// too many tickets wait.
#[derive(Clone, Debug)]
pub struct TicketEndpoint {
    tickets: Tickets,
}

impl TicketEndpoint {
    /// Issues tickets of these.
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
