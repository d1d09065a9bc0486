//! What settings promise.

use super::*;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Protects the promise "no key, no account": nothing needs to be set.
#[test]
fn nothing_needs_to_be_set() {
    let settings = Settings::from_variables(&BTreeMap::new()).unwrap();
    assert_eq!((settings.bus_url.exposed(), settings.code_model_url.as_str()), ("memory:", "builtin:"));
    assert!(!settings.code_model_key.is_set());
}

/// Protects operators: all mistakes come at once, and a secret's value is never repeated.
#[test]
fn all_mistakes_are_reported_at_once() {
    let given = variables(&[("MAX_RUNNING_JOBS", "0"), ("LOG_FORMAT", "xml"), ("CODE_MODEL_KEY", "s3cr3t")]);
    let error = Settings::from_variables(&given).unwrap_err();
    assert_eq!(error.0.iter().map(|m| m.name).collect::<Vec<_>>(), ["MAX_RUNNING_JOBS", "LOG_FORMAT"]);
    let text = error.to_string();
    assert!(text.contains("found 'xml'") && !text.contains("s3cr3t"), "{text}");
    let settings = Settings::from_variables(&variables(&[("CODE_MODEL_KEY", "s3cr3t")])).unwrap();
    assert!(!format!("{settings:?}").contains("s3cr3t"));
    let given = variables(&[
        ("BUS_URL", "amqp://u:s3cr3t@h"),
        ("DATABASE_URL", "x://u:s3cr3t@h"),
        ("SHARED_URL", "redis://:s3cr3t@h"),
    ]);
    assert!(!format!("{:?}", Settings::from_variables(&given).unwrap()).contains("s3cr3t"), "URLs hold passwords");
}

/// Protects the documentation: every variable is in `.env.example` with its default, and that file is fresh.
#[test]
fn env_example_is_fresh() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example");
    let standing = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(standing, env_example(), "run 'cargo xtask env-example'");
}
