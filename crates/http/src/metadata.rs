//! The member `naqsha` of an answer: what a reader must know to judge the numbers.

use naqsha_layers::{
    Answer, Apportioned, Bandwidth, Calibration, Compared, Denominator, Excluded, Fact,
    ForecastFacts, RateFacts, Scores, Steps,
};
use naqsha_model::DayRange;
use serde_json::{Value, json};

/// The member `naqsha`. What only some layers say is a member only where it is said.
pub(crate) fn metadata(answer: &Answer) -> Value {
    let m = &answer.table.metadata;
    let study_area = m.study_area.as_ref().map(|area| {
        json!({ "name": area.name, "hash": area.hash, "cells": area.cells, "occupied": area.occupied })
    });
    let mut member = json!({
        "layer": answer.table.layer.id,
        "data_version": answer.version,
        "study_area": study_area,
        "resolution": m.resolution.map(u8::from),
        "null": m.null,
        "tested": m.tested,
        "alpha": m.alpha,
        "fdr": m.fdr,
        "seed": m.seed,
        "excluded": {
            "count": m.excluded.count(),
            "share": m.excluded.share(),
            "reasons": m.excluded.reasons,
        },
        "policy": m.policy,
        "synthetic": m.synthetic,
    });
    let said = [
        (
            "unanswered",
            m.unanswered
                .as_ref()
                .map(|why| json!({ "code": why.code, "detail": why.detail })),
        ),
        ("bandwidth", m.bandwidth.map(bandwidth)),
        ("steps", m.steps.as_ref().map(steps)),
        ("compared", m.compared.map(compared)),
        ("calibration", m.calibration.map(calibration)),
        ("forecast", m.forecast.as_deref().map(forecast)),
        (
            "apportioned",
            m.apportioned.map(|of| apportioned(of, &m.excluded)),
        ),
        ("rates", m.rates.as_ref().map(rates)),
        (
            "statistics",
            (!m.statistics.is_empty()).then(|| facts(&m.statistics)),
        ),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            member[name] = value;
        }
    }
    member
}

/// What an answer says of the map as a whole.
fn facts(of: &[(&'static str, Fact)]) -> Value {
    let value = |fact: &Fact| match fact {
        Fact::Count(count) => json!(count),
        Fact::Number(number) => json!(number),
        Fact::Word(word) => json!(word),
        Fact::Rows(rows) => rows.iter().map(|row| facts(row)).collect(),
    };
    let members = of
        .iter()
        .map(|(name, fact)| ((*name).to_owned(), value(fact)));
    Value::Object(members.collect())
}

fn apportioned(of: Apportioned, excluded: &Excluded) -> Value {
    let located = excluded.matched - excluded.count() - of.records;
    json!({
        "by": of.by,
        "modelled": true,
        "records": of.records,
        "inside": of.inside,
        "outside": of.outside,
        "share": of.share(located),
    })
}

/// What rates are of, and what the map of them is as a whole.
fn rates(of: &RateFacts) -> Value {
    let denominator = match &of.denominator {
        Denominator::Population {
            vintage,
            modelled,
            resolution,
            people,
        } => json!({
            "by": "population",
            "vintage": vintage,
            "modelled": modelled,
            "resolution": u8::from(*resolution),
            "people": people,
        }),
        Denominator::None { code, detail } => json!({ "by": null, "code": code, "detail": detail }),
    };
    let moran = of
        .moran
        .map(|[i, expected, z, p]| json!({ "statistic": i, "expected": expected, "z": z, "p": p }));
    json!({
        "per": 100_000,
        "denominator": denominator,
        "cells_without": of.cells_without,
        "records_without": of.records_without,
        "overall": of.overall,
        "moran": moran,
    })
}

fn bandwidth(of: Bandwidth) -> Value {
    json!({ "metres": of.metres, "rule": of.rule, "kernel": "quartic" })
}

fn steps(of: &Steps) -> Value {
    let each = |days: &[DayRange]| days.iter().copied().map(period).collect::<Value>();
    json!({
        "period": of.period.code(),
        "count": of.complete.len(),
        "first": of.complete.first().copied().map(period),
        "last": of.complete.last().copied().map(period),
        "dropped": each(&of.dropped),
        "partly_covered": each(&of.partly_covered),
    })
}

fn compared(of: Compared) -> Value {
    json!({
        "baseline": of.baseline.code(),
        "before": period(of.before),
        "after": period(of.after),
        "exposure_ratio": of.exposure_ratio,
    })
}

fn calibration(of: Calibration) -> Value {
    json!({
        "shuffles": of.shuffles,
        "tested": of.tested,
        "share_p_05": of.share_p_05,
        "share_p_01": of.share_p_01,
        "ks": of.ks,
        "rejected_bh": of.rejected_bh,
    })
}

fn period(days: DayRange) -> Value {
    json!({ "first": days.first().date().to_string(), "last": days.last().date().to_string() })
}

/// A forecast as made, and how good such forecasts were.
fn forecast(facts: &ForecastFacts) -> Value {
    let scores = |scores: &Scores| {
        json!({
            "expected": scores.expected,
            "hit_rate": scores.hit_rate,
            "pai": scores.pai,
            "pei": scores.pei,
            "rri": scores.rri,
            "crps": scores.crps,
            "log_score": scores.log_score,
            "brier": scores.brier,
            "curve": scores.curve,
        })
    };
    let evaluation = facts.evaluation.as_ref().map(|found| {
        json!({
            "folds": found.folds.len(),
            "share": found.share,
            "happened": found.happened,
            "beats_naive": found.beats_naive(),
            "folds_won": found.folds_won(),
            "gain_per_event": found.gain_per_event,
            "model": scores(&found.model),
            "naive": scores(&found.naive),
        })
    });
    json!({
        "model": facts.model,
        "horizon": facts.horizon,
        "first_day": facts.first_day,
        "last_day": facts.last_day,
        "learned_from": facts.learned_from,
        "learned_days": facts.learned_days,
        "expected": facts.expected,
        "evaluation": evaluation,
    })
}
