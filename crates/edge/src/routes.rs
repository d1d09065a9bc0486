//! Which addresses exist, by which methods, and which of them are public.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use utoipa::openapi::{OpenApi, PathItem};

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
    /// A route that needs a principal.
    Protected,
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
    methods: Vec<(Method, bool)>,
}

impl RouteTable {
    /// The table of an API document and a list of public routes, documented or not.
    pub fn new(api: &OpenApi, public: &[PublicRoute]) -> Self {
        let mut table = Self { entries: Vec::new() };
        for (path, item) in &api.paths.paths {
            for method in methods(item) {
                let is_public = public.iter().any(|route| route.path == path && route.method == method.as_str());
                table.add(path, method, is_public);
            }
        }
        for route in public {
            if let Ok(method) = Method::from_bytes(route.method.as_bytes()) {
                table.add(route.path, method, true);
            }
        }
        table
    }

    fn add(&mut self, path: &str, method: Method, public: bool) {
        let known = self.entries.iter_mut().find(|entry| entry.pattern.pattern() == Some(path));
        match known {
            Some(entry) if entry.methods.iter().any(|(listed, _)| *listed == method) => {}
            Some(entry) => entry.methods.push((method, public)),
            None => self.entries.push(Entry { pattern: ResourceDef::new(path), methods: vec![(method, public)] }),
        }
    }

    /// What this method on this path leads to.
    pub fn access(&self, method: &Method, path: &str) -> Access {
        let mut others: Vec<&(Method, bool)> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.pattern.is_match(path)) {
            match entry.methods.iter().find(|(listed, _)| listed == method) {
                Some((_, true)) => return Access::Public,
                Some((_, false)) => return Access::Protected,
                None => others.extend(&entry.methods),
            }
        }
        if others.is_empty() {
            return Access::Unknown;
        }
        let names: Vec<&str> = others.iter().map(|(listed, _)| listed.as_str()).collect();
        Access::OtherMethod { allow: names.join(", "), public: others.iter().any(|(_, public)| *public) }
    }
}

/// The methods an API document lists for one path.
pub fn methods(item: &PathItem) -> Vec<Method> {
    let listed = [
        (Method::GET, item.get.is_some()),
        (Method::POST, item.post.is_some()),
        (Method::PUT, item.put.is_some()),
        (Method::PATCH, item.patch.is_some()),
        (Method::DELETE, item.delete.is_some()),
        (Method::HEAD, item.head.is_some()),
        (Method::OPTIONS, item.options.is_some()),
    ];
    listed.into_iter().filter_map(|(method, present)| present.then_some(method)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::{OperationBuilder, PathsBuilder};
    use utoipa::openapi::{HttpMethod, OpenApiBuilder};

    fn table() -> RouteTable {
        let item = |method| PathItem::new(method, OperationBuilder::new().build());
        let paths = PathsBuilder::new()
            .path("/things", item(HttpMethod::Post))
            .path("/things/{id}", item(HttpMethod::Get))
            .path("/things/{id}", item(HttpMethod::Delete))
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
            (Method::POST, "/things", Access::Protected),
            (Method::GET, "/things/7", Access::Protected),
            (Method::PUT, "/things/7", other("GET, DELETE", false)),
            (Method::GET, "/", Access::Unknown),
        ];
        let table = table();
        for (method, path, expected) in cases {
            assert_eq!(table.access(&method, path), expected, "{method} {path}");
        }
    }
}
