//! Which failure gives which exit code.

use std::process::ExitCode;

use naqsha_intake::PeriodError;
use naqsha_layers::LayerError;
use naqsha_store::StoreError;

use crate::stats::StatsError;

/// The arguments cannot be understood: exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// A rule refuses what was asked, although it was understood: exit 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

/// Something is not as it was written: exit 4.
#[derive(Debug, thiserror::Error)]
#[error("the store is damaged: {0}")]
pub(crate) struct Damaged(pub(crate) String);

/// Prints the chain of causes on stderr and gives the exit code.
#[expect(
    clippy::print_stderr,
    reason = "the one place where the program reports its failure"
)]
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("naqsha: {error:#}");
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<Usage>() || cause.is::<PeriodError>() {
            return 2;
        }
        if cause.is::<Refused>() {
            return 3;
        }
        if cause.is::<Damaged>() {
            return 4;
        }
        if let Some(StatsError::Usage(_)) = cause.downcast_ref() {
            return 2;
        }
        match cause.downcast_ref() {
            Some(LayerError::Damaged(_)) => return 4,
            Some(
                LayerError::Parameters(_)
                | LayerError::UnknownLayer(_)
                | LayerError::UnknownStudyArea(_)
                | LayerError::UnknownVersion(_)
                | LayerError::HistoryGone
                | LayerError::StudyArea(_),
            ) => return 2,
            Some(
                LayerError::UnknownFeature(_)
                | LayerError::Store(_)
                | LayerError::Deployment(_)
                | LayerError::Unanswered(_)
                | LayerError::Statistic(_),
            )
            | None => {}
        }
        match cause.downcast_ref() {
            Some(error) if error.is_damage() => return 4,
            Some(StoreError::Refused { .. } | StoreError::NotNil { .. }) => return 3,
            Some(
                StoreError::NoSuchBatch(_)
                | StoreError::NoSuchRecord { .. }
                | StoreError::NoSuchLink(_)
                | StoreError::NoKey { .. },
            ) => return 2,
            _ => {}
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_anywhere_in_the_chain_decides() {
        let refused = anyhow::Error::new(Refused("batch held".to_owned())).context("ingesting");
        assert_eq!(code(&refused), 3);
        assert_eq!(code(&anyhow::anyhow!("disk")), 1);
        assert_eq!(
            code(&anyhow::Error::new(LayerError::Damaged("x".to_owned()))),
            4
        );
        assert_eq!(code(&anyhow::Error::new(Usage("x".to_owned()))), 2);
    }
}
