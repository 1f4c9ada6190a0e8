//! The endpoints as an OpenAPI document, for applications that use `utoipa`.

mod document;
mod mounted;
mod operations;
mod refusals;
mod responses;
mod schemas;
mod security;
