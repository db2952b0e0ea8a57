//! Keys in the ledger.

use ipnet::IpNet;
use jiff::Timestamp;
use naqsha_model::{Agency, BatchDigest, Role};

use crate::StoreError;
use crate::access::{AccessHeads, AccessKey, AccessKeys, KnownKey};
use crate::event::Act;
use crate::ledger::{Ledger, failed};
use crate::ledger_rows::parsed;
use crate::ledger_statement::{Row, Transaction, Value, integer, text};

impl Ledger {
    /// All keys, as of one moment.
    pub(crate) async fn access_keys(&self) -> Result<AccessKeys, StoreError> {
        let action = "read keys";
        let sql = "SELECT access_keys.*, certificate, coalesce(revocation, 0) AS revocation, at, actor, reason \
                   FROM access_keys LEFT JOIN key_certificates USING (access_key) \
                   LEFT JOIN key_revocations USING (access_key) ORDER BY access_key";
        let mut transaction = self.reading().await?;
        let rows = transaction.all(sql, action).await?;
        transaction.commit(action).await?;
        let (mut keys, mut heads) = (Vec::new(), AccessHeads::default());
        for row in &rows {
            heads.key = heads.key.max(row.integer("access_key")?);
            heads.revocation = heads.revocation.max(row.integer("revocation")?);
            keys.push(known_of(row)?);
        }
        Ok(AccessKeys::new(keys, heads))
    }
}

impl Transaction<'_> {
    /// # Errors
    /// [`StoreError::NoKey`] where the id is taken.
    pub(crate) async fn insert_key(&mut self, key: &AccessKey) -> Result<(), StoreError> {
        let action = "add a key";
        let sql = "SELECT access_key FROM access_keys WHERE id = $1";
        let taken = self.select(sql, [text(&key.id)], action).await?;
        if !taken.is_empty() {
            let (id, why) = (key.id.clone(), "its id is taken");
            return Err(StoreError::NoKey { id, why });
        }
        let networks: Vec<String> = key.networks.iter().map(ToString::to_string).collect();
        self.execute(
            "INSERT INTO access_keys (id, sha256, role, agency, networks, note, created_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                text(&key.id),
                text(&BatchDigest::new(key.sha256).to_string()),
                text(key.role.code()),
                Value::Text(key.agency.as_ref().map(Agency::as_str)),
                text(&networks.join(" ")),
                Value::Text(key.note.as_deref()),
                text(&key.created_by),
                text(&key.created_at.to_string()),
                text(&key.expires_at.to_string()),
            ],
        )
        .await
        .map_err(failed(action))?;
        let Some(certificate) = key.certificate else {
            return Ok(());
        };
        self.execute(
            "INSERT INTO key_certificates (access_key, certificate) \
             SELECT access_key, $2 FROM access_keys WHERE id = $1",
            [
                text(&key.id),
                text(&BatchDigest::new(certificate).to_string()),
            ],
        )
        .await
        .map_err(failed(action))
    }

    /// # Errors
    /// [`StoreError::NoKey`] where there is no such key, or it is revoked.
    pub(crate) async fn insert_revocation(
        &mut self,
        id: &str,
        act: &Act,
    ) -> Result<(), StoreError> {
        let action = "revoke a key";
        let no_key = |why| StoreError::NoKey {
            id: id.to_owned(),
            why,
        };
        let sql = "SELECT access_keys.access_key, coalesce(revocation, 0) AS revocation \
                   FROM access_keys LEFT JOIN key_revocations USING (access_key) WHERE id = $1";
        let found = self.select(sql, [text(id)], action).await?;
        let row = found.first().ok_or_else(|| no_key("there is none"))?;
        if row.integer::<u64>("revocation")? > 0 {
            return Err(no_key("it is revoked already"));
        }
        let key: u64 = row.integer("access_key")?;
        self.execute(
            "INSERT INTO key_revocations (access_key, at, actor, reason) VALUES ($1, $2, $3, $4)",
            [
                integer(key),
                text(&act.at.to_string()),
                text(&act.actor),
                text(&act.reason),
            ],
        )
        .await
        .map_err(failed(action))
    }
}

fn known_of(row: &Row) -> Result<KnownKey, StoreError> {
    let at = |text: &str| text.parse::<Timestamp>().ok();
    let agency: Option<&str> = row.get("agency")?;
    let agency = match agency {
        Some(_) => Some(parsed(row, "agency", |text| Agency::new(text).ok())?),
        None => None,
    };
    let certificate = match row.get::<Option<&str>>("certificate")? {
        Some(_) => Some(*parsed(row, "certificate", |text| BatchDigest::parse(text).ok())?.bytes()),
        None => None,
    };
    let key = AccessKey {
        id: row.get("id")?,
        sha256: *parsed(row, "sha256", |text| BatchDigest::parse(text).ok())?.bytes(),
        role: parsed(row, "role", |text| Role::parse(text).ok())?,
        agency,
        networks: parsed(row, "networks", |text| {
            let networks = text.split_whitespace().map(str::parse::<IpNet>);
            networks.collect::<Result<_, _>>().ok()
        })?,
        certificate,
        note: row.get("note")?,
        created_by: row.get("created_by")?,
        created_at: parsed(row, "created_at", at)?,
        expires_at: parsed(row, "expires_at", at)?,
    };
    let revoked = if row.integer::<u64>("revocation")? > 0 {
        Some(Act {
            actor: row.get("actor")?,
            reason: row.get("reason")?,
            at: parsed(row, "at", at)?,
        })
    } else {
        None
    };
    Ok(KnownKey { key, revoked })
}
