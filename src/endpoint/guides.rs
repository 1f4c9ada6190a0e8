//! Compiles the examples of the guides in `docs`.

#[doc = include_str!("../../docs/browser.md")]
struct Browser;

#[doc = include_str!("../../docs/proxy.md")]
struct Proxy;

#[doc = include_str!("../../docs/issuers.md")]
struct Issuers;
