//! Where the outputs of direct runs are kept.

use crate::Sandbox;
use crate::execute::Execution;
use blob::{BlobError, BlobKey, ErrorKind, InvalidKey, SharedStore};
use common::execution::ExecutionResult;
use common::{ExecutionId, OwnerId};
use edge::output::link_path;

/// Where the outputs of a direct run stand. The owner is part of every key, so nobody else's request can
/// even name them.
pub struct Keys {
    run: BlobKey,
    /// The list of them.
    pub list: BlobKey,
    outputs: BlobKey,
}

impl Keys {
    /// The keys of one run.
    ///
    /// # Errors
    /// The owner makes no key.
    pub fn of(owner: &OwnerId, id: ExecutionId) -> Result<Self, InvalidKey> {
        let run = BlobKey::parse(&format!("executions/{owner}/{id}"))?;
        Ok(Self { list: run.join("outputs.json")?, outputs: run.join("outputs")?, run })
    }

    /// The key of one output.
    ///
    /// # Errors
    /// Its name makes no key.
    pub fn output(&self, name: &str) -> Result<BlobKey, InvalidKey> {
        BlobKey::parse(&format!("{}/{name}", self.outputs))
    }
}

/// Keeps the outputs of a run, all or none, and links them in its result.
///
/// # Errors
/// The store fails; nothing of the run stays in it.
pub async fn store(
    sandbox: &Sandbox,
    owner: &OwnerId,
    id: ExecutionId,
    execution: Execution,
) -> Result<ExecutionResult, BlobError> {
    let Execution { mut result, contents } = execution;
    if result.outputs.is_empty() {
        return Ok(result);
    }
    let wrong =
        |error: InvalidKey| BlobError { kind: ErrorKind::Source, key: id.to_string(), source: Some(error.into()) };
    let keys = Keys::of(owner, id).map_err(wrong)?;
    let unfinished = Unfinished { store: sandbox.0.blob.clone(), run: keys.run.clone(), armed: true };
    let stored = async {
        for (output, content) in result.outputs.iter_mut().zip(contents) {
            sandbox.0.blob.put(&keys.output(&output.name).map_err(wrong)?, content).await?;
            output.path = format!("/api/v1/executions/{id}/outputs/{}", link_path(&output.name));
        }
        let list = serde_json::to_vec(&result.outputs).unwrap_or_default();
        sandbox.0.blob.put(&keys.list, list.into()).await
    };
    match stored.await {
        Ok(()) => {
            unfinished.keep();
            Ok(result)
        }
        Err(error) => {
            unfinished.discard().await;
            Err(error)
        }
    }
}

/// Outputs that are not all there yet. Dropping it (the caller went away) removes them.
struct Unfinished {
    store: SharedStore,
    run: BlobKey,
    armed: bool,
}

impl Unfinished {
    fn keep(mut self) {
        self.armed = false;
    }

    async fn discard(mut self) {
        // Disarmed only afterwards: dropped midway, the removal starts again.
        remove(&self.store, &self.run).await;
        self.armed = false;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.armed, tokio::runtime::Handle::try_current()) {
            let (store, run) = (self.store.clone(), self.run.clone());
            runtime.spawn(async move { remove(&store, &run).await });
        }
    }
}

async fn remove(store: &SharedStore, run: &BlobKey) {
    if let Err(error) = store.delete_prefix(run).await {
        tracing::warn!(%error, "outputs of a run that could not be kept stay until they are tidied away");
    }
}
