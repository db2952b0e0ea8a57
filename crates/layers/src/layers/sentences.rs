//! Why a cell has its class or its value: one sentence for each layer that computes a statistic of cells.

use crate::explain::{Row, digits, thousands};

/// `own 0, ring 14, expected 2.1, exact p 3e-7; q 0.0004 over 159,565 cells is at most alpha 0.05: hot`.
pub(crate) fn hotspots(row: &Row<'_>) -> String {
    let own = own_and_ring(row);
    if let Some(why) = row.untested() {
        return format!("{own}; {why}");
    }
    format!(
        "{own}, expected {}, {}: {}",
        row.rounded("expected"),
        row.test("cells"),
        words(row.code("class"))
    )
}

pub(crate) fn clusters(row: &Row<'_>) -> String {
    let own = own_and_ring(row);
    if let Some(why) = row.untested() {
        return format!("{own}; {why}");
    }
    let class = match row.code("class") {
        "high_high" => "high among high",
        "low_low" => "low among low",
        "high_low" => "high among low, an outlier",
        "low_high" => "low among high, an outlier",
        _ => "not significant",
    };
    format!(
        "{own}, local Moran's I {} where {} is expected (z {}), {}: {class}",
        row.rounded("i"),
        row.rounded("expected"),
        row.rounded("z"),
        row.test("cells")
    )
}

pub(crate) fn density(row: &Row<'_>) -> String {
    let bandwidth = row.metadata().bandwidth;
    let (metres, rule) = bandwidth.map_or((0.0, ""), |of| (of.metres, of.rule));
    let smoothed = row.number("density").zip(row.number("area_km2"));
    let (own, unit) = match row.number("harm_days") {
        Some(_) => (weighed(row), "days"),
        None => (format!("own {}", row.count("n")), "records"),
    };
    format!(
        "{own}; {} {unit}/km² at its centre, smoothed over {} m ({rule}): on its {} km² as much as {} {unit}",
        row.rounded("density"),
        digits(metres),
        row.rounded("area_km2"),
        smoothed.map_or_else(|| "–".to_owned(), |(density, area)| digits(density * area))
    )
}

pub(crate) fn emerging(row: &Row<'_>) -> String {
    let steps = row.metadata().steps.as_ref();
    let period = steps.map_or("step", |steps| steps.period.code());
    let own = format!(
        "own {} in {} {period}s, {} in the last",
        row.count("n"),
        row.count("steps"),
        row.count("n_last")
    );
    if let Some(why) = row.untested() {
        return format!("{own}; {why}");
    }
    let trend = match (row.number("trend_z"), row.number("trend_p")) {
        (Some(z), Some(p)) if p < super::emerging::TREND => {
            if z > 0.0 {
                "z rises"
            } else {
                "z falls"
            }
        }
        _ => "z has no trend",
    };
    format!(
        "{own}; hot in {}, cold in {}; in the last z {}, {}; {trend} (z {}, p {}): {}",
        row.count("hot_steps"),
        row.count("cold_steps"),
        row.rounded("z"),
        row.against_alpha(&format!("cells and {period}s")),
        row.rounded("trend_z"),
        row.rounded("trend_p"),
        words(row.code("class"))
    )
}

pub(crate) fn change(row: &Row<'_>) -> String {
    let Some(compared) = row.metadata().compared else {
        return words(row.code("class"));
    };
    let step =
        |days: naqsha_model::DayRange| format!("{} to {}", days.first().date(), days.last().date());
    let counts = format!(
        "{} from {} and {} from {}",
        row.count("before"),
        step(compared.before),
        row.count("after"),
        step(compared.after)
    );
    if let Some(why) = row.untested() {
        return format!("{counts}; {why}");
    }
    format!(
        "{counts}, where {} are expected if the rate stayed, {}: {}",
        row.rounded("expected"),
        row.test("cells"),
        words(row.code("class"))
    )
}

pub(crate) fn near_repeat(row: &Row<'_>) -> String {
    let counts = format!(
        "{} events, in {} pairs of near ones",
        row.count("events"),
        row.count("pairs")
    );
    match row.code("class") {
        "isolated" => return format!("{counts}; no other event is near, so it is not tested"),
        "insufficient_variation" => {
            return format!(
                "{counts}; the map has too few events, or they vary too little, to test it"
            );
        }
        _ => {}
    }
    format!(
        "{counts} where {} are expected, {}: {}",
        row.rounded("expected"),
        row.test("cells"),
        words(row.code("class"))
    )
}

pub(crate) fn linkages(row: &Row<'_>) -> String {
    let own = format!("{}: {} of the first", row.code("pair"), row.count("a"));
    match row.code("class") {
        "isolated" => return format!("{own}; no other record is around, so it is not tested"),
        "no_denominator" => return format!("{own}; the map has no record of the second"),
        "insufficient_variation" => {
            return format!(
                "{own}; the map has too few records, or they vary too little, to test it"
            );
        }
        _ => {}
    }
    format!(
        "{own}, around them {} of the second among {} others where {} are expected (quotient {}), {}: {}",
        row.count("around"),
        row.count("others"),
        row.rounded("expected"),
        row.rounded("quotient"),
        row.test("cells and pairs"),
        words(row.code("class"))
    )
}

pub(crate) fn border(row: &Row<'_>) -> String {
    format!(
        "own {}, {} km from the border on land and {} km from the nearest crossing",
        row.count("n"),
        row.rounded("distance_km"),
        row.rounded("crossing_km")
    )
}

pub(crate) fn scan(row: &Row<'_>) -> String {
    let m = row.metadata();
    let (p, alpha) = (row.number("p"), m.alpha.unwrap_or_default());
    let side = if p.is_some_and(|p| p <= alpha) {
        "at most"
    } else {
        "above"
    };
    format!(
        "of cluster {} with {} cells within {} km: {} records where {} are expected (relative risk {}), log likelihood ratio {}; \
         sampled p {} is {side} alpha {}: {}",
        row.count("cluster"),
        row.count("cells"),
        row.rounded("radius_km"),
        row.count("observed"),
        row.rounded("expected"),
        row.rounded("relative_risk"),
        row.rounded("llr"),
        row.rounded("p"),
        digits(alpha),
        words(row.code("class"))
    )
}

pub(crate) fn rates(row: &Row<'_>) -> String {
    let own = format!("own {}", row.count("n"));
    if row.number("rate").is_none() {
        return format!("{own}; there is no number of people to divide by, so it has no rate");
    }
    format!(
        "{own} of {} people: {} per 100,000, by chance alone compatible with {} to {}; drawn towards the whole map {}, towards its \
         surroundings {}",
        row.rounded("population"),
        row.rounded("rate"),
        row.rounded("rate_low"),
        row.rounded("rate_high"),
        row.rounded("rate_eb"),
        row.rounded("rate_local_eb")
    )
}

/// `own 3 records, 1,825 days of harm`.
fn weighed(row: &Row<'_>) -> String {
    let days = row.rounded("harm_days");
    format!("own {} records, {days} days of harm", row.count("n"))
}

/// `own 0, ring 14`, of which harm is told beside it.
fn own_and_ring(row: &Row<'_>) -> String {
    if row.number("harm_days").is_some() {
        return weighed(row);
    }
    let ring = row.integer("neighbourhood_n").zip(row.integer("n"));
    let ring = ring.map_or(0, |(all, own)| all - own);
    format!("own {}, ring {}", row.count("n"), thousands(ring))
}

fn words(code: &str) -> String {
    code.replace('_', " ")
}

/// `own 12; 0.4 records expected from 2025-01-01 to 2025-01-07, rank 3 of 3,282 cells`.
pub(crate) fn forecast(row: &Row<'_>) -> String {
    let own = format!("own {}", row.count("n"));
    let facts = row.metadata().forecast.as_deref();
    let (Some(facts), Some(_)) = (facts, row.number("expected")) else {
        return format!("{own}; too few records to learn from");
    };
    let judged = match &facts.evaluation {
        Some(found) if found.beats_naive() => "it beats the naive forecast",
        Some(_) => "it does not beat the naive forecast",
        None => "there is too little to judge it by",
    };
    format!(
        "{own}; {} records expected from {} to {}, rank {}; {judged}",
        row.rounded("expected"),
        facts.first_day,
        facts.last_day,
        row.count("rank")
    )
}
