//! Who runs the program, read in this one place and handed on as an argument.

/// The name of whoever runs the program, as the machine knows it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the login name is read"
)]
pub(crate) fn name() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|variable| std::env::var(variable).ok())
        .find(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
