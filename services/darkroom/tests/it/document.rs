//! The API document of all services.

/// Protects readers of the API document: no two services use one schema name for different shapes, and
/// what the gateway's own check calls a mistake is none.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_document_is_sound() {
    let data = tempfile::tempdir().expect("data");
    let environment = crate::harness::environment();
    let shared = std::sync::Arc::new(shared::MemoryState::new());
    let system = darkroom::system::System::open(&environment, data.path(), shared.clone()).await.expect("open");
    let token = gateway::LocalToken::open_or_create(data.path()).expect("token");
    let url = format!("sqlite://{}", data.path().join("db").display());
    let db = database::connect(&url, "gateway").await.expect("a database");
    let gateway = gateway::Gateway::open(gateway::Settings::default(), token, db, shared).await.expect("a gateway");
    let site = system.site(&gateway);
    assert_eq!(site.schema_clashes(), Vec::<String>::new());
    assert_eq!(gateway::openapi::mistakes(&site.openapi()), Vec::<String>::new());
}

/// Protects clients of services that are programs of their own: what the gateway tells there is the whole API as it is.
#[test]
fn the_told_api_document_is_fresh() {
    let standing = std::fs::read_to_string(crate::harness::root().join("services/gateway/openapi.json"));
    let made = darkroom::api::document().expect("JSON");
    let fix = "run 'target/release/darkroom api > services/gateway/openapi.json' and build again";
    assert!(standing.expect("the document") == made, "services/gateway/openapi.json is not fresh; {fix}");
}
