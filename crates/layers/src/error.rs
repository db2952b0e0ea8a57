//! What can go wrong between a question and its table.

use std::sync::Arc;

use naqsha_store::StoreError;

use crate::ParameterError;

/// A question that got no table.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LayerError {
    /// No layer has this identifier, or the scope does not show it.
    #[error("there is no layer {0:?}")]
    UnknownLayer(String),
    /// No study area has this name.
    #[error("there is no study area {0:?}")]
    UnknownStudyArea(String),
    /// The data has not reached this version.
    #[error("there is no version {0} of the data")]
    UnknownVersion(u64),
    /// A cursor of changes is of a history that this store does not have.
    #[error("there is no such history of the data")]
    HistoryGone,
    /// No feature of the layer has this id.
    #[error("there is no feature {0:?}")]
    UnknownFeature(String),
    /// One or more parameters are wrong; all of them are listed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Parameters(Vec<ParameterError>),
    /// The data are too few or too many for the method: the catalogue makes an answer without features of it.
    #[error("{}", .0.detail)]
    Unanswered(Unanswered),
    /// The study area has too many cells at the resolution, or its geometry is unusable.
    #[error("the study area cannot be covered at this resolution")]
    StudyArea(#[from] naqsha_analytics::StudyAreaError),
    /// Files of the store are damaged, so no count over them would be true.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The store could not be read.
    #[error("reading the store")]
    Store(#[source] Arc<StoreError>),
    /// What the deployment brought beside its records cannot be read.
    #[error("reading what was imported: {0}")]
    Deployment(String),
    /// The statistic cannot be computed on these numbers.
    #[error("computing the statistic: {0}")]
    Statistic(String),
}

/// Why an answer has no features, though its question is one that the layer understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// `too_few_steps`, `too_many_records`, `too_many_pairs` or `too_many_cells`.
    pub code: &'static str,
    /// The same for people, and what to ask instead.
    pub detail: String,
}

impl LayerError {
    /// The data are too few or too many for the method.
    pub(crate) const fn unanswered(code: &'static str, detail: String) -> Self {
        Self::Unanswered(Unanswered { code, detail })
    }

    /// One parameter is wrong, or asks for more than is given.
    pub(crate) fn of_parameter(parameter: &str, reason: String) -> Self {
        Self::Parameters(vec![ParameterError::new(parameter, reason)])
    }
}

impl From<StoreError> for LayerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { path, reason } => {
                Self::Damaged(format!("{} ({reason})", path.display()))
            }
            error => Self::Store(Arc::new(error)),
        }
    }
}
