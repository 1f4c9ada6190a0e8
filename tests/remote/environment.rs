//! What the usual client takes from the environment: proxies, and certificates. Each test starts
//! this program again, with variables of its own.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tower_bearer::RemoteJwks;

use crate::clients::{serve_tls, set};

const URL: &str = "TOWER_BEARER_TEST_URL";

/// Runs [`child_fetches_once`] with these variables, and returns what it printed.
async fn outcome(url: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let output = command
        .args([
            "--exact",
            "environment::child_fetches_once",
            "--ignored",
            "--nocapture",
        ])
        .env(URL, url)
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("keys: ") && output.status.success(),
        "{output:?}"
    );
    text.into_owned()
}

async fn has_keys(url: &str, variables: &[(&str, &str)]) -> bool {
    outcome(url, variables).await.contains("keys: true")
}

#[tokio::test]
#[ignore = "run by the tests below, in a process of its own"]
async fn child_fetches_once() {
    let Ok(url) = std::env::var(URL) else {
        return;
    };
    let outcome = RemoteJwks::dangerous_over_http(&url).unwrap().renew().await;
    println!("keys: {} {outcome:?}", outcome.is_ok());
}

/// A server that answers everything with a key set, and the first lines of the requests.
async fn proxy(address: &str) -> Option<(String, Arc<Mutex<Vec<String>>>)> {
    let listener = TcpListener::bind(address).await.ok()?;
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            let _ = stream.read_line(&mut line).await;
            noted.lock().unwrap().push(line.trim().to_owned());
            while line.trim() != "" {
                line.clear();
                let _ = stream.read_line(&mut line).await;
            }
            let (set, head) = (
                set(),
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length",
            );
            let response = format!("{head}: {}\r\n\r\n{set}", set.len());
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    Some((address, asked))
}

#[tokio::test]
async fn this_machine_is_never_asked_through_a_proxy() {
    let (proxy_address, asked) = proxy("127.0.0.1:0").await.unwrap();
    let through = format!("http://{proxy_address}");
    let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, through.as_str()));
    let (v4, _) = proxy("127.0.0.1:0").await.unwrap();
    let port = v4.rsplit_once(':').unwrap().1;
    let mut urls = vec![
        format!("http://{v4}/keys"),
        format!("http://localhost:{port}/keys"),
    ];
    // Not every machine has IPv6.
    if let Some((v6, _)) = proxy("[::1]:0").await {
        urls.push(format!("http://{v6}/keys"));
    }
    for url in urls {
        assert!(has_keys(&url, &variables).await, "{url}");
    }
    assert!(asked.lock().unwrap().is_empty(), "{asked:?}");
}

#[tokio::test]
async fn another_machine_is_asked_through_the_proxy_of_the_environment() {
    let (proxy_address, asked) = proxy("127.0.0.1:0").await.unwrap();
    let through = format!("http://{proxy_address}");
    let take = || std::mem::take(&mut *asked.lock().unwrap());
    let plain = "http://issuer.invalid/keys";
    assert!(has_keys(plain, &[("http_proxy", &through)]).await);
    assert_eq!(take(), ["GET http://issuer.invalid/keys HTTP/1.1"]);
    // The proxy does not answer `CONNECT` with TLS.
    assert!(!has_keys("https://issuer.invalid/keys", &[("HTTPS_PROXY", &through)]).await);
    assert_eq!(take(), ["CONNECT issuer.invalid:443 HTTP/1.1"]);
    let but = [
        ("http_proxy", through.as_str()),
        ("NO_PROXY", "issuer.invalid"),
    ];
    assert!(!has_keys(plain, &but).await);
    assert!(take().is_empty());
}

#[tokio::test]
async fn a_private_authority_is_trusted_with_ssl_cert_file() {
    let url = serve_tls().await;
    let ca = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/keys/tls-ca.cert.pem"
    );
    assert!(!has_keys(&url, &[]).await);
    assert!(has_keys(&url, &[("SSL_CERT_FILE", ca)]).await);
}

/// As in an image that is `scratch`, or Debian without `ca-certificates`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_any_root_certificates_the_error_says_what_to_install() {
    let nothing = [
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_DIR", "/nonexistent"),
    ];
    for url in ["http://127.0.0.1:1/keys", "https://127.0.0.1:1/keys"] {
        let text = outcome(url, &nothing).await;
        for said in ["keys: false", url, "`ca-certificates`", "SSL_CERT_FILE"] {
            assert!(text.contains(said), "{said}: {text}");
        }
    }
}
