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

/// A device that reads backwards, or looks like another one, is not the device that the user knows.
#[tokio::test]
async fn invisible_characters_do_not_get_into_the_device() {
    let login = Login::new();
    let invisible = [
        "\u{ad}",
        "\u{34f}",
        "\u{61c}",
        "\u{115f}",
        "\u{17b4}",
        "\u{180e}",
        "\u{200b}",
        "\u{200e}",
        "\u{200f}",
        "\u{2028}",
        "\u{2029}",
        "\u{202a}",
        "\u{202e}",
        "\u{2060}",
        "\u{2066}",
        "\u{2069}",
        "\u{206f}",
        "\u{2800}",
        "\u{3164}",
        "\u{fe0f}",
        "\u{feff}",
        "\u{ffa0}",
        "\u{fff9}",
        "\u{1d173}",
        "\u{e0001}",
        "\u{e0020}",
        "\u{e007f}",
        "\u{e0100}",
    ];
    for character in invisible {
        let device = device_of(&login, Some(&format!("a{character}b{character}")), None).await;
        assert_eq!(device.as_deref(), Some("ab"), "{character:?}");
    }
    // Nothing is left, so that the agent counts.
    let device = device_of(&login, Some("\u{200b}\u{202e}"), Some("Mozilla/5.0")).await;
    assert_eq!(device.as_deref(), Some("Mozilla/5.0"));
    // Letters, accents and symbols of every script stay.
    for visible in [
        "Zo\u{eb}s iPhone",
        "e\u{301}",
        "\u{5d0}\u{628}",
        "\u{1f4f1} \u{20ac}",
        "\u{915}\u{93f}",
    ] {
        let device = device_of(&login, Some(visible), None).await;
        assert_eq!(device.as_deref(), Some(visible));
    }
}
