//! [`FileTokenStore`]: a file that only its owner reads.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::link::end_of;
use super::temporary;
use crate::{BoxError, StoredLogin, TokenStore};

/// Keeps a login in a file, with mode 0600 on Unix. On Windows the file has the rights of its
/// folder.
///
/// A save writes a new file beside it and renames it, so that a crash leaves the old one or the new
/// one. A file that a crash has left beside it is deleted by the first save or clear that comes
/// more than a minute later. The folder has to be there: without it a load is an error, since the
/// drive may be away. A file that others can read is refused: its tokens may be theirs. A symbolic
/// link stays: its target is written and deleted. No other user may write to its folder, or to that
/// of a link.
///
/// There is no lock between processes. If one forgets the login after another has looked at the
/// file and before it renames its own, the login comes back. Log out first: then its tokens are
/// worth nothing. A newer login that is overwritten like that is written again by its process with
/// the next refresh.
///
/// ```
/// use tower_bearer_client::{FileTokenStore, StoredLogin, TokenStore};
///
/// # fn main() -> Result<(), tower_bearer_client::BoxError> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let store = FileTokenStore::new(folder.join("login.json"));
/// assert!(store.load()?.is_none());
/// store.save(&StoredLogin::default())?;
/// assert!(store.load()?.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: PathBuf,
}

impl FileTokenStore {
    /// Names the file. Nothing is read or written yet.
    ///
    /// ```
    /// use tower_bearer_client::FileTokenStore;
    ///
    /// let store = FileTokenStore::new("/home/alice/.config/example/login.json");
    /// ```
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn named(&self, error: impl Into<BoxError>) -> BoxError {
        format!("{}: {}", self.place(), error.into()).into()
    }

    fn read(&self) -> Result<Option<StoredLogin>, BoxError> {
        // To open a pipe would wait for its other end.
        let opened = fs::metadata(&self.path).and_then(|about| match about.is_file() {
            true => File::open(&self.path),
            false => Err(io::Error::other(temporary::NOT_A_FILE)),
        });
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match temporary::folder_of(&end_of(&self.path)?).is_dir() {
                    true => Ok(None),
                    // It may be on a drive that is away, with the file.
                    false => Err("its folder is not there".into()),
                };
            }
            Err(error) => return Err(error.into()),
        };
        expect_private(&file)?;
        // All of it at once: a vector that grows would leave copies behind.
        let mut json = Zeroizing::new(Vec::with_capacity(MAX_FILE + 1));
        file.take(MAX_FILE as u64 + 1).read_to_end(&mut json)?;
        if json.len() > MAX_FILE {
            return Err("a stored login is at most 256 KiB large".into());
        }
        StoredLogin::from_json(&json).map(Some)
    }

    fn write(&self, login: &StoredLogin) -> Result<(), BoxError> {
        let path = end_of(&self.path)?;
        let new = temporary::name_beside(&path)?;
        let written =
            write_new(&new, login.to_json().as_bytes()).and_then(|()| fs::rename(&new, &path));
        if let Err(error) = written {
            // There may be none.
            let _ = fs::remove_file(&new);
            return Err(error.into());
        }
        temporary::clean_up(&path);
        Ok(())
    }

    fn delete(&self) -> Result<(), BoxError> {
        let path = end_of(&self.path)?;
        let removed = fs::remove_file(&path);
        temporary::clean_up(&path);
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self) -> Result<Option<StoredLogin>, BoxError> {
        self.read().map_err(|error| self.named(error))
    }

    fn save(&self, login: &StoredLogin) -> Result<(), BoxError> {
        self.write(login).map_err(|error| self.named(error))
    }

    fn clear(&self) -> Result<(), BoxError> {
        self.delete().map_err(|error| self.named(error))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(unix)]
fn expect_private(file: &File) -> Result<(), BoxError> {
    use std::os::unix::fs::PermissionsExt;

    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err("others can read or write it: chmod 600, and log in again".into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn expect_private(_: &File) -> Result<(), BoxError> {
    Ok(())
}

const MAX_FILE: usize = 256 * 1024;
