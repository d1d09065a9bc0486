//! Bodies that are JSON objects.

use crate::Problem;
use actix_web::dev::Payload;
use actix_web::http::{Version, header};
use actix_web::web::Json;
use actix_web::{FromRequest, HttpRequest};
use futures::future::LocalBoxFuture;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use std::fmt::{self, Formatter};
use std::marker::PhantomData;

/// A body read as `T` from a JSON object and from nothing else. Derived readers take an array for the fields in their order,
/// too: `[null, null]` would be a change of nothing, where the API document promises to refuse it.
#[derive(Debug)]
pub struct JsonObject<T>(T);

impl<T> JsonObject<T> {
    /// The body.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for JsonObject<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonObject<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let reading = Json::<Self>::from_request(request, payload);
        Box::pin(async move { Ok(reading.await?.into_inner()) })
    }
}

impl<'de, T: DeserializeOwned> serde::Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Object<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        from.deserialize_map(Object(PhantomData)).map(Self)
    }
}

/// A body that may be left out, or be `null`; one that is there is read as [`JsonObject`] reads it, and refused like it.
#[derive(Debug)]
pub struct OptionalObject<T>(Option<T>);

impl<T> OptionalObject<T> {
    /// The body, where there is one.
    pub fn into_inner(self) -> Option<T> {
        self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OptionalObject<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if is_bodiless(request) {
            return Box::pin(async { Ok(Self(None)) });
        }
        let reading = Json::<Option<JsonObject<T>>>::from_request(request, payload);
        Box::pin(async move { Ok(Self(reading.await?.into_inner().map(JsonObject::into_inner))) })
    }
}

/// Whether a request has no body: RFC 9112, section 6.3, and what of it holds for HTTP/2, where no length says nothing.
fn is_bodiless(request: &HttpRequest) -> bool {
    match request.headers().get(header::CONTENT_LENGTH) {
        Some(length) => length.as_bytes() == b"0",
        None => request.version() < Version::HTTP_2 && !request.headers().contains_key(header::TRANSFER_ENCODING),
    }
}

/// A page's size as it was asked for, or `usual`; [`common::ErrorCode::InvalidField`] where it is not 1 to `most`.
pub fn page_size(asked: Option<u64>, usual: u64, most: u64) -> Result<u64, Problem> {
    match asked.unwrap_or(usual) {
        size if (1..=most).contains(&size) => Ok(size),
        _ => Err(Problem::with_detail(common::ErrorCode::InvalidField, format!("'limit' must be from 1 to {most}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Change {
        name: Option<String>,
        times: Option<u8>,
    }

    /// Protects clients from changes they did not mean: what is no object is refused, with a sentence that says so.
    #[test]
    fn only_objects_are_read() {
        let read = |text: &str| serde_json::from_str::<JsonObject<Change>>(text).map(JsonObject::into_inner);
        assert_eq!(read(r#"{"name":"a"}"#).unwrap(), Change { name: Some("a".into()), times: None });
        assert_eq!(read("{}").unwrap(), Change { name: None, times: None });
        for text in ["[null,null]", "[]", "null", "1", "\"a\"", "true", "", "{\"times\":300}", "{\"times\":[1]}"] {
            assert!(read(text).is_err(), "{text}");
        }
        let told = read("[null,null]").unwrap_err().to_string();
        assert!(told.contains("expected a JSON object"), "{told}");
    }

    /// Protects clients of bodies that may be left out: none is none, and one that is there is never passed over.
    #[actix_web::test]
    async fn a_body_may_be_left_out_and_is_not_passed_over() {
        use actix_web::test::TestRequest;
        let json = || TestRequest::post().insert_header(header::ContentType::json());
        let rows = [
            (TestRequest::post(), Some(None)),
            (TestRequest::post().insert_header((header::CONTENT_LENGTH, "0")), Some(None)),
            (json().set_payload("null"), Some(None)),
            (json().set_payload("{}"), Some(Some(Change { name: None, times: None }))),
            (json().set_payload(r#"{"times":2}"#), Some(Some(Change { name: None, times: Some(2) }))),
            (json().set_payload("[]"), None),
            (json().set_payload("no JSON"), None),
            (TestRequest::post().set_payload("{}").insert_header(header::ContentType::plaintext()), None),
            (json().insert_header((header::TRANSFER_ENCODING, "chunked")), None),
            (json().version(Version::HTTP_2), None),
        ];
        for (i, (request, expected)) in rows.into_iter().enumerate() {
            let (request, mut payload) = request.to_http_parts();
            let read = OptionalObject::<Change>::from_request(&request, &mut payload).await;
            assert_eq!(read.map(OptionalObject::into_inner).ok(), expected, "row {i}");
        }
    }

    /// Protects the promise of the API document: a page has 1 to so many items, or none is given.
    #[test]
    fn pages_have_their_size() {
        for (asked, size) in
            [(None, Some(20)), (Some(1), Some(1)), (Some(100), Some(100)), (Some(0), None), (Some(101), None)]
        {
            assert_eq!(page_size(asked, 20, 100).ok(), size, "{asked:?}");
        }
    }
}
