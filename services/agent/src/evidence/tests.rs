use super::*;
use proptest::prelude::*;
use serde_json::json;

/// Protects the model's view: what fits is shown whole, what does not keeps its beginning and says so.
#[test]
fn small_evidence_is_whole_and_large_is_cut() {
    let small = json!({"kind": "bar", "ticks": [1, 2.5, 0.123456789]});
    assert_eq!(excerpt(&small, 1000), Excerpt { text: r#"{"kind":"bar","ticks":[1,2.5,0.1235]}"#.into(), cut: false });
    let large = json!({"kind": "text", "words": vec!["word"; 10_000]});
    let shown = excerpt(&large, 2000);
    assert!(shown.cut && shown.text.len() <= 2000);
    let parsed: Value = serde_json::from_str(&shown.text).unwrap();
    assert_eq!(parsed["kind"], "text");
    assert!(parsed["words"].as_array().unwrap().last().unwrap().as_str().unwrap().ends_with("more"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,200}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 200, 30, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..30).prop_map(Value::from),
            prop::collection::btree_map(".{0,20}", inner, 0..20)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Protects the model's context: whatever was measured, the excerpt stays within its limit, and is
    /// whole JSON whenever nothing was left out.
    #[test]
    fn excerpts_are_bounded(evidence in any_json(), limit in 16usize..4000) {
        let shown = excerpt(&evidence, limit);
        prop_assert!(shown.text.len() <= limit);
        if !shown.cut {
            prop_assert!(serde_json::from_str::<Value>(&shown.text).is_ok());
        }
    }
}
