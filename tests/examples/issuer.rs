//! An issuer at an address of its own, which is reserved before it listens there.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use support::keys::{P256, jwk, key};
use support::signed_by;
use tokio::net::TcpSocket;

/// The issuer. Its key is a P-256 key.
pub(crate) struct Issuer {
    pub(crate) address: String,
    socket: TcpSocket,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = format!("http://{}", socket.local_addr().unwrap());
        Self { address, socket }
    }

    /// A token of this issuer, with this header and these claims.
    pub(crate) fn token(&self, typ: Option<&str>, claims: &Value) -> String {
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut all = json!({ "iss": self.address, "iat": now, "exp": now + 300, "jti": "x" });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let mut header = json!({ "alg": "ES256" });
        if let Some(typ) = typ {
            header["typ"] = json!(typ);
        }
        signed_by(P256, &header, &all)
    }

    /// Publishes its metadata and its key from now on.
    pub(crate) fn serve(self) {
        let metadata =
            json!({ "issuer": self.address, "jwks_uri": format!("{}/keys", self.address) });
        let keys = json!({ "keys": [jwk(&key(P256).key_set())] });
        let app = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async || Json(metadata)),
            )
            .route("/keys", get(async || Json(keys)));
        let listener = self.socket.listen(16).unwrap();
        tokio::spawn(async { axum::serve(listener, app).await });
    }
}
