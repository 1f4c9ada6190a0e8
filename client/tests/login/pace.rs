//! How often the client asks the server.

use std::time::Duration;

use support::MINUTE;
use tower_bearer_client::ClientErrorKind;

use crate::world::{Fault, REFRESH, World};

#[tokio::test(start_paused = true)]
async fn the_rest_after_a_failure_doubles_up_to_five_minutes() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let down = (0..12).map(|_| Fault::Respond(500, None, ""));
    world.line.faults(REFRESH, down);
    for (failures, rest) in (1..).zip([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]) {
        world.me().await.unwrap_err();
        let resting = world.me().await.unwrap_err();
        assert_eq!(resting.kind(), ClientErrorKind::Unavailable);
        let rest = Duration::from_secs(rest);
        assert_eq!(resting.retry_after(), Some(rest));
        assert_eq!(world.refreshes_sent(), failures);
        world.pass(rest);
    }
    assert_eq!(world.me().await.unwrap(), 200);
    world.pass(30 * MINUTE);
    world.line.faults(REFRESH, [Fault::Respond(500, None, "")]);
    world.me().await.unwrap_err();
    let resting = world.me().await.unwrap_err();
    assert_eq!(resting.retry_after(), Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_token_that_lives_no_longer_than_its_round_trip_serves_the_call_that_asked_for_it() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let answer = r#"{"access_token":"a","token_type":"Bearer","expires_in":0,"refresh_token":"b"}"#;
    let answers = (0..9).map(|_| Fault::Respond(200, None, answer));
    world.line.faults(REFRESH, answers);
    assert_eq!(world.login.authorization().await.unwrap(), "Bearer a");
    assert_eq!(world.refreshes_sent(), 1);
}
