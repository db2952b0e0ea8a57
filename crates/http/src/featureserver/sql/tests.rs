//! Clauses, and the expressions that they say.

use super::*;

fn layer() -> &'static LayerDescription {
    naqsha_layers::descriptions()
        .iter()
        .find(|layer| layer.id == "hotspots")
        .unwrap()
}

fn read(text: &str) -> Clause {
    parse(layer(), text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn property(name: &str) -> Scalar {
    Scalar::Property(name.to_owned())
}

#[test]
fn everything_is_no_condition() {
    for text in ["1=1", " 1 = 1 ", "(1=1)", "1=1 AND 1=1"] {
        assert_eq!(
            read(text),
            Clause {
                numbers: None,
                condition: None
            },
            "{text}"
        );
    }
    assert!(read("1=0").condition.is_some());
}

#[test]
fn clauses_become_the_expressions_that_they_say() {
    let n = || property("n");
    let class = || property("class");
    let text = |text: &str| Scalar::Text(text.to_owned());
    let number = Scalar::Number;
    let hot = || Expression::Compare(Comparison::Equal, class(), text("hot"));
    let cases = [
        ("class = 'hot'", hot()),
        ("CLASS='hot'", hot()),
        ("\"class\" = 'hot'", hot()),
        ("(class) = ('hot')", hot()),
        (
            "n >= -1.5e1",
            Expression::Compare(Comparison::GreaterOrEqual, n(), number(-15.0)),
        ),
        (
            "NOT n<>3",
            Expression::Not(Box::new(Expression::Compare(
                Comparison::NotEqual,
                n(),
                number(3.0),
            ))),
        ),
        (
            "class IN ('hot','it''s')",
            Expression::In(class(), vec![text("hot"), text("it's")]),
        ),
        (
            "class NOT LIKE 'h%'",
            Expression::Not(Box::new(Expression::Like(class(), text("h%")))),
        ),
        (
            "n BETWEEN 1 AND 3",
            Expression::Between(n(), [number(1.0), number(3.0)]),
        ),
        (
            "class IS NOT NULL",
            Expression::Not(Box::new(Expression::IsNull(class()))),
        ),
        (
            "n = 1 OR n = 2 AND class = 'hot'",
            Expression::Or(vec![
                Expression::Compare(Comparison::Equal, n(), number(1.0)),
                Expression::And(vec![
                    Expression::Compare(Comparison::Equal, n(), number(2.0)),
                    hot(),
                ]),
            ]),
        ),
    ];
    for (clause, expected) in cases {
        assert_eq!(read(clause).condition, Some(expected), "{clause}");
    }
}

#[test]
fn case_dates_and_truths_are_said_in_their_own_ways() {
    let n = || property("n");
    let class = || property("class");
    let text = |text: &str| Scalar::Text(text.to_owned());
    let cases = [
        (
            "UPPER(class) = 'HOT'",
            Expression::Compare(
                Comparison::Equal,
                Scalar::CaseInsensitive(Box::new(class())),
                Scalar::CaseInsensitive(Box::new(text("HOT"))),
            ),
        ),
        (
            "n > DATE '2024-02-29'",
            Expression::Compare(
                Comparison::Greater,
                n(),
                Scalar::Date(jiff::civil::date(2024, 2, 29)),
            ),
        ),
        (
            "edge = 1",
            Expression::Compare(Comparison::Equal, property("edge"), Scalar::Boolean(true)),
        ),
    ];
    for (clause, expected) in cases {
        assert_eq!(read(clause).condition, Some(expected), "{clause}");
    }
}

#[test]
fn numbers_are_taken_out_of_a_conjunction_and_refused_elsewhere() {
    assert_eq!(
        read("objectid IN (3, 4,5) AND OBJECTID = 4"),
        Clause {
            numbers: Some(vec![4]),
            condition: None
        }
    );
    let both = read("OBJECTID=7 AND n>1");
    assert_eq!(both.numbers, Some(vec![7]));
    assert!(both.condition.is_some());
    for wrong in [
        "OBJECTID > 3",
        "OBJECTID = 1 OR n = 1",
        "NOT OBJECTID = 1",
        "OBJECTID = 1.5",
    ] {
        assert!(parse(layer(), wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_no_clause_is_refused_and_nothing_overflows() {
    let deep = format!("{}1=1{}", "(".repeat(5_000), ")".repeat(5_000));
    let nots = format!("{}1=1", "NOT ".repeat(5_000));
    for wrong in [
        "",
        "1=",
        "class = 'hot",
        "class = 'hot' extra",
        "class LIKE",
        "n IN ()",
        "n BETWEEN 1",
        "class = 'a'; DROP TABLE incidents",
        "1=1 --",
        "n = 1e999",
        "n = 1x",
        "class = 'a' UNION SELECT 1",
        "n ? 1",
        "DATE 'yesterday' = n",
        deep.as_str(),
        nots.as_str(),
    ] {
        assert!(parse(layer(), wrong).is_err(), "{wrong}");
    }
}
