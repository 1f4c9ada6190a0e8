//! How well an account knows the client of a login.

use http::Request;
use support::{App, Call, DAY, MINUTE, StoreFault};
use tower_bearer::edge::ClientAddress;
use tower_bearer::session::{AuthEventKind, RequestContext};
use tower_bearer::throttle::{Familiarity, LoginThrottle};
use tower_bearer::{Identity, Login, PasswordCredentials, TokenResponse};

use super::{Heard, listening, listening_with};

/// A login from an address, or from nowhere, with the marks of a device, or without.
async fn log_in(app: &App, from: Option<[u8; 4]>, mark: Option<&str>) -> TokenResponse {
    let mut request = Request::new(());
    if let Some(from) = from {
        request.extensions_mut().insert(ClientAddress::new(from));
    }
    let mut context = RequestContext::from(request.into_parts().0);
    if let Some(mark) = mark {
        context = context.with_device_mark(mark);
    }
    let credentials = PasswordCredentials::new("alice", "wonderland-7");
    let login = Login::from_request(credentials, context);
    app.sessions.log_in(login).await.unwrap()
}

fn told(heard: &Heard) -> Option<Familiarity> {
    let event = heard.take_one();
    assert_eq!(event.kind(), AuthEventKind::LoggedIn);
    event.familiarity()
}

const HOME: Option<[u8; 4]> = Some([203, 0, 113, 7]);
const NEIGHBOUR: Option<[u8; 4]> = Some([203, 0, 113, 8]);
const AWAY: Option<[u8; 4]> = Some([198, 51, 100, 7]);

#[tokio::test]
async fn the_event_of_a_login_says_whether_device_or_network_is_known() {
    let (app, heard) = listening();
    let mark = log_in(&app, HOME, None).await;
    let mark = mark.device_mark().unwrap().secret();
    assert_eq!(told(&heard), Some(Familiarity::Stranger));
    for (from, mark, familiarity) in [
        (HOME, None, Familiarity::Network),
        (NEIGHBOUR, None, Familiarity::Block),
        (AWAY, Some("dm1_changed"), Familiarity::Stranger),
        (AWAY, Some(mark), Familiarity::Device),
        (None, Some(mark), Familiarity::Device),
        (None, None, Familiarity::Stranger),
    ] {
        // A success is noted once a minute.
        app.clock.advance(MINUTE);
        log_in(&app, from, mark).await;
        assert_eq!(told(&heard), Some(familiarity), "{from:?} {mark:?}");
    }
}

#[tokio::test]
async fn forgotten_devices_and_networks_of_long_ago_are_strangers() {
    let (app, heard) = listening();
    let tokens = log_in(&app, HOME, None).await;
    let mark = tokens.device_mark().unwrap().secret();
    app.clock.advance(MINUTE);
    let subject = tokens.claims().subject();
    app.sessions.forget_devices(subject).await.unwrap();
    heard.take();
    log_in(&app, AWAY, Some(mark)).await;
    assert_eq!(told(&heard), Some(Familiarity::Stranger));
    app.clock.advance(91 * DAY);
    log_in(&app, AWAY, None).await;
    assert_eq!(told(&heard), Some(Familiarity::Stranger));
}

#[tokio::test]
async fn a_login_of_the_applications_own_tells_it_by_its_mark() {
    let (app, heard) = listening();
    log_in(&app, HOME, None).await;
    heard.take();
    let mut request = Request::new(());
    request
        .extensions_mut()
        .insert(ClientAddress::new([203, 0, 113, 7]));
    let context = RequestContext::from(request.into_parts().0);
    let attempt = app.sessions.attempt("alice", &context).await.unwrap();
    assert_eq!(attempt.familiarity(), Some(Familiarity::Network));
    let identity = Identity::new("alice");
    let mark = attempt.succeeded(identity.subject()).await.unwrap();
    app.sessions
        .start(identity.clone().with_device_mark(mark))
        .await
        .unwrap();
    assert_eq!(told(&heard), Some(Familiarity::Network));
    app.sessions.start(identity).await.unwrap();
    assert_eq!(told(&heard), None);
}

/// The store fails after the password was right.
#[tokio::test]
async fn it_is_told_also_where_the_charge_cannot_be_given_back() {
    let (app, heard) = listening();
    app.store.set_fault(Some(StoreFault::Of(Call::GiveBack)));
    let tokens = log_in(&app, HOME, None).await;
    assert!(tokens.device_mark().is_none());
    assert_eq!(told(&heard), Some(Familiarity::Stranger));
}

#[tokio::test]
async fn without_a_throttle_it_is_not_known() {
    let (app, heard) = listening_with(|sessions| sessions.login_throttle(LoginThrottle::off()));
    log_in(&app, HOME, None).await;
    assert_eq!(told(&heard), None);
}
