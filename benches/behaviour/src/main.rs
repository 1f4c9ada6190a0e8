//! Prints what happens to two tabs, a lost answer and a thief, with this crate and with others.

mod client;
mod clients;
mod http;
mod own;
mod page;
mod peer;
mod peers;
mod report;
mod scenarios;
mod table;

use peers::axess::Axess;
use peers::axum_login::AxumLogin;
use peers::oauth_as::OauthAs;
use peers::oxide_auth::OxideAuth;
use peers::session_guard::SessionGuard;
use peers::tower_bearer::TowerBearer;
use report::Report;

#[tokio::main(worker_threads = 4)]
async fn main() {
    let mut report = Report::new();
    report.drive(own::NAME, TowerBearer::new).await;
    report
        .drive(
            "tower-bearer, overlap of zero",
            TowerBearer::without_overlap,
        )
        .await;
    report.drive("oauth-as", OauthAs::new).await;
    report
        .drive("oauth-as, retry window of 30 s", OauthAs::with_retry_window)
        .await;
    report.drive("oxide-auth", OxideAuth::new).await;
    report.drive("axess", Axess::new).await;
    report
        .drive("axess, reuse grace of 10 s", Axess::with_grace)
        .await;
    report
        .drive_thief("axess, hook ends sessions", Axess::with_hook)
        .await;
    report
        .drive_thief("axess, bound, other browser", Axess::with_other_browser)
        .await;
    report.drive("session-guard", SessionGuard::new).await;
    report
        .drive("session-guard, no reissue", SessionGuard::without_reissue)
        .await;
    report
        .drive_thief(
            "session-guard, other browser",
            SessionGuard::with_other_browser,
        )
        .await;
    report.drive("axum-login", AxumLogin::new).await;
    let clients = clients::eight_tasks::table().await;
    println!("{report}\n{clients}");
    own::assert_rows(&report);
    page::assert_has(report.tables().chain([&clients]));
}
