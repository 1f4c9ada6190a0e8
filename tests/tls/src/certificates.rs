//! [`Certificates`] of a server on loopback.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A certificate authority, and a server's certificate and key, made by `openssl`.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    pub(crate) fn new() -> Self {
        let certificates = Self(tempfile::tempdir().unwrap());
        // The user `postgres` reads them.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(certificates.0.path(), open).unwrap();
        certificates.make();
        certificates
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn make(&self) {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        fs::write(
            self.path("san"),
            "subjectAltName=IP:127.0.0.1,DNS:localhost",
        )
        .unwrap();
        for command in [
            format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"),
            format!("req {key} -subj /CN=localhost -keyout server.key -out request.pem"),
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile san -out server.pem"
                .to_owned(),
        ] {
            let output = Command::new("openssl")
                .args(command.split_whitespace())
                .current_dir(self.0.path())
                .output()
                .expect("openssl is not installed");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}
