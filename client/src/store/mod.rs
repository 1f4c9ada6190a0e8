//! Where a login is kept while the program does not run.

mod file_store;
mod keeper;
mod link;
mod memory_store;
mod stored;
mod temporary;
mod token_store;
mod visits;

pub use file_store::FileTokenStore;
pub(crate) use keeper::Keeper;
pub use memory_store::MemoryTokenStore;
pub use stored::StoredLogin;
pub use token_store::TokenStore;
