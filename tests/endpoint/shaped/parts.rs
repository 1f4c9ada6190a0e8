//! What a closure reads of an error, and how a test of the closure makes one.

use http::header::RETRY_AFTER;
use support::App;
use tower_bearer::endpoint::{EndpointError, EndpointErrorKind};

use super::refusals::{cases, noting};
use super::send;

#[tokio::test]
async fn an_error_has_each_part_of_its_usual_answer() {
    let app = App::new();
    let (endpoints, seen) = noting(&app, |error, _| error.to_response());
    let mut pauses = 0;
    for case in cases(&app) {
        let answer = send(&endpoints, case.request).await;
        let (error, _) = seen.lock().unwrap().take().unwrap();
        let said = (error.code(), error.description(), error.reason());
        let body = answer.json();
        let read = |name: &str| body[name].as_str();
        let written = (read("error"), read("error_description"), read("reason"));
        assert_eq!((Some(said.0), Some(said.1), said.2), written);
        let pause = error.retry_after().map(|pause| pause.as_secs().to_string());
        let header = answer
            .headers
            .get(RETRY_AFTER)
            .map(|value| value.to_str().unwrap());
        assert_eq!(pause.as_deref(), header);
        pauses += usize::from(pause.is_some());
    }
    assert!(pauses > 0);
}

#[test]
fn a_test_of_a_closure_can_make_an_error_of_each_kind() {
    use EndpointErrorKind as Kind;
    let kinds = [
        (Kind::Session, 400),
        (Kind::Bearer, 401),
        (Kind::CrossSite, 403),
        (Kind::NotFound, 404),
        (Kind::MethodNotAllowed, 405),
        (Kind::TooLarge, 413),
        (Kind::UnsupportedMediaType, 415),
    ];
    for (kind, status) in kinds {
        let error = EndpointError::from(kind);
        assert_eq!((error.kind(), error.status().as_u16()), (kind, status));
    }
}
