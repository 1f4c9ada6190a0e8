//! The device, by which users recognise a session later.

use support::{Login, form, with_header};

async fn device_of(login: &Login, parameter: Option<&str>, agent: Option<&str>) -> Option<String> {
    let mut parameters = vec![("username", "alice"), ("password", "wonderland-7")];
    parameters.extend(parameter.map(|device| ("device", device)));
    let mut request = form("/login", &parameters);
    if let Some(agent) = agent {
        request = with_header(request, "user-agent", agent);
    }
    let tokens = login.send(request).await.tokens();
    login.row(&tokens).await.device().map(str::to_owned)
}

// requirement 73
#[tokio::test]
async fn the_device_is_the_parameter_else_the_user_agent() {
    let login = Login::new();
    assert_eq!(
        device_of(&login, Some("my phone"), Some("Mozilla/5.0"))
            .await
            .as_deref(),
        Some("my phone")
    );
    assert_eq!(
        device_of(&login, None, Some("Mozilla/5.0"))
            .await
            .as_deref(),
        Some("Mozilla/5.0")
    );
    assert_eq!(
        device_of(&login, Some(""), Some("Mozilla/5.0"))
            .await
            .as_deref(),
        Some("Mozilla/5.0")
    );
    assert_eq!(device_of(&login, None, None).await, None);
}

#[tokio::test]
async fn control_characters_do_not_get_into_the_device() {
    let login = Login::new();
    let device = device_of(&login, Some("a\0\r\nb\u{1b}[31mc\u{7f}\u{85}d"), None).await;
    assert_eq!(device.as_deref(), Some("ab[31mcd"));
}

#[tokio::test]
async fn a_device_has_256_bytes_at_most_and_no_broken_character() {
    let login = Login::new();
    assert_eq!(
        device_of(&login, Some(&"a".repeat(300)), None).await,
        Some("a".repeat(256))
    );
    assert_eq!(
        device_of(&login, None, Some(&"a".repeat(300))).await,
        Some("a".repeat(256))
    );
    // 255 bytes, then a character of three that no longer fits.
    let device = device_of(&login, Some(&format!("{}\u{20ac}", "a".repeat(255))), None).await;
    assert_eq!(device, Some("a".repeat(255)));
    assert_eq!(
        device_of(&login, Some(&"\u{20ac}".repeat(200)), None).await,
        Some("\u{20ac}".repeat(85))
    );
}
