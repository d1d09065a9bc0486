//! Who is asking. A handler that takes a [`Principal`] can only be reached by someone known.

use crate::Problem;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use async_trait::async_trait;
use common::limits::Limits;
use common::{Caller, ErrorCode, OwnerId, Pass, TraceContext};
use std::future::{Ready, ready};

/// A caller that was authenticated. Objects belong to `owner`; someone else's object does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose objects this caller sees and makes.
    pub owner: OwnerId,
    /// The proof that came with the request, to go along with questions to other services; within one process there is
    /// none.
    pub pass: Option<Pass>,
    /// What this caller may do, where it is not the operator's default.
    pub limits: Limits,
    /// The trace of the request.
    pub trace: Option<TraceContext>,
}

impl Principal {
    /// A caller known within this process.
    pub fn local(owner: OwnerId) -> Self {
        Self { owner, pass: None, limits: Limits::default(), trace: None }
    }

    /// The caller, as another service is told.
    pub fn caller(&self) -> Caller {
        Caller { owner: self.owner.clone(), pass: self.pass.clone(), limits: self.limits, trace: self.trace.clone() }
    }
}

/// Turns whatever a caller carries into a [`Principal`]. The gateway implements it; in one process the
/// edge's middleware calls it for every request.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The caller, or `None` when the credentials are missing or wrong.
    ///
    /// # Errors
    /// The decision cannot be made now, for example because a store is down.
    async fn authenticate(&self, headers: &HeaderMap, method: &str) -> Result<Option<Principal>, Problem>;
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// Takes the principal the middleware left on the request; without one the answer is 401.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let trace = extensions.get::<TraceContext>().cloned();
        let known = extensions.get::<Principal>().map(|known| Self { trace, ..known.clone() });
        ready(known.ok_or_else(|| Problem::new(ErrorCode::Unauthorized)))
    }
}
