//! An inner layer keeps what an outer layer knows of the same token.

use support::{bearer_of, log_in, sessions_of, with_authorization};
use tower_bearer::BearerAuthLayer;
use tower_bearer::test_util::TestTokens;

use super::{Names, elsewhere, through, with_x_token};

/// One router within another: the user loader is on the outer one alone.
#[tokio::test]
async fn an_inner_layer_that_reads_the_same_token_keeps_the_user() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    let read = with_authorization(&bearer_of(&pair));
    let outer = sessions.layer().with_user_loader(Names);
    let again = BearerAuthLayer::new(sessions.verifier());
    for inner in [sessions.layer(), again.clone(), again.optional()] {
        for _ in 0..3 {
            through(&outer, &inner, read.clone())
                .await
                .assert_passed("alice ALICE");
        }
        let other = log_in(&sessions, "alice").await;
        let mut two = with_x_token(&bearer_of(&pair));
        let other = bearer_of(&other).parse().unwrap();
        two.headers_mut().insert("authorization", other);
        // The user may depend on the token.
        through(&elsewhere(outer.clone()), &inner, two)
            .await
            .assert_passed("alice");
    }
    let denied = through(&outer, &sessions.layer().require_scope("admin"), read).await;
    denied.assert_refused(403, "insufficient_scope", "scope_missing");
}
