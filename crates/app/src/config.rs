//! `naqsha.toml`: every key has a default, an unknown key is refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use h3o::Resolution;
use naqsha_http::IpNet;
use naqsha_layers::Defaults;
use naqsha_model::Role;
use naqsha_store::{FilesAt, FilesAtError, LedgerAt, LedgerAtError, Places};
use serde::Deserialize;

use crate::commands::KEY_DAYS;
use crate::exit::Usage;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) store: StoreSection,
    pub(crate) server: Server,
    pub(crate) auth: Auth,
    pub(crate) policy: Policy,
    pub(crate) analysis: Analysis,
    pub(crate) audit: Audit,
}

/// `[store]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreSection {
    /// `sqlite`, in the store's folder, or the address of a PostgreSQL database.
    pub(crate) ledger: Ledger,
    /// `folder`, the store's own, or a prefix of a bucket on S3.
    pub(crate) files: Files,
}

/// Where the ledger is; read from a text.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Ledger(pub(crate) LedgerAt);

impl TryFrom<String> for Ledger {
    type Error = LedgerAtError;

    fn try_from(text: String) -> Result<Self, LedgerAtError> {
        text.parse().map(Self)
    }
}

/// Where the batch files are; read from a text.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Files(FilesAt);

impl TryFrom<String> for Files {
    type Error = FilesAtError;

    fn try_from(text: String) -> Result<Self, FilesAtError> {
        text.parse().map(Self)
    }
}

/// `[server]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// Address of the service.
    pub(crate) listen: Option<SocketAddr>,
    /// Address of the operator's own listener, which has `/metrics`; none without it.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Base of absolute links; else the request's Host.
    pub(crate) public_url: Option<String>,
    /// Origins that may read answers in a browser; else any.
    pub(crate) cors_origins: Option<Vec<String>>,
    /// Networks of proxies that are believed about where a request comes from.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Certificate and key; plain HTTP without them.
    pub(crate) tls: Option<TlsFiles>,
    /// How much one asker may.
    pub(crate) limits: ServerLimits,
}

/// `[server] tls`: files in PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsFiles {
    /// The service's certificate, and those that vouch for it.
    pub(crate) cert: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
    /// The authorities that vouch for clients' certificates; none is asked for without.
    pub(crate) client_ca: Option<PathBuf>,
    /// The lists of certificates that these authorities have revoked.
    pub(crate) client_crl: Option<PathBuf>,
    /// Whether a client without a certificate is not spoken with at all.
    #[serde(default)]
    pub(crate) client_required: bool,
}

/// `[server.limits]`; what is not said is as it is built in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerLimits {
    /// Requests a minute of one key, or of one address without a key; 0 is no limit.
    pub(crate) requests_per_minute: Option<u32>,
    /// Computations that may wait for their turn: fewer make an overloaded service refuse sooner and answer what it takes faster.
    pub(crate) waiting: Option<usize>,
    /// Connections at the same time.
    pub(crate) connections: Option<usize>,
    /// Connections at the same time from one address.
    pub(crate) connections_per_address: Option<usize>,
    /// Mebibytes that stay free on the disk: an upload that would take them is refused.
    pub(crate) free_mib: Option<u64>,
}

/// `[auth]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Auth {
    /// Role of a request without a key.
    pub(crate) anonymous_role: AnonymousRole,
    /// Whether a key may come as `token` in an address.
    pub(crate) query_token: bool,
    /// Days that a key is good for at most.
    pub(crate) key_days: Option<u16>,
    /// Whose access tokens are taken beside keys.
    pub(crate) oidc: Option<Oidc>,
}

/// `[auth.oidc]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oidc {
    /// Address of the issuer, as its tokens have it.
    pub(crate) issuer: String,
    /// What its tokens are meant for.
    pub(crate) audience: String,
}

/// A role that needs no key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AnonymousRole {
    #[default]
    Public,
    Analyst,
}

impl From<AnonymousRole> for Role {
    fn from(role: AnonymousRole) -> Self {
        match role {
            AnonymousRole::Public => Self::Public,
            AnonymousRole::Analyst => Self::Analyst,
        }
    }
}

/// `[audit]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Audit {
    /// File that signed checkpoints are appended to; else in the store's folder.
    pub(crate) checkpoints: Option<PathBuf>,
}

/// `[policy]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Policy {
    /// Whether a second person has to confirm what is done to a batch over HTTP.
    pub(crate) four_eyes: bool,
}

impl ServerLimits {
    /// Bytes that stay free.
    pub(crate) fn free_bytes(&self) -> u64 {
        self.free_mib
            .map_or(64 << 20, |mib| mib.saturating_mul(1 << 20))
    }
}

/// `[analysis]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Analysis {
    /// Study area of a question that names none.
    pub(crate) study_area: Option<String>,
    /// Resolution of a question that names none.
    pub(crate) resolution: Option<u8>,
    /// Permutations of the Monte-Carlo null.
    pub(crate) permutations: Option<u32>,
}

impl Config {
    /// Reads the file named on the command line, else `naqsha.toml` where there is one, else the defaults.
    pub(crate) fn load(named: Option<&Path>) -> anyhow::Result<Self> {
        let path = named.unwrap_or(Path::new("naqsha.toml"));
        if named.is_none() && !path.exists() {
            return Ok(Self::default());
        }
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Ok(parse(&text).map_err(|why| Usage(format!("{}: {why}", path.display())))?)
    }

    /// Where the parts of the store are. Endpoint, region and credentials of a bucket are in the environment, under the
    /// names that AWS's own tools read.
    pub(crate) fn places(&self) -> Places {
        // A variable that is no text is none of theirs.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Places {
            ledger: self.store.ledger.0.clone(),
            files: self.store.files.0.clone().with_environment(variables),
        }
    }

    /// Days that a key is good for at most.
    pub(crate) fn key_days(&self) -> u16 {
        self.auth.key_days.unwrap_or(KEY_DAYS)
    }

    /// What layers fall back on.
    pub(crate) fn defaults(&self) -> anyhow::Result<Defaults> {
        let resolution = match self.analysis.resolution {
            None => None,
            Some(r @ 3..=9) => Resolution::try_from(r).ok(),
            Some(r) => {
                return Err(Usage(format!("[analysis] resolution is 3 to 9, not {r}")).into());
            }
        };
        let builtin = Defaults::default();
        Ok(Defaults {
            study_area: self.analysis.study_area.clone(),
            resolution,
            permutations: self.analysis.permutations.unwrap_or(builtin.permutations),
        })
    }
}

/// What is wrong is told by its line's number and without the line: a password may stand in it.
fn parse(text: &str) -> Result<Config, String> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = 1 + before.map_or(0, |before| before.matches('\n').count());
        format!("line {line}: {}", error.message())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_in_no_message_and_in_no_log() {
        let ledger = |value: &str| parse(&format!("[store]\nledger = {value}\n"));
        let config = ledger("\"postgres://naqsha:s3cret@db/naqsha\"").unwrap();
        let LedgerAt::Postgres(url) = &config.store.ledger.0 else {
            panic!("{config:?}")
        };
        assert_eq!(url.to_string(), "postgres://naqsha@db:5432/naqsha");
        assert!(!format!("{config:?}").contains("s3cret"));
        for wrong in [
            "\"postgres://naqsha:s3cret@db/naqsha",
            "\"postgres://naqsha:s3cret@db:port/naqsha\"",
            "\"postgres://naqsha:s3?cret@db/naqsha\"",
            "\"postgres://naqsha@db/naqsha?passwort=s3cret\"",
            "\"mysql://naqsha:s3cret@db/naqsha\"",
            "[\"postgres://naqsha:s3cret@db/naqsha\"]",
        ] {
            let told = ledger(wrong).unwrap_err();
            assert!(told.starts_with("line 2: "), "{told}");
            assert!(!told.contains("cret"), "{told}");
        }
    }

    #[test]
    fn credentials_in_the_address_of_a_bucket_are_refused_and_not_repeated() {
        let files = |value: &str| parse(&format!("[store]\nfiles = {value}\n"));
        let config = files("\"s3://incidents/north\"").unwrap();
        let FilesAt::S3(url) = config.places().files else {
            panic!("{config:?}")
        };
        assert_eq!(url.to_string(), "s3://incidents/north");
        for wrong in [
            "\"s3://KEY:s3cret@incidents/north\"",
            "\"s3://incidents/north?secret=s3cret\"",
            "\"s3://incidents/s3cret",
            "[\"s3://s3cret\"]",
            "\"/srv/s3cret\"",
        ] {
            let told = files(wrong).unwrap_err();
            assert!(told.starts_with("line 2: "), "{told}");
            assert!(!told.contains("cret"), "{told}");
        }
    }

    #[test]
    fn unknown_keys_are_refused_and_every_key_has_a_default() {
        assert!(toml::from_str::<Config>("[server]\nport = 1").is_err());
        let config: Config = toml::from_str("[auth]\nanonymous_role = \"analyst\"").unwrap();
        assert_eq!(config.auth.anonymous_role, AnonymousRole::Analyst);
        assert_eq!(Config::default().auth.anonymous_role, AnonymousRole::Public);
        assert_eq!(config.defaults().unwrap(), Defaults::default());
    }
}
