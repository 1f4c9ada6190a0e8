//! [`TokenStore`]: where a login is kept while the program does not run.

use std::fmt;

use crate::{BoxError, StoredLogin};

/// Keeps one login: its tokens, and the mark of this device.
///
/// There is [`FileTokenStore`](crate::FileTokenStore), and
/// [`MemoryTokenStore`](crate::MemoryTokenStore) for tests. The functions may block: they run on a
/// thread of their own, one at a time, which does not keep the process from its end. After ten
/// seconds a call counts as failed. Then the store is left alone until it has answered after all:
/// until that, each further load and save fails at once, and no request waits for it. Only the load
/// in [`LoginBuilder::open`](crate::LoginBuilder::open) may take as long as it likes.
///
/// While the store cannot be read, another process may have replaced the refresh token, and the
/// old one would look like that of a thief. So it is not presented: the access token is used until
/// it expires, and then requests fail with [`Storage`](crate::ClientErrorKind::Storage). Only a
/// login of this process that was never stored is refreshed all the same.
///
/// Several processes may share a store, as the commands of one program do. Each looks into it
/// before it refreshes and before it writes, and two that refresh at once send the same key, which
/// the server takes for one client. Stored tokens have the number of their refresh token within
/// their login, and each login names the sixteen before it. So neither clocks nor the order of
/// writes decide which tokens are newer, and a process that runs does not take a backup of these
/// logins that is put back. Where a record cannot be read, only a login or `forget` replaces it,
/// and [`LoginBuilder::open_empty`](crate::LoginBuilder::open_empty) opens such a store. A login of
/// another user in one process is that of all, from their next refresh, login or logout on; a
/// request that waited for that refresh fails. A process that is logged out asks with
/// [`Login::reload`](crate::Login::reload).
///
/// A stored login names its [`Server`](crate::Server): the origin, and the path of the endpoints,
/// since one origin may have several applications. A client of another server gets an error, sends
/// nothing of it, and neither replaces nor deletes it, unless it was opened with `open_empty`.
///
/// A login that one of them has logged out or forgotten does not come back through another, unless
/// that one has just looked and is about to write: no lock is held in between. A process that finds
/// nothing, where it has read or saved something before, forgets its tokens and the mark, except
/// for a login of its own that is not saved yet. So to delete the file logs all of them out at
/// their next look. Since a program that replaces a file may delete it first, the store is read
/// again after 0.2 seconds before that.
///
/// The keyring of the operating system, with the crate `keyring`, is ten lines. That of Windows has
/// room for 2560 bytes, and `set_password` would use two of them for each character. A record is
/// the access token and up to 1000 bytes, where the `scope` and the name of the server are short.
///
/// ```
/// use tower_bearer_client::{BoxError, StoredLogin, TokenStore};
/// # // As in the crate `keyring`, version 3, which needs system libraries to compile.
/// # mod keyring {
/// #     #[derive(Debug)] pub enum Error { NoEntry }
/// #     impl std::fmt::Display for Error {
/// #         fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
/// #     }
/// #     impl std::error::Error for Error {}
/// #     #[derive(Debug)] pub struct Entry;
/// #     impl Entry {
/// #         pub fn get_secret(&self) -> Result<Vec<u8>, Error> { Err(Error::NoEntry) }
/// #         pub fn set_secret(&self, _: &[u8]) -> Result<(), Error> { Ok(()) }
/// #         pub fn delete_credential(&self) -> Result<(), Error> { Err(Error::NoEntry) }
/// #     }
/// # }
///
/// #[derive(Debug)]
/// struct Keyring(keyring::Entry);
///
/// impl TokenStore for Keyring {
///     fn load(&self) -> Result<Option<StoredLogin>, BoxError> {
///         match self.0.get_secret() {
///             Ok(json) => StoredLogin::from_json(&json).map(Some),
///             Err(keyring::Error::NoEntry) => Ok(None),
///             Err(error) => Err(error.into()),
///         }
///     }
///
///     fn save(&self, login: &StoredLogin) -> Result<(), BoxError> {
///         Ok(self.0.set_secret(login.to_json().as_bytes())?)
///     }
///
///     fn clear(&self) -> Result<(), BoxError> {
///         match self.0.delete_credential() {
///             Err(keyring::Error::NoEntry) => Ok(()),
///             outcome => Ok(outcome?),
///         }
///     }
/// }
/// # assert!(Keyring(keyring::Entry).load().unwrap().is_none());
/// # assert!(Keyring(keyring::Entry).clear().is_ok());
/// ```
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// Reads what was saved last. `None`: nothing was, or it was cleared. A store that is out of
    /// reach returns an error, since `None` makes other processes forget the login.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn load(&self) -> Result<Option<StoredLogin>, BoxError>;

    /// Replaces what was saved before, all of it or nothing.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn save(&self, login: &StoredLogin) -> Result<(), BoxError>;

    /// Deletes what was saved. That there is nothing is not an error.
    ///
    /// # Errors
    ///
    /// It cannot be deleted.
    fn clear(&self) -> Result<(), BoxError>;

    /// Says where it is, for errors. The default is `the store`.
    fn place(&self) -> String {
        "the store".to_owned()
    }
}
