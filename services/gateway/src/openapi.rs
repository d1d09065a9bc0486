//! The last touch on the API document: what is true of every operation is said here once.

use actix_web::http::Method;
use common::Scope;
use edge::{Needs, ProblemBody, PublicRoute, routes};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// Parts of the API in the order of the docs page.
const TAGS: &[(&str, &str)] = &[
    ("files", "Uploaded images."),
    ("jobs", "From a picture to checked, executed, explained results."),
    ("notifications", "What you are told of your jobs, in the app, by webhook and by e-mail."),
    ("executions", "Running Python in the sandbox, without a job."),
    ("reviews", "Judging Python before it runs."),
    ("models", "The models behind the agent."),
    ("account", "Who is asking, and what this server is."),
    ("sign_in", "Getting in and out."),
    ("data", "All of a person's own data: taking it along, deleting it."),
    ("credentials", "A person's own password, sessions and API keys."),
    ("administration", "What owners do: people, invitations, the audit."),
    ("health", "Whether the server lives and can work."),
];

const DESCRIPTION: &str = "Darkroom develops pictures into code in a sealed room: upload an image, say what you want, \
    and get charts, data files, the code itself and proof of what happened.\n\n\
    Send `Authorization: Bearer TOKEN` with every call; `darkroom token` prints the local token, people make API keys at \
    `POST /api/v1/keys`. What a key needs for an operation stands at the operation. Every error is \
    `application/problem+json` with a stable `code`: see [all codes](/docs/errors).";

const PROBLEM: &str = "Problem";

/// Adds title and version, the bearer scheme, the problem answers, tags, and operation ids that are
/// unique across services. Public operations ask for no credentials.
pub fn finish(mut api: OpenApi, public: &[PublicRoute], version: &str) -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    api.info = InfoBuilder::new()
        .title("Darkroom")
        .version(version)
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .build();
    let components = api.components.get_or_insert_default();
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The local token or an API key."));
    components.add_security_scheme("bearer", SecurityScheme::Http(scheme.build()));
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    let mut parts = Vec::new();
    ProblemBody::schemas(&mut parts);
    components.schemas.extend(parts);
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build();
    let problem =
        ResponseBuilder::new().description("A problem, told by its code").content("application/problem+json", content);
    components.responses.insert(PROBLEM.to_owned(), problem.build().into());

    for (path, item) in &mut api.paths.paths {
        for (method, operation) in operations(item) {
            let is_public = public.iter().any(|route| route.path == path && route.method == method);
            let needs = Needs::of(operation.tags.iter().flatten().next().map(String::as_str), &method_of(method));
            describe(operation, is_public, needs);
        }
    }
    let used = used_tags(&api);
    api.tags = Some(used);
    api
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

fn method_of(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap_or_default()
}

fn describe(operation: &mut Operation, is_public: bool, needs: Needs) {
    let problem = || RefOr::Ref(Ref::from_response_name(PROBLEM));
    let responses = &mut operation.responses.responses;
    responses.entry("default".to_owned()).or_insert_with(problem);
    if is_public {
        operation.security = Some(Vec::new());
    } else {
        responses.entry("401".to_owned()).or_insert_with(problem);
        let scopes: &[&str] = match &needs {
            Needs::Nothing => &[],
            Needs::Scope(scope) => &[scope.as_str()],
            Needs::Owner => &[Scope::Account.as_str(), "owner"],
        };
        if needs != Needs::Nothing {
            responses.entry("403".to_owned()).or_insert_with(problem);
        }
        let asked = SecurityRequirement::new("bearer", scopes.iter().copied());
        operation.security.get_or_insert_with(|| vec![asked]);
    }
    let tag = operation.tags.iter().flatten().next();
    if let (Some(tag), Some(id)) = (tag, &operation.operation_id)
        && !id.starts_with(tag.as_str())
    {
        // Several services have a handler called `create`.
        operation.operation_id = Some(format!("{tag}_{id}"));
    }
}

fn used_tags(api: &OpenApi) -> Vec<Tag> {
    let mut names: Vec<&str> = Vec::new();
    for item in api.paths.paths.values() {
        let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
        names.extend(
            operations.into_iter().flatten().flat_map(|operation| operation.tags.iter().flatten()).map(String::as_str),
        );
    }
    let known = TAGS.iter().filter(|(name, _)| names.contains(name));
    known.map(|(name, description)| TagBuilder::new().name(*name).description(Some(*description)).build()).collect()
}

/// Mistakes that would mislead clients generated from the document: operations without an id of their
/// own, or without a known tag. Meant for the test of the whole document.
pub fn mistakes(api: &OpenApi) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (path, item) in &api.paths.paths {
        if routes::methods(item).is_empty() {
            mistakes.push(format!("{path} has no operation"));
        }
        for operation in [&item.get, &item.post, &item.put, &item.patch, &item.delete].into_iter().flatten() {
            let id = operation.operation_id.clone().unwrap_or_default();
            if !operation.tags.iter().flatten().any(|tag| TAGS.iter().any(|(name, _)| name == tag)) {
                mistakes.push(format!("{path}: operation '{id}' has no known tag"));
            }
            if !seen.insert(id.clone()) {
                mistakes.push(format!("{path}: operation id '{id}' is used twice"));
            }
        }
    }
    mistakes
}
