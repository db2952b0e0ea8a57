//! Where a store's parts are kept, as a configuration names it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::LedgerAt;

/// Where the parts of a store are that need not be in its folder.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The ledger.
    pub ledger: LedgerAt,
    /// The batch files.
    pub files: FilesAt,
}

/// Where a store's batch files are kept.
///
/// ```
/// use naqsha_store::FilesAt;
///
/// let files: FilesAt = "s3://incidents/naqsha/north".parse().unwrap();
/// assert_eq!(format!("{files:?}"), "S3(s3://incidents/naqsha/north)");
/// assert!(matches!("folder".parse(), Ok(FilesAt::Folder)));
/// assert!("s3://key:secret@incidents".parse::<FilesAt>().is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub enum FilesAt {
    /// The store's folder.
    #[default]
    Folder,
    /// Objects of a bucket on S3, or on a server that speaks it.
    S3(S3Url),
}

/// A prefix of a bucket, with what is needed to use it. Printed without that.
#[derive(Clone)]
pub struct S3Url {
    pub(crate) bucket: String,
    /// Without slashes at its ends; may be empty.
    pub(crate) prefix: String,
    /// Endpoint, region, credentials: the variables that AWS's own tools read, by name.
    pub(crate) settings: Arc<Vec<(String, String)>>,
}

/// A text that names no place of batch files. It does not repeat the text, in which a secret may stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesAtError {
    /// Neither `folder` nor the address of a bucket.
    #[error("batch files are in the `folder` or in s3://BUCKET/PREFIX")]
    Unknown,
    /// Characters that a bucket's name cannot have, or that are not the same in every part of S3.
    #[error(
        "a bucket has 3 to 63 of a-z, 0-9, `.` and `-`, each folder of a prefix a-z, A-Z, 0-9, `.`, `_` and `-`; credentials \
         are in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
    )]
    Address,
}

/// Longest prefix in bytes: a name has at most 1,024, of which a file's own part takes 150.
const LONGEST_PREFIX: usize = 512;

impl FilesAt {
    /// The same place with endpoint, region and credentials from environment variables: those whose names begin with `AWS_`
    /// are kept, as AWS's own tools read them.
    #[must_use]
    pub fn with_environment(self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let Self::S3(url) = self else {
            return self;
        };
        let aws = |(name, _): &(String, String)| name.starts_with("AWS_");
        let settings = variables.into_iter().filter(aws).collect();
        Self::S3(S3Url {
            settings: Arc::new(settings),
            ..url
        })
    }
}

impl FromStr for FilesAt {
    type Err = FilesAtError;

    /// `folder`, or `s3://BUCKET/PREFIX`.
    fn from_str(text: &str) -> Result<Self, FilesAtError> {
        if text == "folder" {
            return Ok(Self::Folder);
        }
        let address = text.strip_prefix("s3://").ok_or(FilesAtError::Unknown)?;
        let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let in_bucket = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '-');
        let in_prefix = |c: char| in_bucket(c) || matches!(c, 'A'..='Z' | '_');
        let folders = || prefix.split('/').filter(|_| !prefix.is_empty());
        let is_right = (3..=63).contains(&bucket.len())
            && bucket.chars().all(in_bucket)
            && prefix.len() <= LONGEST_PREFIX
            && folders()
                .all(|folder| !matches!(folder, "" | "." | "..") && folder.chars().all(in_prefix));
        if !is_right {
            return Err(FilesAtError::Address);
        }
        Ok(Self::S3(S3Url {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            settings: Arc::default(),
        }))
    }
}

impl S3Url {
    /// A setting by its name.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        let named = |(known, _): &&(String, String)| known == name;
        let (_, value) = self.settings.iter().find(named)?;
        Some(value)
    }
}

impl fmt::Display for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if self.prefix.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.prefix)
    }
}

impl fmt::Debug for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, FilesAtError> {
        match text.parse()? {
            FilesAt::Folder => Ok("folder".to_owned()),
            FilesAt::S3(url) => Ok(url.to_string()),
        }
    }

    #[test]
    fn a_place_is_the_folder_or_a_prefix_of_a_bucket() {
        for (text, place) in [
            ("folder", "folder"),
            ("s3://incidents", "s3://incidents"),
            ("s3://incidents/", "s3://incidents"),
            ("s3://in.ci-dents/a/B_1/", "s3://in.ci-dents/a/B_1"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(place), "{text}");
        }
        let long = format!("s3://incidents/{}", "a".repeat(LONGEST_PREFIX + 1));
        for text in [
            "s3://ab",
            "s3://Incidents",
            "s3://incidents//a",
            "s3://incidents/a/../b",
            "s3://incidents/a b",
            "s3://incidents/a?b=c",
            "s3://KEY:s3cret@incidents/a",
            &long,
        ] {
            assert_eq!(parsed(text), Err(FilesAtError::Address), "{text}");
        }
        for text in ["", "sqlite", "/var/incidents", "http://incidents/a"] {
            assert_eq!(parsed(text), Err(FilesAtError::Unknown), "{text}");
        }
    }

    #[test]
    fn credentials_are_kept_and_not_printed() {
        let variables = [("AWS_SECRET_ACCESS_KEY", "s3cret"), ("HOME", "elsewhere")];
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let files: FilesAt = "s3://incidents".parse().unwrap();
        let files = files.with_environment(owned);
        assert_eq!(format!("{files:?}"), "S3(s3://incidents)");
        let FilesAt::S3(url) = files else { panic!() };
        assert_eq!(url.setting("AWS_SECRET_ACCESS_KEY"), Some("s3cret"));
        assert_eq!(url.setting("HOME"), None);
    }
}
