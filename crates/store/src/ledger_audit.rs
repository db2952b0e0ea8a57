//! The audit log in the ledger.

use jiff::Timestamp;
use naqsha_model::{Agency, AuditAction, AuditDecision, Role};

use crate::StoreError;
use crate::audit::{AuditHead, AuditRecord, By, Content, FIRST, KeptRecord, from_hex, hex};
use crate::ledger::{Ledger, failed};
use crate::ledger_postgres;
use crate::ledger_rows::parsed;
use crate::ledger_statement::{Row, Transaction, Value, integer, text};

const READ: &str = "read the audit log";

impl Ledger {
    /// The last record.
    pub(crate) async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        let mut transaction = self.reading().await?;
        let head = transaction.audit_head().await?;
        transaction.commit(READ).await?;
        Ok(head)
    }

    /// Adds a record by itself, with the version that there is.
    pub(crate) async fn audit(&self, told: AuditRecord) -> Result<(), StoreError> {
        let mut transaction = self.adding().await?;
        let unsealed = transaction.unsealed().await?;
        let row = transaction.one("SELECT version FROM meta", "read the version");
        let version = row.await?.integer("version")?;
        transaction
            .append_audit(&[AuditRecord { version, ..told }])
            .await?;
        transaction.seal(unsealed, &[]).await?;
        transaction.commit("commit").await
    }
}

impl Transaction<'_> {
    async fn audit_head(&mut self) -> Result<AuditHead, StoreError> {
        let sql = "SELECT record, sha256 FROM audit ORDER BY record DESC LIMIT 1";
        let rows = self.all(sql, READ).await?;
        let Some(row) = rows.first() else {
            let (record, sha256) = (0, FIRST);
            return Ok(AuditHead { record, sha256 });
        };
        Ok(AuditHead {
            record: row.integer("record")?,
            sha256: parsed(row, "sha256", from_hex)?,
        })
    }

    /// Adds records behind the last one. On a server, others wait from here to the commit, so this comes last.
    pub(crate) async fn append_audit(&mut self, records: &[AuditRecord]) -> Result<(), StoreError> {
        if let Self::Postgres(session) = self {
            ledger_postgres::lock_audit(session).await?;
        }
        let mut head = self.audit_head().await?;
        for record in records {
            let number = head.record + 1;
            let content = record.content(number);
            let sha256 = content.digest(&head.sha256);
            self.insert_audit(&content, sha256)
                .await
                .map_err(failed("add to the audit log"))?;
            head = AuditHead {
                record: number,
                sha256,
            };
        }
        Ok(())
    }

    async fn insert_audit(
        &mut self,
        content: &Content,
        sha256: [u8; 32],
    ) -> Result<(), sqlx::Error> {
        self.execute(
            "INSERT INTO audit (record, at, subject, agency, role, action, resource, row_count, decision, purpose, \
             request, version, times, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            [
                integer(content.record),
                text(&content.at),
                text(&content.subject),
                Value::Text(content.agency.as_deref()),
                text(&content.role),
                text(&content.action),
                text(&content.resource),
                Value::Integer(content.rows),
                text(&content.decision),
                Value::Text(content.purpose.as_deref()),
                Value::Text(content.request.as_deref()),
                integer(content.version),
                integer(content.times),
                text(&hex(sha256)),
            ],
        )
        .await
    }

    /// Records beyond a number, with their digests as they stand there.
    pub(crate) async fn audit_page(
        &mut self,
        since: i64,
        most: u32,
    ) -> Result<Vec<(Content, String)>, StoreError> {
        let rows = self.audit_rows(since, most).await?;
        let page = rows
            .iter()
            .map(|row| Ok((content_of(row)?, row.get("sha256")?)));
        page.collect()
    }

    /// Records beyond a number, as they are told.
    pub(crate) async fn audit_records(
        &mut self,
        since: u64,
        most: u32,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let rows = self.audit_rows(since, most).await?;
        rows.iter().map(kept_of).collect()
    }

    async fn audit_rows(&mut self, since: i64, most: u32) -> Result<Vec<Row>, StoreError> {
        let sql = "SELECT * FROM audit WHERE record > $1 ORDER BY record LIMIT $2";
        self.select(sql, [integer(since), integer(most)], READ)
            .await
    }
}

fn content_of(row: &Row) -> Result<Content, StoreError> {
    Ok(Content {
        record: row.get("record")?,
        at: row.get("at")?,
        subject: row.get("subject")?,
        agency: row.get("agency")?,
        role: row.get("role")?,
        action: row.get("action")?,
        resource: row.get("resource")?,
        rows: row.get("row_count")?,
        decision: row.get("decision")?,
        purpose: row.get("purpose")?,
        request: row.get("request")?,
        version: row.get("version")?,
        times: row.get("times")?,
    })
}

fn kept_of(row: &Row) -> Result<KeptRecord, StoreError> {
    let agency: Option<String> = row.get("agency")?;
    let agency = match agency {
        Some(_) => Some(parsed(row, "agency", |text| Agency::new(text).ok())?),
        None => None,
    };
    let told = AuditRecord {
        at: parsed(row, "at", |text| text.parse::<Timestamp>().ok())?,
        by: By {
            subject: row.get("subject")?,
            agency,
            role: parsed(row, "role", |text| Role::parse(text).ok())?,
            purpose: row.get("purpose")?,
            request: row.get("request")?,
        },
        action: parsed(row, "action", |text| AuditAction::parse(text).ok())?,
        resource: row.get("resource")?,
        rows: row.maybe_integer("row_count")?,
        decision: parsed(row, "decision", |text| AuditDecision::parse(text).ok())?,
        version: row.integer("version")?,
        times: row.integer("times")?,
    };
    Ok(KeptRecord {
        record: row.integer("record")?,
        told,
        sha256: parsed(row, "sha256", from_hex)?,
    })
}
