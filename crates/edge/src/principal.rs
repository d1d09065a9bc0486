//! Who is asking. A handler that takes a [`Principal`] can only be reached by someone known.

use crate::Problem;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use async_trait::async_trait;
use common::limits::Limits;
use common::{Caller, ErrorCode, OwnerId, Pass, Role, Scope, Scopes, SessionId, TraceContext, UserId};
use std::future::{Ready, ready};

/// A caller that was authenticated. Objects belong to `owner`; someone else's object does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose objects this caller sees and makes.
    pub owner: OwnerId,
    /// Who it is; nobody where no person stands behind the caller.
    pub user: Option<UserId>,
    /// What that person is to the installation.
    pub role: Role,
    /// What may be done with the credentials in use.
    pub scopes: Scopes,
    /// The session that was shown, known to the gateway only.
    pub session: Option<SessionId>,
    /// The proof that came with the request, to go along with questions to other services; within one process there is
    /// none.
    pub pass: Option<Pass>,
    /// What this caller may do, where it is not the operator's default.
    pub limits: Limits,
    /// The trace of the request.
    pub trace: Option<TraceContext>,
}

impl Principal {
    /// A caller known within this process who may do everything that is the owner's.
    pub fn local(owner: OwnerId) -> Self {
        let scopes = Scopes::all();
        Self {
            owner,
            user: None,
            role: Role::Owner,
            scopes,
            session: None,
            pass: None,
            limits: Limits::default(),
            trace: None,
        }
    }

    /// Whether a person asks, rather than a program with an API key.
    pub fn is_person(&self) -> bool {
        self.scopes.allows(Scope::Account)
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
    /// The caller of `method` on `path` (as sent, without the query), or `None` when the credentials are missing or wrong.
    /// One call is one request: where requests are limited it counts as one.
    ///
    /// # Errors
    /// The decision cannot be made now, for example because a store is down; `limit_reached`.
    async fn authenticate(&self, headers: &HeaderMap, method: &str, path: &str) -> Result<Option<Principal>, Problem>;
}

/// Left on requests whose caller may use the route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed;

/// A caller of any scopes, for the few handlers that serve every known caller. All others take a [`Principal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyCaller(pub Principal);

fn known(request: &HttpRequest) -> Result<Principal, Problem> {
    let extensions = request.extensions();
    let trace = extensions.get::<TraceContext>().cloned();
    let known = extensions.get::<Principal>().map(|known| Principal { trace, ..known.clone() });
    known.ok_or_else(|| Problem::new(ErrorCode::Unauthorized))
}

impl FromRequest for AnyCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// Takes the principal the middleware left on the request; without one the answer is 401.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(known(request).map(Self))
    }
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// As [`AnyCaller`]; and where the middleware knew no scope for the route, because it is in no API document or was
    /// spelled oddly, only people get through.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let allowed = request.extensions().get::<Allowed>().is_some();
        ready(known(request).and_then(|known| match allowed || known.is_person() {
            true => Ok(known),
            false => Err(Problem::missing_scope(Scope::Account)),
        }))
    }
}
