//! The example `second_factor`: a login with a password and a code.

use serde_json::Value;
use support::Received;
use support::app_server::AppServer;
use tempfile::TempDir;
use totp_rs::Totp;
use tower_bearer::clock::{Clock, SystemClock};

/// The server, and the authenticator app of its user.
struct Site {
    server: AppServer,
    app: Totp,
    _folder: TempDir,
}

impl Site {
    /// A user without a second factor, who has asked for a secret.
    async fn enrolled() -> (Self, Value) {
        let folder = tempfile::tempdir().unwrap();
        let server = AppServer::start_example("second_factor", folder.path(), &[]).await;
        let tokens = server.log_in("alice", "wonderland-7").await.tokens().body;
        let asked = server
            .send("POST", "/second-factor", &[&bearer(&tokens)], "")
            .await;
        assert_eq!(asked.status, 200, "{asked:?}");
        assert_eq!(asked.headers["cache-control"], "no-store");
        let site = Self {
            server,
            app: Totp::from_url(&asked.body).unwrap(),
            _folder: folder,
        };
        (site, tokens)
    }

    /// A user whose second factor counts, and the step of the code that has confirmed it.
    async fn confirmed() -> (Self, Value, u64) {
        let (site, tokens) = Self::enrolled().await;
        loop {
            // The oldest code that is accepted, so that two more are left for the test.
            let step = now() - 1;
            let confirmed = site.confirm(&tokens, step).await;
            if confirmed.status == 204 {
                return (site, tokens, step);
            }
            assert_ne!(step, now() - 1, "{confirmed:?}");
        }
    }

    /// What the app shows in this half minute.
    fn code(&self, step: u64) -> String {
        self.app.generate(step * 30).to_string()
    }

    /// A code that the app does not show around now.
    fn wrong_code(&self) -> String {
        let near: Vec<_> = (now() - 3..now() + 3).map(|step| self.code(step)).collect();
        let all = [
            "000000", "111111", "222222", "333333", "444444", "555555", "666666",
        ];
        let wrong = all
            .into_iter()
            .find(|code| near.iter().all(|near| near != code));
        wrong.unwrap().to_owned()
    }

    async fn confirm(&self, tokens: &Value, step: u64) -> Received {
        let headers = [
            &*bearer(tokens),
            "content-type: application/x-www-form-urlencoded",
        ];
        let body = format!("code={}", self.code(step));
        self.server
            .send("POST", "/second-factor/code", &headers, &body)
            .await
    }

    async fn log_in(&self, password: &str, code: &str) -> Received {
        let form = format!("username=alice&password={password}&code={code}");
        self.server.post("/auth/login", &form).await
    }
}

fn bearer(tokens: &Value) -> String {
    format!(
        "authorization: Bearer {}",
        tokens["access_token"].as_str().unwrap()
    )
}

/// The half minute that it is now.
fn now() -> u64 {
    SystemClock.now().as_secs() / 30
}

#[tokio::test]
async fn without_a_second_factor_the_password_is_enough() {
    let (site, _) = Site::enrolled().await;
    // A secret that no code has confirmed asks for nothing.
    assert_eq!(site.log_in("wonderland-7", "").await.status, 200);
}

#[tokio::test]
async fn the_right_password_alone_is_told_to_send_a_code() {
    let (site, ..) = Site::confirmed().await;
    for answer in [
        site.server.log_in("alice", "wonderland-7").await,
        site.log_in("wonderland-7", "").await,
    ] {
        answer.assert_error(403, "access_denied", Some("code_required"));
    }
}

#[tokio::test]
async fn a_wrong_password_is_not_told_about_codes() {
    let (site, _, step) = Site::confirmed().await;
    for code in ["", &site.wrong_code(), &site.code(step + 1)] {
        let refused = site.log_in("wonderland-8", code).await;
        refused.assert_invalid_grant("credentials_invalid");
    }
    // And uses up no code.
    assert_eq!(
        site.log_in("wonderland-7", &site.code(step + 1))
            .await
            .status,
        200
    );
}

/// A thief of the password may have collected marks before, each with guesses of its own.
#[tokio::test]
async fn marks_from_before_the_factor_give_no_more_guesses_at_codes() {
    let (site, tokens) = Site::enrolled().await;
    let mut marks = Vec::new();
    for _ in 0..3 {
        let login = site.log_in("wonderland-7", "").await.tokens();
        marks.push(login.body["device_mark"].as_str().unwrap().to_owned());
    }
    // Marks have whole seconds. Those of the second of the confirmation count.
    let made = SystemClock.now().as_secs();
    while SystemClock.now().as_secs() < made + 2 {
        assert_eq!(site.server.me(&tokens).await.status, 200);
    }
    assert_eq!(site.confirm(&tokens, now()).await.status, 204);

    let mut statuses = Vec::new();
    for mark in marks.iter().cycle().take(6) {
        let form = format!(
            "username=alice&password=wonderland-7&device_mark={mark}&code={}",
            site.wrong_code()
        );
        let answer = site.server.post("/auth/login", &form).await;
        statuses.push(answer.status);
    }
    // Five at once of one network, whichever mark they send.
    assert_eq!(statuses, [403, 403, 403, 403, 403, 429]);
}

#[tokio::test]
async fn each_code_logs_in_once() {
    let (site, _, step) = Site::confirmed().await;
    // The code that confirmed the factor is used too.
    let refused = site.log_in("wonderland-7", &site.code(step)).await;
    refused.assert_error(403, "access_denied", Some("code_wrong"));

    let tokens = site
        .log_in("wonderland-7", &site.code(step + 1))
        .await
        .tokens()
        .body;
    assert_eq!(site.server.me(&tokens).await.status, 200);
    let again = site.log_in("wonderland-7", &site.code(step + 1)).await;
    again.assert_error(403, "access_denied", Some("code_wrong"));

    assert_eq!(
        site.log_in("wonderland-7", &site.code(step + 2))
            .await
            .status,
        200
    );
    // An older code than the last one does not count either.
    let older = site.log_in("wonderland-7", &site.code(step + 1)).await;
    older.assert_error(403, "access_denied", Some("code_wrong"));
}

#[tokio::test]
async fn wrong_codes_are_throttled_and_missing_ones_are_not() {
    let (site, _, step) = Site::confirmed().await;
    for _ in 0..40 {
        let answer = site.log_in("wonderland-7", "").await;
        answer.assert_error(403, "access_denied", Some("code_required"));
    }
    let wrong = site.wrong_code();
    let mut guesses = 0;
    let refused = loop {
        let answer = site.log_in("wonderland-7", &wrong).await;
        if answer.status == 429 {
            break answer;
        }
        answer.assert_error(403, "access_denied", Some("code_wrong"));
        guesses += 1;
        assert!(guesses < 100, "a million codes can be guessed");
    };
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    assert_eq!(refused.value()["reason"], "too_many_attempts");
    // The right code is not looked at either.
    assert_eq!(
        site.log_in("wonderland-7", &site.code(step + 1))
            .await
            .status,
        429
    );
}

#[tokio::test]
async fn the_other_doors_ask_for_a_code_too() {
    let (site, tokens, step) = Site::confirmed().await;
    let grant = "grant_type=password&username=alice&password=wonderland-7";
    let refused = site.server.post("/auth/token", grant).await;
    refused.assert_error(403, "access_denied", Some("code_required"));
    let with_code = format!("{grant}&code={}", site.code(step + 1));
    assert_eq!(
        site.server.post("/auth/token", &with_code).await.status,
        200
    );

    let headers = [
        &*bearer(&tokens),
        "content-type: application/x-www-form-urlencoded",
    ];
    let form = "username=alice&password=wonderland-7";
    let refused = site
        .server
        .send("POST", "/auth/reauthenticate", &headers, form)
        .await;
    refused.assert_error(403, "access_denied", Some("code_required"));
}

#[tokio::test]
async fn the_first_code_logs_out_the_sessions_that_had_none() {
    let (site, tokens) = Site::enrolled().await;
    let other = site
        .server
        .log_in("alice", "wonderland-7")
        .await
        .tokens()
        .body;
    assert_eq!(site.confirm(&tokens, now()).await.status, 204);

    assert_eq!(site.server.me(&tokens).await.status, 200);
    let refused = site.server.me(&other).await;
    refused.assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test]
async fn a_factor_that_counts_is_not_replaced() {
    let (site, tokens, step) = Site::confirmed().await;
    let headers = [&*bearer(&tokens)];
    let refused = site
        .server
        .send("POST", "/second-factor", &headers, "")
        .await;
    assert_eq!((refused.status, &*refused.body), (409, ""));
    // The other route is not a place to guess codes at.
    assert_eq!(site.confirm(&tokens, step + 1).await.status, 409);
    assert_eq!(
        site.log_in("wonderland-7", &site.code(step + 1))
            .await
            .status,
        200
    );

    let refused = site.server.send("POST", "/second-factor", &[], "").await;
    refused.assert_token_missing();
}

#[tokio::test]
async fn a_wrong_first_code_changes_nothing() {
    let (site, tokens) = Site::enrolled().await;
    assert_eq!(site.confirm(&tokens, now() + 100).await.status, 400);
    assert_eq!(site.log_in("wonderland-7", "").await.status, 200);
}
