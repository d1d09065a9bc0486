//! `darkroom api`: the API description, for making clients.

use crate::exit::Exit;

pub fn api() -> Exit {
    match crate::api::document() {
        Ok(text) => {
            super::out(&text);
            Exit::Success
        }
        Err(error) => {
            eprintln!("The API description cannot be written: {error}");
            Exit::NotReady
        }
    }
}
