//! What a deployment brought beside its records: read when a question first needs it, and once.

use std::fmt;
use std::sync::OnceLock;

use crate::error::LayerError;
use crate::population::Population;
use crate::regions::Regions;
use crate::statutes::Sentences;

type Read<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// Something that is read once; a failure stays until the program starts anew.
struct Once<T> {
    read: Read<T>,
    done: OnceLock<Result<T, String>>,
}

impl<T> Once<T> {
    fn new(read: impl Fn() -> Result<T, String> + Send + Sync + 'static) -> Self {
        Self {
            read: Box::new(read),
            done: OnceLock::new(),
        }
    }

    fn get(&self) -> Result<&T, LayerError> {
        let done = self.done.get_or_init(|| (self.read)());
        done.as_ref()
            .map_err(|reason| LayerError::Deployment(reason.clone()))
    }
}

/// The population, the regions and the sentences of a deployment.
pub struct Deployment {
    population: Once<Option<Population>>,
    regions: Once<Regions>,
    sentences: Option<Sentences>,
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deployment").finish_non_exhaustive()
    }
}

impl Default for Deployment {
    /// One that brought nothing.
    fn default() -> Self {
        Self::new(|| Ok(None), || Ok(Regions::default()))
    }
}

impl Deployment {
    /// Takes how the two are read; the text of a failure is for the operator.
    pub fn new(
        population: impl Fn() -> Result<Option<Population>, String> + Send + Sync + 'static,
        regions: impl Fn() -> Result<Regions, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            population: Once::new(population),
            regions: Once::new(regions),
            sentences: None,
        }
    }

    /// The same with what sections of law threaten with.
    #[must_use]
    pub fn with_sentences(mut self, sentences: Sentences) -> Self {
        self.sentences = Some(sentences);
        self
    }

    /// What sections of law threaten with, if anything says so.
    pub(crate) const fn sentences(&self) -> Option<&Sentences> {
        self.sentences.as_ref()
    }

    /// Who lives where, if anything says so.
    pub(crate) fn population(&self) -> Result<Option<&Population>, LayerError> {
        self.population.get().map(Option::as_ref)
    }

    /// The districts and tehsils that have boundaries.
    pub(crate) fn regions(&self) -> Result<&Regions, LayerError> {
        self.regions.get()
    }
}
