//! A platform looks at its stream: what is live, what still has to prove itself, how messages fare, what waits.

use std::sync::Arc;

use super::{App, Error};
use crate::store::streams::{self, StreamRow};
use crate::store::{StoreError, deliveries};

/// A stream and what waits in it.
pub struct StreamView {
    /// The stream.
    pub stream: StreamRow,
    /// Events that wait.
    pub waiting: i64,
    /// When the oldest of them was queued, milliseconds.
    pub oldest: Option<i64>,
}

/// A platform's stream.
///
/// # Errors
/// [`Error::NotFound`] when it never set one.
pub async fn stream_of(app: &Arc<App>, platform: &str) -> Result<StreamView, Error> {
    let id = platform.to_owned();
    let read = app.db.read("show_stream", move |tx| -> Result<_, StoreError> {
        let Some(stream) = streams::of_platform(tx, &id)? else { return Ok(None) };
        let (waiting, oldest) = deliveries::backlog(tx, Some(&id))?;
        Ok(Some(StreamView { stream, waiting, oldest }))
    });
    read.await.map_err(Error::from)?.ok_or(Error::NotFound("stream"))
}
