//! `naqsha init`: creates a store, and the key by which others are made.

use anyhow::Context as _;
use naqsha_store::Store;

use super::{Context, key, print_line};

pub(super) async fn run(context: &Context) -> anyhow::Result<()> {
    let asked = key::first_custodian(context.config.key_days())?;
    let store = Store::create_with(&context.data, &context.config.places())
        .await
        .context("creating the store")?;
    let store = context.keep(&store);
    let version = store.snapshot().version();
    let made = key::add(&store, asked)
        .await
        .context("the store is made; `naqsha key create --role custodian` makes its first key")?;
    if context.json {
        let told = serde_json::json!({ "store": context.data, "data_version": version, "key": made.json() });
        return print_line(&told.to_string());
    }
    print_line(&format!(
        "created a store in {}\n{}",
        context.data.display(),
        made.told()
    ))
}
