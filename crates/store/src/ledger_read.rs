//! What the ledger says, read as of one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::StoreError;
use crate::access::AccessHeads;
use crate::batch::BatchRecord;
use crate::contents::{Contents, Heads, Links};
use crate::ledger::{Ledger, refuse};
use crate::ledger_rows::{
    add_event_rows, batch_of, cluster_link_of, code_of, decision_of, event_of, file_of, links_of,
    manifest_of, nil_return_of, total_of,
};
use crate::ledger_statement::Transaction;

impl Ledger {
    /// How far the ledger has got: a cheap question, by which a reader knows that it has everything.
    ///
    /// # Errors
    /// [`StoreError::NewerFormat`] where a newer program has migrated the ledger since it was opened.
    pub(crate) async fn heads(&self) -> Result<(Heads, AccessHeads), StoreError> {
        let sql = "SELECT coalesce((SELECT max(sequence) FROM batches), 0) AS sequence, \
                   coalesce((SELECT max(event) FROM events), 0) AS event, \
                   coalesce((SELECT max(decision) FROM cluster_decisions), 0) AS decision, \
                   (SELECT count(*) FROM nil_returns) AS nil_returns, \
                   coalesce((SELECT max(access_key) FROM access_keys), 0) AS access_key, \
                   coalesce((SELECT max(revocation) FROM key_revocations), 0) AS revocation, min_reader FROM meta";
        let action = "look for what is new";
        let mut transaction = self.reading().await?;
        let row = transaction.one(sql, action).await?;
        transaction.commit(action).await?;
        refuse(row.get("min_reader")?)?;
        let heads = Heads {
            sequence: row.integer("sequence")?,
            event: row.integer("event")?,
            decision: row.integer("decision")?,
            nil_returns: row.integer("nil_returns")?,
        };
        let access = AccessHeads {
            key: row.integer("access_key")?,
            revocation: row.integer("revocation")?,
        };
        Ok((heads, access))
    }

    /// Everything, as of one moment.
    pub(crate) async fn contents(&self) -> Result<Contents, StoreError> {
        let mut transaction = self.reading().await?;
        let row = transaction
            .one("SELECT version FROM meta", "read the version")
            .await?;
        let mut contents = Contents {
            version: row.integer("version")?,
            ..Contents::default()
        };
        read_batches(&mut transaction, &mut contents).await?;
        read_events(&mut transaction, &mut contents).await?;
        let sql = "SELECT * FROM nil_returns ORDER BY nil_return";
        let rows = transaction.all(sql, "read nil returns").await?;
        contents.nil_returns = rows.iter().map(nil_return_of).collect::<Result<_, _>>()?;
        let sql = "SELECT * FROM cluster_links ORDER BY link";
        let rows = transaction.all(sql, "read links of clusters").await?;
        contents.cluster_links = rows.iter().map(cluster_link_of).collect::<Result<_, _>>()?;
        let sql = "SELECT * FROM cluster_decisions ORDER BY decision";
        let rows = transaction.all(sql, "read decisions").await?;
        contents.decisions = rows.iter().map(decision_of).collect::<Result<_, _>>()?;
        transaction.check_seal().await?;
        transaction.commit("read").await?;
        contents.settle();
        Ok(contents)
    }
}

async fn read_batches(
    transaction: &mut Transaction<'_>,
    contents: &mut Contents,
) -> Result<(), StoreError> {
    let sql = "SELECT * FROM batches ORDER BY sequence";
    let rows = transaction.all(sql, "read batches").await?;
    contents.batches = rows.iter().map(batch_of).collect::<Result<_, _>>()?;
    contents.committed = contents.batches.iter().map(|batch| batch.state).collect();
    let sql = "SELECT sequence, code, count FROM code_totals";
    for row in &transaction.all(sql, "read code totals").await? {
        let (sequence, code, count) = code_of(row)?;
        let batches = &mut contents.batches;
        if let Ok(at) = batches.binary_search_by_key(&sequence, |batch| batch.sequence)
            && let Some(batch) = batches.get_mut(at)
        {
            batch.totals.codes.insert(code, count);
        }
    }
    read_manifests(transaction, &mut contents.batches).await?;
    let sql =
        "SELECT files.*, digest FROM files JOIN batches USING (sequence) ORDER BY sequence, part";
    let rows = transaction.all(sql, "read files").await?;
    contents.files = rows.iter().map(file_of).collect::<Result<_, _>>()?;
    Ok(())
}

async fn read_manifests(
    transaction: &mut Transaction<'_>,
    batches: &mut [BatchRecord],
) -> Result<(), StoreError> {
    let mut manifests = BTreeMap::new();
    let sql = "SELECT * FROM manifests";
    for row in &transaction.all(sql, "read manifests").await? {
        manifests.extend([manifest_of(row)?]);
    }
    let sql = "SELECT * FROM control_totals ORDER BY sequence, categories";
    for row in &transaction.all(sql, "read control totals").await? {
        let (sequence, total) = total_of(row)?;
        let manifest = manifests.entry(sequence).or_default();
        manifest.control_totals.push(total);
    }
    for batch in batches {
        batch.manifest = manifests.remove(&batch.sequence);
    }
    Ok(())
}

async fn read_events(
    transaction: &mut Transaction<'_>,
    contents: &mut Contents,
) -> Result<(), StoreError> {
    let sql = "SELECT sequence, first_sequence, links FROM revisions";
    let mut links = Vec::new();
    for row in &transaction.all(sql, "read revisions").await? {
        links.extend(links_of(row)?);
    }
    contents.links = Arc::new(Links::new(links));
    let sql = "SELECT * FROM events ORDER BY event";
    let rows = transaction.all(sql, "read events").await?;
    let mut events = rows.iter().map(event_of).collect::<Result<Vec<_>, _>>()?;
    let sql = "SELECT event, sequence, code, row_list FROM event_rows";
    for row in &transaction.all(sql, "read rows of events").await? {
        add_event_rows(&mut events, row)?;
    }
    contents.events = events.into_iter().map(Arc::new).collect();
    Ok(())
}
