//! Which addresses exist, by which methods, and which of them are public.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use common::{ErrorCode, Role, Scope};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem};

use crate::{Principal, Problem};

/// A route that answers callers without credentials. Everything else asks for a
/// [`Principal`](crate::Principal).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicRoute {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path as actix writes it, for example `/docs/{file}`.
    pub path: &'static str,
}

impl PublicRoute {
    /// A public GET.
    pub const fn get(path: &'static str) -> Self {
        Self { method: "GET", path }
    }
}

/// The routes of the shell itself that need no credentials.
pub const PUBLIC: &[PublicRoute] =
    &[PublicRoute::get("/healthz"), PublicRoute::get("/readyz"), PublicRoute::get("/openapi.json")];

/// What a caller needs for an operation. It follows from the operation's tag in the API document and its method, so a
/// new route has it without being told, and one without a known tag is for people only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// To be known.
    Nothing,
    /// This scope.
    Scope(Scope),
    /// To be a person who is an owner of the installation.
    Owner,
}

impl Needs {
    /// What an operation with this tag needs.
    pub fn of(tag: Option<&str>, method: &Method) -> Self {
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let either = |read, write| Self::Scope(if reads { read } else { write });
        match tag {
            Some("jobs" | "models") => either(Scope::JobsRead, Scope::JobsWrite),
            Some("files") => either(Scope::FilesRead, Scope::FilesWrite),
            Some("executions" | "reviews") => either(Scope::ExecutionsRead, Scope::ExecutionsWrite),
            Some("account") if reads => Self::Nothing,
            Some("administration") => Self::Owner,
            _ => Self::Scope(Scope::Account),
        }
    }

    /// Whether the caller has it.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(self, caller: &Principal) -> Result<(), Problem> {
        let missing = match self {
            Self::Nothing => None,
            Self::Scope(scope) => Some(scope),
            Self::Owner => Some(Scope::Account),
        };
        if let Some(scope) = missing.filter(|scope| !caller.scopes.allows(*scope)) {
            return Err(Problem::missing_scope(scope));
        }
        if self == Self::Owner && caller.role != Role::Owner {
            return Err(Problem::new(ErrorCode::OwnerOnly));
        }
        Ok(())
    }
}

/// What a path and method lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// No such path in the table.
    Unknown,
    /// The path exists with other methods only; they are listed as an Allow header wants them.
    OtherMethod {
        /// For example `GET, DELETE`.
        allow: String,
        /// Whether one of those methods is public.
        public: bool,
    },
    /// A route that needs a principal with this.
    Protected(Needs),
    /// A public route.
    Public,
}

/// All documented and all public routes. actix answers a wrong method on a known path with its
/// default service, as if the path did not exist; this table tells the two apart.
#[derive(Debug)]
pub struct RouteTable {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    pattern: ResourceDef,
    methods: Vec<(Method, Access)>,
}

impl RouteTable {
    /// The table of an API document and a list of public routes, documented or not.
    pub fn new(api: &OpenApi, public: &[PublicRoute]) -> Self {
        let mut table = Self { entries: Vec::new() };
        for (path, item) in &api.paths.paths {
            for (method, operation) in operations(item) {
                let is_public = public.iter().any(|route| route.path == path && route.method == method.as_str());
                let tag = operation.tags.iter().flatten().next().map(String::as_str);
                let needs = Needs::of(tag, &method);
                table.add(path, method, if is_public { Access::Public } else { Access::Protected(needs) });
            }
        }
        for route in public {
            if let Ok(method) = Method::from_bytes(route.method.as_bytes()) {
                table.add(route.path, method, Access::Public);
            }
        }
        table
    }

    fn add(&mut self, path: &str, method: Method, access: Access) {
        let known = self.entries.iter_mut().find(|entry| entry.pattern.pattern() == Some(path));
        match known {
            Some(entry) if entry.methods.iter().any(|(listed, _)| *listed == method) => {}
            Some(entry) => entry.methods.push((method, access)),
            None => self.entries.push(Entry { pattern: ResourceDef::new(path), methods: vec![(method, access)] }),
        }
    }

    /// What this method on this path leads to.
    pub fn access(&self, method: &Method, path: &str) -> Access {
        let mut others: Vec<&(Method, Access)> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.pattern.is_match(path)) {
            match entry.methods.iter().find(|(listed, _)| listed == method) {
                Some((_, access)) => return access.clone(),
                None => others.extend(&entry.methods),
            }
        }
        if others.is_empty() {
            return Access::Unknown;
        }
        let names: Vec<&str> = others.iter().map(|(listed, _)| listed.as_str()).collect();
        Access::OtherMethod {
            allow: names.join(", "),
            public: others.iter().any(|(_, access)| *access == Access::Public),
        }
    }
}

/// The operations an API document lists for one path.
pub fn operations(item: &PathItem) -> Vec<(Method, &Operation)> {
    let listed = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
        (Method::HEAD, &item.head),
        (Method::OPTIONS, &item.options),
    ];
    listed.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?))).collect()
}

/// The methods an API document lists for one path.
pub fn methods(item: &PathItem) -> Vec<Method> {
    operations(item).into_iter().map(|(method, _)| method).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::{OperationBuilder, PathsBuilder};
    use utoipa::openapi::{HttpMethod, OpenApiBuilder};

    fn table() -> RouteTable {
        let item = |method| PathItem::new(method, OperationBuilder::new().tag("jobs").build());
        let untagged = PathItem::new(HttpMethod::Get, OperationBuilder::new().build());
        let paths = PathsBuilder::new()
            .path("/things", item(HttpMethod::Post))
            .path("/things/{id}", item(HttpMethod::Get))
            .path("/things/{id}", item(HttpMethod::Delete))
            .path("/untagged", untagged)
            .path("/about", item(HttpMethod::Get));
        let public = [PublicRoute::get("/about"), PublicRoute::get("/docs/{file}")];
        RouteTable::new(&OpenApiBuilder::new().paths(paths).build(), &public)
    }

    /// Protects invariant 5 (whoever enters is known): only listed routes are public, and a wrong
    /// method is told apart from an unknown path.
    #[test]
    fn the_table_knows_what_is_public() {
        let other = |allow: &str, public| Access::OtherMethod { allow: allow.to_owned(), public };
        let cases = [
            (Method::GET, "/about", Access::Public),
            (Method::GET, "/docs/errors", Access::Public),
            (Method::GET, "/docs/a/b", Access::Unknown),
            (Method::POST, "/about", other("GET", true)),
            (Method::POST, "/things", Access::Protected(Needs::Scope(Scope::JobsWrite))),
            (Method::GET, "/things/7", Access::Protected(Needs::Scope(Scope::JobsRead))),
            (Method::GET, "/untagged", Access::Protected(Needs::Scope(Scope::Account))),
            (Method::PUT, "/things/7", other("GET, DELETE", false)),
            (Method::GET, "/", Access::Unknown),
        ];
        let table = table();
        for (method, path, expected) in cases {
            assert_eq!(table.access(&method, path), expected, "{method} {path}");
        }
    }

    /// Protects everything from keys that were not made for it: what a route needs follows from its tag and method, and
    /// a tag that nobody has thought of is for people only.
    #[test]
    fn needs_follow_from_tag_and_method() {
        use Needs::{Nothing, Owner, Scope as Of};
        let rows = [
            ("jobs", Of(Scope::JobsRead), Of(Scope::JobsWrite)),
            ("models", Of(Scope::JobsRead), Of(Scope::JobsWrite)),
            ("files", Of(Scope::FilesRead), Of(Scope::FilesWrite)),
            ("executions", Of(Scope::ExecutionsRead), Of(Scope::ExecutionsWrite)),
            ("reviews", Of(Scope::ExecutionsRead), Of(Scope::ExecutionsWrite)),
            ("account", Nothing, Of(Scope::Account)),
            ("administration", Owner, Owner),
            ("data", Of(Scope::Account), Of(Scope::Account)),
            ("new", Of(Scope::Account), Of(Scope::Account)),
        ];
        for (tag, read, write) in rows {
            assert_eq!(Needs::of(Some(tag), &Method::GET), read, "{tag}");
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
                assert_eq!(Needs::of(Some(tag), &method), write, "{tag} {method}");
            }
        }
        assert_eq!(Needs::of(None, &Method::GET), Of(Scope::Account));

        let owner = Principal::local(common::OwnerId::local());
        let member = Principal { role: Role::Member, ..owner.clone() };
        let key = Principal { scopes: [Scope::JobsWrite].into_iter().collect(), ..owner.clone() };
        let told = |needs: Needs, caller| needs.check(caller).map_err(|problem| problem.code());
        assert_eq!(
            [told(Owner, &owner), told(Owner, &member), told(Owner, &key)],
            [Ok(()), Err(ErrorCode::OwnerOnly), Err(ErrorCode::MissingScope)]
        );
        assert_eq!(told(Of(Scope::JobsRead), &key), Ok(()));
        assert_eq!(told(Of(Scope::FilesRead), &key), Err(ErrorCode::MissingScope));
        assert_eq!(told(Nothing, &key), Ok(()));
    }
}
