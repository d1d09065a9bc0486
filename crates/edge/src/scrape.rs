//! Metrics at an address of their own, for whoever scrapes them. It is no part of any site: a proxy in front of the API
//! does not know it.

use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

/// What is shown.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

struct Door {
    token: String,
    render: Render,
}

/// Shows `/metrics` on the listener, to whoever sends the token where there is one, until the process ends. Blocks: call
/// it in a thread of its own, so that it answers whatever else is busy.
///
/// # Errors
/// The listener fails.
pub fn serve(listener: TcpListener, token: String, render: Render) -> io::Result<()> {
    let door = web::Data::new(Door { token, render });
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || App::new().app_data(door.clone()).route("/metrics", web::get().to(metrics)))
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run()
            .await
    })
}

async fn metrics(request: HttpRequest, door: web::Data<Door>) -> HttpResponse {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !may_enter(&door.token, given) {
        return HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, "Bearer")).finish();
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body((door.render)())
}

/// Where no token is set, the address itself is the door.
fn may_enter(token: &str, given: &str) -> bool {
    let sent = given.strip_prefix("Bearer ").unwrap_or_default();
    // In constant time: the answer's delay must not tell how much of a guess was right.
    token.is_empty() || aws_lc_rs::constant_time::verify_slices_are_equal(token.as_bytes(), sent.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects figures from strangers: with a token set, only that token opens.
    #[test]
    fn only_the_token_opens() {
        assert!(may_enter("", "") && may_enter("", "Bearer x") && may_enter("secret", "Bearer secret"));
        for wrong in ["", "secret", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret"] {
            assert!(!may_enter("secret", wrong), "{wrong}");
        }
    }
}
