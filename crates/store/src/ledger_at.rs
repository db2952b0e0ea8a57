//! Where a store's ledger is kept, as a configuration names it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

/// Where a store's ledger is kept.
///
/// ```
/// use naqsha_store::LedgerAt;
///
/// let ledger: LedgerAt = "postgres://naqsha:secret@db.example/naqsha".parse().unwrap();
/// assert_eq!(format!("{ledger:?}"), "Postgres(postgres://naqsha@db.example:5432/naqsha)");
/// assert!(matches!("sqlite".parse(), Ok(LedgerAt::Folder)));
/// assert!("mysql://db.example/naqsha".parse::<LedgerAt>().is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub enum LedgerAt {
    /// An `SQLite` file in the store's folder: one machine.
    #[default]
    Folder,
    /// A PostgreSQL server: several nodes that share the folder of files.
    Postgres(PostgresUrl),
}

/// A PostgreSQL database with what is needed to connect to it. Printed without the password.
#[derive(Clone)]
pub struct PostgresUrl(pub(crate) Arc<PgConnectOptions>);

/// A text that names no ledger. It does not repeat the text, in which a password may stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerAtError {
    /// Neither `sqlite` nor the address of a PostgreSQL database.
    #[error("a ledger is `sqlite` or postgres://USER@HOST/DATABASE")]
    Unknown,
    /// An address that cannot be read.
    #[error(
        "the address of the ledger is not a URL: a password's special characters are written %XX"
    )]
    Address,
    /// A parameter of the address that says nothing, or a `?` in a password.
    #[error("the address of the ledger has an unknown parameter; known are {}", PARAMETERS.join(", "))]
    Parameter,
}

/// What may stand behind the `?` of an address. Others would be passed over, with their values in the log.
const PARAMETERS: [&str; 10] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "options",
];

impl FromStr for LedgerAt {
    type Err = LedgerAtError;

    /// `sqlite`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`.
    fn from_str(text: &str) -> Result<Self, LedgerAtError> {
        if text == "sqlite" {
            return Ok(Self::Folder);
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(LedgerAtError::Unknown);
        }
        let parameters = text
            .split_once('?')
            .map_or("", |(_, parameters)| parameters);
        for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
            let key = pair.split_once('=').map_or(pair, |(key, _)| key);
            if !PARAMETERS.contains(&key) {
                return Err(LedgerAtError::Parameter);
            }
        }
        let options = text.parse::<PgConnectOptions>();
        let options = options.map_err(|_in_other_words| LedgerAtError::Address)?;
        let options = options
            .application_name("naqsha")
            .disable_statement_logging();
        Ok(Self::Postgres(PostgresUrl(Arc::new(options))))
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.0;
        let database = options
            .get_database()
            .unwrap_or_else(|| options.get_username());
        write!(f, "postgres://{}@", options.get_username())?;
        match options.get_socket() {
            Some(socket) => write!(f, "{}", socket.display())?,
            None => write!(f, "{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{database}")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
