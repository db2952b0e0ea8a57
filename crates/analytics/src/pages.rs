//! The pages of `docs/statistics`, compiled only as tests: their examples run.

macro_rules! page {
    ($($name:ident = $file:literal),+) => {
        $(#[doc = include_str!(concat!("../../../docs/statistics/", $file, ".md"))] mod $name {})+
    };
}

page!(
    aoristic = "aoristic",
    change = "change",
    colocation = "colocation",
    concentration = "concentration",
    corridors = "corridors",
    emerging = "emerging",
    flows = "flows",
    forecast = "forecast",
    harm = "harm",
    kde = "kde",
    knox = "knox",
    local_moran = "local-moran",
    losh = "losh",
    mann_kendall = "mann-kendall",
    pai = "pai",
    rates = "rates",
    scan = "scan",
    whole_map = "whole-map"
);
