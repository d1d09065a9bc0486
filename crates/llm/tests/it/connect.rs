use llm::{ConnectError, Limits, Role, connect};
use secrecy::SecretString;

/// Protects start-up: each scheme finds its backend, and settings that cannot work are told apart
/// without repeating a secret that stands in them.
#[test]
fn the_scheme_picks_the_backend() {
    let fine = [
        ("builtin:", "", "builtin"),
        ("http://127.0.0.1:1/v1", "m", "m"),
        ("https://host/v1/", "m", "m"),
        ("scripted:/f.json", "", "scripted"),
    ];
    for (url, name, expected) in fine {
        assert_eq!(connect(url, name, None, Limits::default()).expect(url).name(), expected);
    }
    assert!(matches!(connect("builtin:", "", None, Limits::default()), Ok(Role::Builtin)));
    let refused = [
        ("", "m"),
        ("ftp://h", "m"),
        ("builtin:x", "m"),
        ("http://", "m"),
        ("http://h/v1", " "),
        ("http://me:hunter2@h/v1", "m"),
        ("http://h/v1?api-key=hunter2", "m"),
        ("http://h/v1#hunter2", "m"),
        ("scripted:f.json", ""),
        ("scripted:", ""),
    ];
    for (url, name) in refused {
        let error = connect(url, name, None, Limits::default()).expect_err(url);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    let key = SecretString::from("line\nbreak".to_owned());
    assert!(matches!(connect("http://h/v1", "m", Some(key), Limits::default()), Err(ConnectError::BadKey)));
}

/// Protects logs: neither a model nor a request shows keys, prompts or pictures when it is printed.
#[test]
fn debug_shows_no_secrets() {
    let key = SecretString::from("sk-very-secret".to_owned());
    let model = llm::OpenAiModel::new("http://h/v1", "m", Some(key), Limits::default()).unwrap();
    assert!(!format!("{model:?}").contains("secret"));
    let mut request = crate::request(llm::RoleName::Code, 0, 0, 0);
    request.system = "secret".into();
    request.messages = vec![llm::Message::user("secret")];
    assert!(!format!("{request:?}").contains("secret"));
}
