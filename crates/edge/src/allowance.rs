//! What a caller may do in a time.

use crate::{Principal, Problem};
use actix_web::HttpRequest;
use actix_web::web::Data;
use shared::{Allowance, Allowances, Meter};

/// Notes that the caller does so much. Where the server counts nothing (no `web::Data<Allowances>`), all is allowed.
///
/// # Errors
/// `limit_reached`, with the time after which there is enough again.
pub async fn spend(request: &HttpRequest, caller: &Principal, what: Allowance, amount: u64) -> Result<(), Problem> {
    match request.app_data::<Data<Allowances>>() {
        Some(allowances) => Ok(allowances.spend(&caller.owner, &caller.limits, what, amount).await?),
        None => Ok(()),
    }
}

/// What is left of everything that is limited for the caller; nothing where the server counts nothing.
pub async fn meters(request: &HttpRequest, caller: &Principal) -> Vec<Meter> {
    match request.app_data::<Data<Allowances>>() {
        Some(allowances) => allowances.meters(&caller.owner, &caller.limits).await,
        None => Vec::new(),
    }
}
