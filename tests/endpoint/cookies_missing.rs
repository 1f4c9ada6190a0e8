//! A page that asks for cookies, before endpoints that have none.

use support::{App, Log, Received, form};
use tower::ServiceExt;

/// Otherwise the page throws the refresh token away, and the login ends half an hour later.
#[tokio::test]
async fn a_login_that_asks_for_cookies_which_there_are_none_warns_once() {
    let app = App::new();
    let endpoints = app.endpoints();
    let log_in = async |more: &[(&str, &str)]| {
        let credentials = [("username", "alice"), ("password", "wonderland-7")];
        let request = form("/login", &[&credentials, more].concat());
        let answer = Received::read(endpoints.clone().oneshot(request)).await;
        answer.tokens()
    };
    let (log, _guard) = Log::capture();
    log_in(&[]).await;
    assert_eq!(log.take_warnings().len(), 0);
    for warnings in [1, 0] {
        let tokens = log_in(&[("delivery", "cookie")]).await;
        assert!(tokens.body["refresh_token"].is_string());
        let lines = log.take_warnings();
        assert_eq!(lines.len(), warnings, "{lines:?}");
        assert!(
            lines.iter().all(|line| line.contains("with_cookies")),
            "{lines:?}"
        );
    }
}
