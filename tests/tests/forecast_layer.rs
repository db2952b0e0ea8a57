//! The layer `forecast` of the real program against the C H3 library and `SciPy`, over the study area of Pakistan.

use naqsha_tests::program::run;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, text};
use serde_json::Value;

fn exported(scratch: &Scratch, layer: &str, parameters: &[&str]) -> Value {
    let (store, out) = (
        scratch.path("store"),
        scratch.path(&format!("{layer}.geojson")),
    );
    let base = ["export", layer, "--format", "geojson", "--out", text(&out)];
    let parameters = parameters.iter().flat_map(|pair| ["--param", pair]);
    run(
        &store,
        &base.into_iter().chain(parameters).collect::<Vec<_>>(),
    );
    serde_json::from_slice(&std::fs::read(&out).expect("an export")).expect("GeoJSON")
}

#[test]
fn each_cell_expects_and_is_judged_as_by_others() {
    let test = "each_cell_expects_and_is_judged_as_by_others";
    let Some(python) = python(test, "h3, scipy") else {
        return;
    };
    let scratch = Scratch::new();
    let (store, files) = (scratch.path("store"), scratch.path("files"));
    run(&store, &["init"]);
    let generate = ["generate", "--incidents", "4000", "--seed", "5", "--out"];
    run(&store, &[&generate[..], &[text(&files)]].concat());
    for profile in ["punjab.fir", "anf.seizure"] {
        let file = files.join(format!("{profile}-001.csv"));
        run(&store, &["ingest", "--profile", profile, text(&file)]);
    }
    exported(&scratch, "incidents", &[]);
    let asked = ["study_area=pakistan", "resolution=5", "horizon=14"];
    let found = exported(&scratch, "forecast", &asked);
    let [incidents, forecast] =
        ["incidents", "forecast"].map(|name| scratch.path(&format!("{name}.geojson")));
    let arguments = [text(&incidents), text(&forecast)];
    let expected = oracle(python, "forecast_layer.py", &arguments, &scratch);

    let facts = &found["naqsha"];
    assert_eq!(facts["excluded"]["reasons"], expected["reasons"]);
    let features = found["features"].as_array().expect("features");
    assert!(features.len() > 3_000, "zeros are cells too");
    let (mut learned, mut shares) = (facts["excluded"]["count"].as_u64().expect("a count"), 0.0);
    for feature in features {
        let (id, of) = (
            feature["id"].as_str().expect("a cell"),
            &feature["properties"],
        );
        close(
            number(of, "expected"),
            number(&expected["expected"], id),
            1e-9,
        );
        assert_eq!(of["n"].as_f64(), expected["n"][id].as_f64());
        assert_eq!(of["reason"], Value::Null);
        learned += of["n"].as_u64().expect("a count");
        shares += number(of, "share");
        if of["rank"] == 1 {
            assert_eq!(expected["highest"], id);
        }
    }
    close(shares, 1.0, 1e-9);
    // Every record of those days is learned from, or is counted with its reason.
    assert_eq!(learned, expected["matched"].as_u64().expect("a count"));
    let judged = &facts["forecast"]["evaluation"];
    assert_eq!(judged["happened"], expected["happened"]);
    for name in ["model", "naive"] {
        close(
            number(&judged[name], "log_score"),
            number(&expected["log_score"], name),
            1e-9,
        );
    }
    let better = number(&judged["model"], "log_score") < number(&judged["naive"], "log_score");
    assert_eq!(judged["beats_naive"], better);
    few_records_expect_nothing(&scratch, facts);
}

/// One day holds too few records to learn from: nothing is expected, and the cells say why.
fn few_records_expect_nothing(scratch: &Scratch, facts: &Value) {
    let days = facts["forecast"]["first_day"].as_str().expect("a day");
    let few = exported(
        scratch,
        "forecast",
        &["resolution=5", &format!("datetime={days}/..")],
    );
    let first = &few["features"][0]["properties"];
    assert_eq!(
        (&first["expected"], &first["reason"]),
        (&Value::Null, &"insufficient_variation".into())
    );
    for model in ["kde", "self-exciting"] {
        let model = format!("model={model}");
        let found = exported(scratch, "forecast", &["resolution=5", &model]);
        assert!(found["naqsha"]["forecast"]["evaluation"]["model"]["crps"].is_number());
    }
}
