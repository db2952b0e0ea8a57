//! `naqsha init`: creates a store.

use anyhow::Context as _;
use naqsha_store::Store;

use super::{Context, print_line};

pub(super) async fn run(context: &Context) -> anyhow::Result<()> {
    let store = Store::create_with(&context.data, &context.config.places())
        .await
        .context("creating the store")?;
    let version = store.snapshot().version();
    if context.json {
        let made = serde_json::json!({ "store": context.data, "data_version": version });
        return print_line(&made.to_string());
    }
    print_line(&format!("created a store in {}", context.data.display()))
}
