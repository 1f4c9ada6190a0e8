//! The endpoints as an OpenAPI document, for applications that describe themselves by `utoipa`.

mod answers;
mod document;
mod mounted;
mod operations;
mod refusals;
mod schemas;
mod security;
