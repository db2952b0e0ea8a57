//! A place for a store: a folder with all of it, or with its batch files in a bucket of their own.

use std::path::Path;
use std::sync::Arc;

use naqsha_store::{Backup, FilesAt, Places, Scrub, Store, StoreError};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

use super::s3::{S3, environment};
use crate::support::wait;

/// What the names of objects begin with.
const PREFIX: &str = "police/north";

pub(super) struct Place {
    folder: TempDir,
    pub(super) places: Places,
    bucket: Option<(Arc<S3>, String)>,
}

/// A bucket's prefix with the environment of a server on a port.
pub(super) fn at(bucket: &str, prefix: &str, port: u16) -> Places {
    let files: FilesAt = format!("s3://{bucket}/{prefix}").parse().unwrap();
    let variables = environment(port).map(|(name, value)| (name.to_owned(), value));
    Places {
        files: files.with_environment(variables),
        ..Places::default()
    }
}

impl Place {
    pub(super) fn folder() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            places: Places::default(),
            bucket: None,
        }
    }

    /// None where there is no S3 server, after saying that the test is skipped.
    #[expect(clippy::print_stdout, reason = "a skipped test must be seen")]
    pub(super) fn bucket(test: &str) -> Option<Self> {
        let server = match S3::shared() {
            Ok(server) => server,
            Err(reason) => {
                println!("SKIPPED {test} (batch files on S3): {reason}");
                return None;
            }
        };
        let bucket = server.bucket();
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
            places: at(&bucket, PREFIX, server.port()),
            bucket: Some((server, bucket)),
        })
    }

    /// An empty place of the same kind.
    pub(super) fn another(&self) -> Self {
        let bucket = self.bucket.as_ref().map(|(server, _)| {
            let bucket = server.bucket();
            (Arc::clone(server), bucket)
        });
        let places = bucket
            .as_ref()
            .map(|(server, bucket)| at(bucket, PREFIX, server.port()));
        Self {
            folder: tempfile::tempdir().unwrap(),
            places: places.unwrap_or_default(),
            bucket,
        }
    }

    pub(super) fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn server(&self) -> &S3 {
        &self.bucket.as_ref().unwrap().0
    }

    pub(super) fn bucket_name(&self) -> &str {
        &self.bucket.as_ref().unwrap().1
    }

    /// The same prefix through another port.
    pub(super) fn through(&self, port: u16) -> Places {
        at(self.bucket_name(), PREFIX, port)
    }

    pub(super) fn create(&self) -> Store {
        wait(Store::create_with(self.dir(), &self.places)).unwrap()
    }

    pub(super) fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub(super) fn try_open(&self) -> Result<Store, StoreError> {
        wait(Store::open_with(self.dir(), &self.places))
    }

    pub(super) fn scrub(&self) -> Scrub {
        wait(Store::scrub(self.dir(), &self.places)).unwrap()
    }

    pub(super) fn backup(&self, out: &Path) -> Result<Backup, StoreError> {
        wait(Store::backup(self.dir(), &self.places, out))
    }

    /// Names of the files or objects of batches, unfinished ones too, in order.
    pub(super) fn names(&self) -> Vec<String> {
        if let Some((server, bucket)) = &self.bucket {
            let prefix = format!("{PREFIX}/incidents/");
            let names = server.names(bucket, &prefix).into_iter();
            return names
                .map(|name| name.strip_prefix(&prefix).unwrap().to_owned())
                .collect();
        }
        let found = std::fs::read_dir(self.dir().join("incidents")).unwrap();
        let mut names: Vec<String> = found
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        match &self.bucket {
            Some((server, bucket)) => server
                .object(bucket, &format!("{PREFIX}/incidents/{name}"))
                .unwrap(),
            None => std::fs::read(self.dir().join("incidents").join(name)).unwrap(),
        }
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        match &self.bucket {
            Some((server, bucket)) => {
                server.put(bucket, &format!("{PREFIX}/incidents/{name}"), bytes);
            }
            None => std::fs::write(self.dir().join("incidents").join(name), bytes).unwrap(),
        }
    }

    pub(super) fn remove(&self, name: &str) {
        match &self.bucket {
            Some((server, bucket)) => {
                server.remove(bucket, &format!("{PREFIX}/incidents/{name}"));
            }
            None => std::fs::remove_file(self.dir().join("incidents").join(name)).unwrap(),
        }
    }

    /// What people are told a file is called.
    pub(super) fn told(&self, name: &str) -> std::path::PathBuf {
        match &self.bucket {
            Some((_, bucket)) => format!("s3://{bucket}/{PREFIX}/incidents/{name}").into(),
            None => Path::new("incidents").join(name),
        }
    }

    /// Makes every index anew from the file, as a start does that finds none.
    pub(super) fn forget_indexes(&self) {
        std::fs::remove_dir_all(self.dir().join("index")).ok();
    }

    /// Makes the ledger refuse the rows of a batch's files, or takes them again.
    pub(super) fn refuse_files(&self, refused: bool) {
        self.execute(if refused {
            "CREATE TRIGGER refuse BEFORE INSERT ON files BEGIN SELECT raise(ABORT, 'refused'); END"
        } else {
            "DROP TRIGGER refuse"
        });
    }

    /// Leaves a million bytes and more of free pages in the ledger.
    pub(super) fn leave_free_pages(&self) {
        self.execute("CREATE TABLE more AS SELECT randomblob(2000000) AS bytes; DROP TABLE more");
    }

    fn execute(&self, sql: &'static str) {
        wait(async {
            let options = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(self.dir().join("ledger.sqlite"));
            let mut connection = options.connect().await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
    }
}
