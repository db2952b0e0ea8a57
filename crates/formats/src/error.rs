//! What may go wrong while a format is written.

/// What may go wrong while a format is written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The bytes could not be handed on.
    #[error("the bytes could not be written")]
    Output(#[from] std::io::Error),
    /// Columns do not make a batch of Arrow.
    #[error("the columns are no batch of Arrow")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// Columns do not make a row group of Parquet.
    #[error("the columns are no row group of Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The index of a `FlatGeobuf` file could not be built.
    #[error("the index of the features could not be built")]
    Index(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A value has no place in the format.
    #[error("{0}")]
    Value(String),
}
