//! [`TicketEndpoint`] issues a ticket that opens one connection.

use std::convert::Infallible;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::json;
use tower_service::Service;

use super::body::EndpointBody;
use super::error::EndpointError;
use super::request::check;
use super::response::json_response;
use super::service::EndpointFuture;
use crate::bearer::Tickets;
use crate::user::CurrentUser;

/// `POST`, behind [`BearerAuthLayer`](crate::BearerAuthLayer), issues a [ticket](Tickets) for the
/// subject of the request's access token.
///
/// The response is 200 `{"ticket", "expires_in"}`, in seconds. A body is ignored; a parameter of
/// these endpoints in the query string is 400, such as `access_token`. Other requests are refused
/// as the layer refuses them. Without the layer the response is 500, and a hint in the log says how
/// to fix it. It is 503 if the tickets' store fails or is full.
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

    async fn answer(&self, parts: &Parts) -> Result<Response<Bytes>, EndpointError> {
        check(parts, "POST")?;
        let CurrentUser(claims) = CurrentUser::from_extensions(&parts.extensions)?;
        let ticket = self.tickets.issue(&claims).await?;
        let lifetime = self.tickets.lifetime(&claims);
        Ok(json_response(
            StatusCode::OK,
            &json!({ "ticket": ticket, "expires_in": lifetime.as_secs() }),
        ))
    }
}

impl<B> Service<Request<B>> for TicketEndpoint {
    type Response = Response<EndpointBody>;
    type Error = Infallible;
    type Future = EndpointFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> EndpointFuture {
        let (endpoint, (parts, _)) = (self.clone(), request.into_parts());
        EndpointFuture::new(async move {
            let answer = endpoint.answer(&parts).await;
            answer.unwrap_or_else(|error| error.refuse(&parts))
        })
    }
}
