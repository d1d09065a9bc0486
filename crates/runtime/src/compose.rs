//! Variables that only `docker-compose.yml` reads, for the documentation in `.env.example`.
//!
//! No program of ours reads them: Compose puts them into addresses, images and limits. Settings of the programs that
//! Compose passes on are in [`crate::Settings::VARIABLES`].

/// One variable as documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComposeVariable {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a sentence.
    pub doc: &'static str,
    /// Its default as text.
    pub default: &'static str,
    /// True when `docker-compose.yml` has no default of its own, so the line in `.env.example` must stand.
    pub required: bool,
}

const fn optional(name: &'static str, default: &'static str, doc: &'static str) -> ComposeVariable {
    ComposeVariable { name, doc, default, required: false }
}

const fn password(name: &'static str, default: &'static str, doc: &'static str) -> ComposeVariable {
    ComposeVariable { name, doc, default, required: true }
}

/// Every variable of `docker-compose.yml` that is no setting of a program.
pub const COMPOSE_VARIABLES: &[ComposeVariable] = &[
    password("POSTGRES_PASSWORD", "for-development", "PostgreSQL's password."),
    password("RABBITMQ_PASSWORD", "for-development", "RabbitMQ's password."),
    password("REDIS_PASSWORD", "for-development", "Redis' password."),
    password("MINIO_PASSWORD", "for-development", "MinIO's password, at least 8 characters."),
    optional(
        "BIND_ADDRESS",
        "127.0.0.1",
        "Address that Traefik's ports are published on. Other than the loopback: change the passwords first.",
    ),
    optional("HTTPS_PORT", "8443", "Port for HTTPS."),
    optional("HTTP_PORT", "8000", "Port that sends people on to HTTPS."),
    optional(
        "DOMAIN",
        "",
        "Host name that the certificate is made for; the development certificate also has localhost.",
    ),
    optional(
        "ACME_EMAIL",
        "",
        "Address for Let's Encrypt: certificates for DOMAIN come from there then; HTTP_PORT has to be 80.",
    ),
    optional(
        "SANDBOX_CGROUPS",
        "v1",
        "The machine's control groups: 'v1', or 'v2' where /sys/fs/cgroup/cgroup.controllers is a file.",
    ),
    optional("DARKROOM_VERSION", "latest", "Tag of Darkroom's own images."),
];

/// The section of `.env.example` about them.
pub fn section() -> String {
    let mut text = String::from(
        "\n# ---- docker compose only ----\n\
         # Passwords as they stand are for trying things on one machine: Traefik listens on the loopback address, nothing\n\
         # else has a port. 'deploy/tools/make-env.sh' makes a .env with random ones. They stand in addresses, so they\n\
         # are made of letters, digits, '-' and '_'. A password once used stays with the data it was used for.\n",
    );
    for variable in COMPOSE_VARIABLES {
        let mark = if variable.required { "" } else { "#" };
        text.push_str(&format!("\n# {}\n{mark}{}={}\n", variable.doc, variable.name, variable.default));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use std::collections::BTreeSet;

    fn compose_file() -> String {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docker-compose.yml");
        std::fs::read_to_string(path).expect("docker-compose.yml")
    }

    /// Every `${NAME…}` of a text, as (name, what follows it).
    fn uses(text: &str) -> Vec<(&str, &str)> {
        let after = text.split("${").skip(1);
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        after.map(|use_| use_.split_at(use_.find(|c: char| !is_name(c)).unwrap_or(use_.len()))).collect()
    }

    /// Protects operators: whatever docker-compose.yml takes from `.env` is documented there, once, and nothing is
    /// documented that it does not take.
    #[test]
    fn variables_of_compose_are_documented() {
        let text = compose_file();
        let used: BTreeSet<&str> = uses(&text).into_iter().map(|(name, _)| name).collect();
        let settings: BTreeSet<&str> = Settings::VARIABLES.iter().map(|variable| variable.name).collect();
        let own: BTreeSet<&str> = COMPOSE_VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(own.len(), COMPOSE_VARIABLES.len(), "a name stands twice");
        let twice: Vec<_> = own.intersection(&settings).collect();
        assert!(twice.is_empty(), "documented twice: {twice:?}");
        let unknown: Vec<_> = used.iter().filter(|name| !settings.contains(*name) && !own.contains(*name)).collect();
        assert!(unknown.is_empty(), "not documented: {unknown:?}");
        let unused: Vec<_> = own.difference(&used).collect();
        assert!(unused.is_empty(), "not used: {unused:?}");
    }

    /// Protects a first start with a copy of `.env.example`: what has no default in docker-compose.yml stands there, and
    /// the defaults of both are the same.
    #[test]
    fn defaults_of_compose_are_those_documented() {
        let text = compose_file();
        let settings = Settings::VARIABLES.iter().map(|variable| (variable.name, variable.default, false));
        let own = COMPOSE_VARIABLES.iter().map(|variable| (variable.name, variable.default, variable.required));
        let documented: Vec<_> = settings.chain(own).collect();
        // What an installation of several services sets differently: one host, one format.
        let differs = ["LOG_FORMAT", "PUBLIC_URL"];
        for (name, rest) in uses(&text).into_iter().filter(|(name, _)| !differs.contains(name)) {
            let (_, default, required) = documented.iter().find(|(other, ..)| *other == name).expect("documented");
            let expected = if *required { ":?".to_owned() } else { format!(":-{default}}}") };
            assert!(rest.starts_with(&expected), "{name}: expected {expected}, found {}", &rest[..rest.len().min(30)]);
        }
    }
}
