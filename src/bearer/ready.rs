//! [`ReadyResponses`] are refusals that are made once, because they are always the same.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderValue, Response};

use super::error::BearerError;

/// The usual responses of a layer. Each is made at the first refusal that needs it. A copy has two
/// allocations, which are those of its header map, and writes no text.
#[derive(Default)]
pub(super) struct ReadyResponses {
    http: Responses,
    grpc: Responses,
}

/// The responses by the number of their [error](BearerError::usual).
type Responses = [OnceLock<Response<Bytes>>; BearerError::USUAL];

/// The responses of all layers whose challenges say nothing about the layer.
static PLAIN: ReadyResponses = ReadyResponses {
    http: [const { OnceLock::new() }; BearerError::USUAL],
    grpc: [const { OnceLock::new() }; BearerError::USUAL],
};

impl ReadyResponses {
    /// Returns a copy of the response with this number, which `make` makes if it is not there yet.
    pub(super) fn get(
        &self,
        number: usize,
        is_grpc: bool,
        make: impl FnOnce() -> Response<Bytes>,
    ) -> Response<Bytes> {
        let responses = if is_grpc { &self.grpc } else { &self.http };
        responses[number].get_or_init(make).clone()
    }

    /// Does the same for a layer whose challenges say nothing about it. These responses live as
    /// long as the process, so a copy counts no references: the counter would be a cache line that
    /// each refusal writes, on all threads.
    pub(super) fn of_plain_layers(
        number: usize,
        is_grpc: bool,
        make: impl FnOnce() -> Response<Bytes>,
    ) -> Response<Bytes> {
        PLAIN.get(number, is_grpc, || leaked(make()))
    }
}

/// Makes body and headers static. It is called once for each of the few usual responses.
fn leaked(response: Response<Bytes>) -> Response<Bytes> {
    let leak = |bytes: &[u8]| Bytes::from_static(Box::leak(bytes.into()));
    let mut response = response.map(|body| leak(&body));
    for value in response.headers_mut().values_mut() {
        // The bytes were a value before, so they still are one.
        if let Ok(leaked) = HeaderValue::from_maybe_shared(leak(value.as_bytes())) {
            *value = leaked;
        }
    }
    response
}
