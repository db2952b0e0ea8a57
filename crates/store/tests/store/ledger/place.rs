//! A place for a store: a folder, and a ledger in it or in a database of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use naqsha_store::{LedgerAt, Places, Store, StoreError};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::postgres::Cluster;
use crate::support::wait;

pub(super) struct Place {
    folder: TempDir,
    pub(super) ledger: LedgerAt,
    database: Option<(Arc<Cluster>, String)>,
}

/// The ledger there, all else in the folder.
pub(super) fn on(ledger: &LedgerAt) -> Places {
    Places {
        ledger: ledger.clone(),
        ..Places::default()
    }
}

impl Place {
    pub(super) fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            ledger: LedgerAt::Folder,
            database: None,
        }
    }

    /// None where there is no PostgreSQL, after saying that the test is skipped.
    #[expect(clippy::print_stdout, reason = "a skipped test must be seen")]
    pub(super) fn postgres(test: &str) -> Option<Self> {
        let cluster = match Cluster::shared() {
            Ok(cluster) => cluster,
            Err(reason) => {
                println!("SKIPPED {test} (ledger on PostgreSQL): {reason}");
                return None;
            }
        };
        let name = cluster.database();
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
            ledger: cluster.url(&name).parse().unwrap(),
            database: Some((cluster, name)),
        })
    }

    /// Another folder with the same ledger.
    pub(super) fn elsewhere(&self) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            ledger: self.ledger.clone(),
            database: self.database.clone(),
        }
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.database.as_ref().unwrap().0
    }

    pub(super) fn database(&self) -> &str {
        &self.database.as_ref().unwrap().1
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.database.is_some()
    }

    pub(super) fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn create(&self) -> Store {
        wait(Store::create_with(self.dir(), &on(&self.ledger))).unwrap()
    }

    pub(super) fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub(super) fn try_open(&self) -> Result<Store, StoreError> {
        wait(Store::open_with(self.dir(), &on(&self.ledger)))
    }

    /// The folder's files, with what is in them.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.dir().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.clone(), std::fs::read(path).unwrap());
                }
            }
        }
        found
    }

    /// Names of the Parquet files, finished or not.
    pub(super) fn parquet(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.dir().join("incidents")).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Runs a statement on the ledger, as another program would.
    pub(super) fn execute(&self, sql: &'static str) -> Result<(), String> {
        if let Some((cluster, database)) = &self.database {
            return cluster.try_execute(database, sql).map(drop);
        }
        wait(async {
            let options = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(self.dir().join("ledger.sqlite"));
            let mut connection = options.connect().await.unwrap();
            let done = sqlx::raw_sql(sql).execute(&mut connection).await;
            connection.close().await.unwrap();
            done.map(drop).map_err(|error| error.to_string())
        })
    }

    /// Makes the ledger refuse the rows of a batch's files, or takes them again.
    pub(super) fn refuse_files(&self, refused: bool) {
        let sql = match (self.is_postgres(), refused) {
            (false, true) => {
                "CREATE TRIGGER refuse BEFORE INSERT ON files BEGIN SELECT raise(ABORT, 'refused'); END"
            }
            (true, true) => {
                "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
                 CREATE TRIGGER refuse BEFORE INSERT ON files FOR EACH ROW EXECUTE FUNCTION refused()"
            }
            (false, false) => "DROP TRIGGER refuse",
            (true, false) => "DROP TRIGGER refuse ON files",
        };
        self.execute(sql).unwrap();
    }
}
