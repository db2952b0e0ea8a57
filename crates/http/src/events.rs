//! Server-sent events: what a client that listens is told until there is no more to tell.

use axum::body::Body;
use axum::response::Response;
use serde_json::Value;
use tokio::sync::mpsc::{self, Sender};

use crate::negotiate::EVENTS;
use crate::processes::passing;
use crate::stream::{Message, Received};

/// Whoever listens. The answer ends well with [`Listener::end`] alone.
pub(crate) struct Listener(Sender<Message>);

impl Listener {
    /// Tells an event with its document; false where nobody listens any more.
    pub(crate) async fn tell(&self, event: &str, document: &Value) -> bool {
        self.send(format!("event: {event}\ndata: {document}\n\n"))
            .await
    }

    /// Tells that the connection lives, by a comment, which no client shows; false where nobody listens any more.
    pub(crate) async fn still_there(&self) -> bool {
        self.send(":\n\n".to_owned()).await
    }

    /// There is no more to tell.
    pub(crate) async fn end(self) {
        // A client that has gone needs no end.
        let _gone = self.0.send(Message::End).await;
    }

    async fn send(&self, text: String) -> bool {
        self.0.send(Message::Chunk(text.into())).await.is_ok()
    }
}

/// The answer to a client that listens; `telling` goes on behind it.
pub(crate) fn events<F>(telling: impl FnOnce(Listener) -> F) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(telling(Listener(sender)));
    passing(&EVENTS, Body::new(Received(receiver)))
}
