//! When indexes of files are merged, and of which: a service does it behind the questions it answers.

use std::sync::{Arc, PoisonError};

use crate::index::{Held, Part};
use crate::keys;
use crate::merged::{Input, Merged, View};
use crate::store::{Shared, blocking};
use crate::{Snapshot, Store, StoreError};

/// A merged index is merged again once what comes to it has this share of its rows: so a row is moved a few times, and
/// there are few indexes.
const SHARE: usize = 4;

impl Store {
    /// Merges the indexes of files that lie by themselves, where more than `apart` do, and runs of natural keys; gives
    /// whether it did.
    ///
    /// For a service, which asks now and then: it answers from what it had until the merged index is whole. A program that
    /// asks one question is faster without. Cost: see `Merged::of`; about a second for ten million incidents.
    ///
    /// # Errors
    /// [`StoreError::Interrupted`] where the runtime ends.
    pub async fn merge(&self, apart: usize) -> Result<bool, StoreError> {
        let shared = Arc::clone(self.shared());
        blocking(move || Ok(merge(&shared, apart) | keys::merge_runs(&shared.keys))).await
    }
}

fn merge(shared: &Shared, apart: usize) -> bool {
    let _merging = shared
        .merging
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let snapshot = shared.snapshot();
    let (inputs, left) = chosen(&snapshot, apart);
    if inputs.is_empty() {
        return false;
    }
    // On threads of its own: an answer would wait for one of the pool until all is merged.
    let pool = rayon::ThreadPoolBuilder::new().build();
    let merged = match &pool {
        Ok(pool) => pool.install(|| Merged::of(&inputs)),
        Err(_no_threads) => None,
    };
    let Some(merged) = merged else {
        tracing::debug!("the files are not merged: more kinds, or too few threads");
        return false;
    };
    drop((inputs, snapshot));
    shared.show_merged(&Arc::new(View::whole(merged)), &left);
    true
}

/// What is merged now, and the views that go into it.
fn chosen(snapshot: &Snapshot, most: usize) -> (Vec<Input>, Vec<Arc<View>>) {
    let apart = |part: &&Arc<Part>| matches!(part.held, Held::Apart(_));
    let files: Vec<&Arc<Part>> = snapshot.parts().iter().filter(apart).collect();
    if files.len() <= most {
        return (Vec::new(), Vec::new());
    }
    let files = files.into_iter();
    let mut inputs: Vec<Input> = files.filter_map(Input::of_file).collect();
    let mut rows: usize = inputs.iter().map(Input::rows).sum();
    let mut views: Vec<&Arc<View>> = snapshot.views().iter().collect();
    views.sort_by_key(|view| view.merged.rows());
    let mut left = Vec::new();
    for view in views {
        if view.merged.rows() <= rows * SHARE {
            rows += view.merged.rows();
            inputs.push(Input::Merged(Arc::clone(&view.merged)));
            left.push(Arc::clone(view));
        }
    }
    (inputs, left)
}
