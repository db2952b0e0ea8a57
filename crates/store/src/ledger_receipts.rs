//! Receipts and replies in the ledger.

use jiff::Timestamp;
use naqsha_model::{Agency, BatchDigest};

use crate::StoreError;
use crate::ledger::failed;
use crate::ledger_rows::parsed;
use crate::ledger_statement::{Row, Transaction, Value, integer, text};
use crate::receipt::{Answer, KeptReceipt, Receipt, Reply};

const READ: &str = "read receipts";

impl Transaction<'_> {
    /// Adds a receipt, unless its agency used its key before.
    pub(crate) async fn insert_receipt(&mut self, receipt: &Receipt) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO receipts (agency, key_sha256, body_sha256, parameters, job, uploader, received_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (agency, key_sha256) DO NOTHING",
            [
                text(receipt.agency.as_str()),
                text(&BatchDigest::new(receipt.key_sha256).to_string()),
                text(&receipt.body.to_string()),
                text(&receipt.parameters),
                text(&receipt.job),
                text(&receipt.uploader),
                text(&receipt.received_at.to_string()),
            ],
        )
        .await
        .map_err(failed("add a receipt"))
    }

    /// Adds the one reply of a receipt.
    ///
    /// # Errors
    /// [`StoreError::NoSuchReceipt`], [`StoreError::Answered`].
    pub(crate) async fn insert_reply(&mut self, answer: &Answer) -> Result<(), StoreError> {
        let action = "answer a receipt";
        let sql = "SELECT receipts.receipt, coalesce(reply, 0) AS reply \
                   FROM receipts LEFT JOIN replies USING (receipt) WHERE job = $1";
        let found = self.select(sql, [text(&answer.job)], action).await?;
        let Some(row) = found.first() else {
            return Err(StoreError::NoSuchReceipt(answer.job.clone()));
        };
        let answered = || StoreError::Answered(answer.job.clone());
        if row.integer::<u64>("reply")? > 0 {
            return Err(answered());
        }
        let receipt: u64 = row.integer("receipt")?;
        let Reply { status, body, at } = &answer.reply;
        let sql = "INSERT INTO replies (receipt, status, body, at) VALUES ($1, $2, $3, $4)";
        let at = at.to_string();
        let values = [
            integer(receipt),
            integer(*status),
            Value::Bytes(body.clone()),
            text(&at),
        ];
        match self.execute(sql, values).await {
            // Another session answered since the look above.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Err(answered()),
            done => done.map_err(failed(action)),
        }
    }

    /// What is kept under an agency's key.
    pub(crate) async fn receipt_of_key(
        &mut self,
        agency: &Agency,
        key_sha256: &[u8; 32],
    ) -> Result<Option<KeptReceipt>, StoreError> {
        let sql = "SELECT receipts.*, status, body, at FROM receipts LEFT JOIN replies USING (receipt) \
                   WHERE agency = $1 AND key_sha256 = $2";
        let digest = BatchDigest::new(*key_sha256).to_string();
        let rows = self.select(sql, [text(agency.as_str()), text(&digest)], READ);
        rows.await?.first().map(kept_of).transpose()
    }

    /// What a job works on.
    pub(crate) async fn receipt_of_job(
        &mut self,
        job: &str,
    ) -> Result<Option<KeptReceipt>, StoreError> {
        let sql = "SELECT receipts.*, status, body, at FROM receipts LEFT JOIN replies USING (receipt) \
                   WHERE job = $1";
        let rows = self.select(sql, [text(job)], READ).await?;
        rows.first().map(kept_of).transpose()
    }

    /// Receipts without a reply.
    pub(crate) async fn unanswered(&mut self) -> Result<Vec<Receipt>, StoreError> {
        let sql = "SELECT receipts.* FROM receipts LEFT JOIN replies USING (receipt) \
                   WHERE reply IS NULL ORDER BY receipt";
        let rows = self.all(sql, READ).await?;
        rows.iter().map(receipt_of).collect()
    }
}

fn receipt_of(row: &Row) -> Result<Receipt, StoreError> {
    let sha256 = |column| parsed(row, column, |text| BatchDigest::parse(text).ok());
    Ok(Receipt {
        agency: parsed(row, "agency", |text| Agency::new(text).ok())?,
        key_sha256: *sha256("key_sha256")?.bytes(),
        body: sha256("body_sha256")?,
        parameters: row.get("parameters")?,
        job: row.get("job")?,
        uploader: row.get("uploader")?,
        received_at: parsed(row, "received_at", |text| text.parse::<Timestamp>().ok())?,
    })
}

fn kept_of(row: &Row) -> Result<KeptReceipt, StoreError> {
    let reply = match row.maybe_integer("status")? {
        Some(status) => Some(Reply {
            status,
            body: row.get("body")?,
            at: parsed(row, "at", |text| text.parse::<Timestamp>().ok())?,
        }),
        None => None,
    };
    Ok(KeptReceipt {
        receipt: receipt_of(row)?,
        reply,
    })
}
