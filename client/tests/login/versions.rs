//! Which of two stored logins is the newer one: neither clocks nor the order of writes decide.

use support::{HOUR, MINUTE, SECOND};
use tower::Layer;
use tower_bearer_client::{ClientErrorKind, Clock, ManualClock, StoredLogin, TokenStore};

use crate::shelf::{Access, Shelf};
use crate::world::{World, me};

async fn world(shelf: &Shelf) -> World {
    let store = shelf.clone();
    World::on(store).await
}

fn session(world: &World) -> String {
    let sent = world.line.sent("/me").pop().unwrap().authorization.unwrap();
    support::claims_of(&sent)["sid"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn older_tokens_that_are_written_late_by_a_clock_ahead_do_not_replace_newer_ones() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let clock = ManualClock::at(world.clock.now() - 24 * HOUR);
    let settings = (shelf.clone(), clock.clone());
    let other = world.another(|builder| builder.store(settings.0).clock(settings.1));
    let other = other.await.layer().layer(world.line.clone());
    let pass = |time| {
        world.pass(time);
        clock.advance(time);
    };
    pass(30 * MINUTE);
    // It has looked at what is stored, and is about to write the second refresh token.
    shelf.hang(Access::Save, 0);
    let late = tokio::spawn(me(world.client.clone()));
    shelf.reached().await;
    assert_eq!(me(other.clone()).await.unwrap(), 200);
    // So late that the call waits for the refresh.
    pass(29 * MINUTE + 30 * SECOND);
    assert_eq!(me(other.clone()).await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 3);
    shelf.open();
    assert_eq!(late.await.unwrap().unwrap(), 200);
    for _ in 0..2 {
        pass(30 * MINUTE);
        assert_eq!(me(other.clone()).await.unwrap(), 200);
        assert_eq!(world.me().await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_login_in_a_store_that_was_emptied_is_newer_also_where_its_clock_was_set_back() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    let first = session(&world);
    shelf.store.clear().unwrap();
    let clock = ManualClock::at(world.clock.now() - 24 * HOUR);
    let settings = (shelf.clone(), clock.clone());
    let other = world.another(|builder| builder.store(settings.0).clock(settings.1));
    other.await.log_in("alice", "wonderland-7").await.unwrap();
    world.pass(30 * MINUTE);
    let replaced = world.me().await.unwrap_err();
    assert_eq!(replaced.kind(), ClientErrorKind::LoginReplaced);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_ne!(session(&world), first);
}

#[tokio::test]
async fn an_older_login_that_is_written_late_is_replaced_by_the_next_save() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let other = world.another(|builder| builder.store(shelf.clone())).await;
    let before = shelf.store.load().unwrap().unwrap();
    other.log_in("alice", "wonderland-7").await.unwrap();
    let stored = shelf.text();
    shelf.store.save(&before).unwrap();
    other.reload().await.unwrap();
    assert!(!other.is_saved());
    other.save().await.unwrap();
    assert_eq!(shelf.text(), stored);
}

#[tokio::test]
async fn a_login_is_newer_than_one_that_came_while_it_was_being_made() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let other = world.another(|builder| builder.store(shelf.clone())).await;
    // It has looked, and has the answer of the server.
    shelf.hang(Access::Load, 1);
    let login = world.login.clone();
    let late = tokio::spawn(async move { login.log_in("alice", "wonderland-7").await });
    shelf.reached().await;
    other.log_in("alice", "wonderland-7").await.unwrap();
    let between = shelf.store.load().unwrap().unwrap();
    shelf.open();
    late.await.unwrap().unwrap();
    let stored = shelf.text();
    shelf.store.save(&between).unwrap();
    world.login.reload().await.unwrap();
    world.login.save().await.unwrap();
    assert_eq!(shelf.text(), stored);
}

#[tokio::test]
async fn a_later_login_counts_although_an_earlier_one_was_still_being_saved() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let other = world.another(|builder| builder.store(shelf.clone())).await;
    shelf.hang(Access::Save, 0);
    let login = world.login.clone();
    let first = tokio::spawn(async move { login.log_in("alice", "wonderland-7").await });
    shelf.reached().await;
    // Another change, whose save does not come.
    let login = world.login.clone();
    let mark = tokio::spawn(async move { login.set_device_mark("dm1_mine").await });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    mark.abort();
    mark.await.unwrap_err();
    shelf.open();
    first.await.unwrap().unwrap();
    assert!(!world.login.is_saved());

    other.log_in("alice", "wonderland-7").await.unwrap();
    let login = shelf.store.load().unwrap().unwrap().to_json().to_string();
    let (tokens, _) = login.split_once("\"device_mark\"").unwrap();
    world.login.save().await.unwrap();
    assert!(shelf.text().starts_with(tokens) && shelf.text().contains("dm1_mine"));
}

#[tokio::test]
async fn a_backup_of_the_login_before_the_last_one_is_not_newer() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    for logins in [2, 16] {
        let backup = shelf.store.load().unwrap().unwrap();
        for _ in 0..logins {
            world.login.log_in("alice", "wonderland-7").await.unwrap();
        }
        let stored = shelf.text();
        shelf.store.save(&backup).unwrap();
        world.login.reload().await.unwrap();
        world.login.save().await.unwrap();
        assert_eq!(shelf.text(), stored, "{logins} logins later");
    }
}

#[tokio::test]
async fn a_backup_is_not_newer_than_a_login_that_came_after_the_store_was_emptied() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let backup = shelf.store.load().unwrap().unwrap();
    for _ in 0..2 {
        shelf.store.clear().unwrap();
        world.login.reload().await.unwrap();
    }
    assert!(!world.login.is_logged_in());
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    let stored = shelf.text();
    shelf.store.save(&backup).unwrap();
    world.login.reload().await.unwrap();
    world.login.save().await.unwrap();
    assert_eq!(shelf.text(), stored);
}

/// The numbers of the login that is stored.
fn lineage(text: &str) -> (u64, String) {
    let (_, rest) = text.split_once("\"lineage\":{\"login\":").unwrap();
    let (login, rest) = rest.split_once(",\"replaced\":").unwrap();
    let replaced = rest.split_once('}').unwrap().0;
    (login.parse().unwrap(), replaced.to_owned())
}

#[tokio::test]
async fn of_two_logins_that_have_replaced_each_other_all_processes_choose_the_same() {
    for _ in 0..8 {
        let shelf = Shelf::default();
        let world = world(&shelf).await;
        let first = shelf.text();
        let other = world.another(|builder| builder.store(shelf.clone())).await;
        other.log_in("alice", "wonderland-7").await.unwrap();
        let second = shelf.text();
        let ((one, nothing), (two, both)) = (lineage(&first), lineage(&second));
        assert_eq!((&*nothing, both), ("[]", format!("[{one}]")));
        let first = first.replace("\"replaced\":[]", &format!("\"replaced\":[{two}]"));
        let newer = if one > two { &first } else { &second };
        // Each order of reading.
        for texts in [[&first, &second], [&second, &first]] {
            let shelf = Shelf::default();
            let put = |text: &str| {
                let login = StoredLogin::from_json(text.as_bytes()).unwrap();
                shelf.store.save(&login).unwrap();
            };
            put(texts[0]);
            let process = world.another(|builder| builder.store(shelf.clone())).await;
            put(texts[1]);
            process.reload().await.unwrap();
            process.save().await.unwrap();
            assert_eq!(lineage(&shelf.text()), lineage(newer));
        }
    }
}
