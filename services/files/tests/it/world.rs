//! A files service of its own for each test, and a caller who may be anyone.

use actix_web::dev::Service;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpMessage, web};
use blob::{BlobKey, FolderStore, SharedStore};
use bus::{MemoryBus, SharedBus};
use common::OwnerId;
use edge::Principal;
use files::{Deps, Files, Settings};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use utoipa_actix_web::AppExt;

/// A service with everything below one temporary folder.
pub struct World {
    pub folder: TempDir,
    pub store: SharedStore,
    pub bus: SharedBus,
    pub files: Files,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: web::Bytes,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Settings::default(), |store| store).await
    }

    /// With other settings, and the store wrapped into another one.
    pub async fn with(settings: Settings, wrap: impl FnOnce(SharedStore) -> SharedStore) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store: SharedStore = Arc::new(FolderStore::open(folder.path().join("blobs")).await.expect("a store"));
        let bus: SharedBus = Arc::new(MemoryBus::new());
        let files = open(folder.path(), wrap(store.clone()), &bus, settings).await;
        Self { folder, store, bus, files }
    }

    pub async fn call(&self, owner: &str, request: TestRequest) -> Answer {
        let owner = OwnerId::parse(owner).expect("an owner");
        let app = App::new()
            .into_utoipa_app()
            .app_data(web::Data::new(self.files.clone()))
            .configure(files::routes)
            .into_app()
            .configure(|cfg| edge::validate::configure(cfg, 1024 * 1024))
            .wrap_fn(move |request, service| {
                request.extensions_mut().insert(Principal::local(owner.clone()));
                service.call(request)
            });
        let app = init_service(app).await;
        let response = call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: read_body(response).await }
    }

    pub async fn upload(&self, owner: &str, name: &str, bytes: &[u8]) -> Answer {
        self.call(owner, form(&[part("file", Some(name), bytes)])).await
    }

    /// Uploads and answers the id.
    pub async fn uploaded(&self, owner: &str, name: &str, bytes: &[u8]) -> String {
        let answer = self.upload(owner, name, bytes).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    pub async fn get(&self, owner: &str, path: &str) -> Answer {
        self.call(owner, TestRequest::get().uri(path)).await
    }

    pub async fn delete(&self, owner: &str, path: &str) -> Answer {
        self.call(owner, TestRequest::delete().uri(path)).await
    }

    /// Keys of everything this service stored.
    pub async fn keys(&self) -> Vec<String> {
        let root = BlobKey::parse("files").expect("a key");
        self.store.list(&root).await.expect("a list").iter().map(ToString::to_string).collect()
    }

    /// Nothing stored, nothing listed, nothing unfinished.
    pub async fn assert_empty(&self, owner: &str, why: &str) {
        assert_eq!(self.keys().await, [""; 0], "{why}");
        let unfinished = std::fs::read_dir(self.folder.path().join("blobs/unfinished")).expect("a folder").count();
        assert_eq!(unfinished, 0, "{why}");
        assert_eq!(self.get(owner, "/api/v1/files").await.json()["items"], Value::Array(Vec::new()), "{why}");
    }
}

/// A service over the database in this folder.
pub async fn open(folder: &Path, blob: SharedStore, bus: &SharedBus, settings: Settings) -> Files {
    let db = database::connect(&crate::database_url(folder), "files").await.expect("a database");
    Files::open(Deps { db, blob, bus: bus.clone() }, settings).await.expect("a service")
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Asserts a problem with this code and its status.
    pub fn assert_problem(&self, code: common::ErrorCode, why: &str) {
        assert_eq!(self.status.as_u16(), code.status(), "{why}: {}", self.text());
        assert_eq!(self.json()["code"], code.as_str(), "{why}: {}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{why}");
    }
}

pub const BOUNDARY: &str = "between-the-parts";

/// One part of a form.
pub fn part(field: &str, file_name: Option<&str>, bytes: &[u8]) -> Vec<u8> {
    let file_name = file_name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
    // The declared type is a lie on purpose.
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"{file_name}\r\nContent-Type: text/plain\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// A whole form of parts.
pub fn form_body(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), format!("--{BOUNDARY}--\r\n").into_bytes()].concat()
}

pub fn form(parts: &[Vec<u8>]) -> TestRequest {
    raw_form(form_body(parts))
}

pub fn raw_form(body: Vec<u8>) -> TestRequest {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    TestRequest::post().uri("/api/v1/files").insert_header((CONTENT_TYPE, kind)).set_payload(body)
}
