//! The table of truth of the patterns, and series made to show them.

use proptest::prelude::*;

use super::*;

/// `+` hot, `-` cold, `.` neither.
fn steps(text: &str) -> Vec<Step> {
    text.chars()
        .map(|step| match step {
            '+' => Step::Hot,
            '-' => Step::Cold,
            _ => Step::Neither,
        })
        .collect()
}

#[test]
fn the_rules_of_all_seventeen_patterns_hold_and_mirror() {
    use Course::*;
    use Direction::*;
    // Ten steps: nine tenths are nine. Twelve: nine tenths are eleven (10·11 ≥ 108, 10·10 < 108).
    let table = [
        (".........+", Level, New),
        (".........+", Up, New),
        ("........++", Level, Consecutive),
        ("..++++++++", Level, Consecutive),
        ("++++++++++", Up, Intensifying),
        (".+++++++++", Up, Intensifying),
        ("-+++++++++", Up, Intensifying),
        ("++++++++++", Level, Persistent),
        ("++++.+++++", Level, Persistent),
        ("++++++++++", Down, Diminishing),
        (".+++++++++", Down, Diminishing),
        ("+........+", Level, Sporadic),
        ("+.+++++.++", Up, Sporadic),
        ("-........+", Level, Oscillating),
        ("-.......++", Level, Oscillating),
        ("+...-....+", Down, Oscillating),
        ("--++++++++", Up, Oscillating),
        ("+++++++++.", Level, Historical),
        ("+++++++++.", Up, Historical),
        ("++++++++++.+", Level, Persistent),
        ("++++++++.+.+", Level, Sporadic),
        ("+++++++++++.", Level, Historical),
    ];
    for (text, direction, course) in table {
        assert_eq!(
            pattern(&steps(text), direction),
            Pattern::Hot(course),
            "{text}"
        );
        let turned: String = text
            .chars()
            .map(|step| match step {
                '+' => '-',
                '-' => '+',
                other => other,
            })
            .collect();
        let direction = match direction {
            Up => Down,
            Down => Up,
            Level => Level,
        };
        assert_eq!(
            pattern(&steps(&turned), direction),
            Pattern::Cold(course),
            "{turned}"
        );
    }
    for text in [
        "..........",
        "+++++++++..",
        "++++++++..",
        "+-........",
        ".....+++++.",
        "",
    ] {
        assert_eq!(pattern(&steps(text), Up), Pattern::None, "{text}");
    }
}

/// The rules of hot come first: that is where the two sides differ.
#[test]
fn a_series_that_is_one_side_first_and_the_other_at_last_follows_the_hot_rules() {
    let level = |text| pattern(&steps(text), Direction::Level);
    assert_eq!(level("+++++++++-"), Pattern::Hot(Course::Historical));
    assert_eq!(level("---------+"), Pattern::Hot(Course::Oscillating));
}

#[test]
fn codes_are_seventeen() {
    use Course::*;
    let courses = [
        New,
        Consecutive,
        Intensifying,
        Persistent,
        Diminishing,
        Sporadic,
        Oscillating,
        Historical,
    ];
    let mut codes: Vec<&str> = courses
        .iter()
        .flat_map(|course| [Pattern::Hot(*course), Pattern::Cold(*course)])
        .chain([Pattern::None])
        .map(Pattern::code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 17);
}

/// A line of places where `count(place, step)` happened.
fn line(places: u32, steps: u32, count: impl Fn(u32, u32) -> f64) -> (Vec<f64>, Neighbours) {
    let links: Vec<_> = (1..places)
        .flat_map(|b| [(b - 1, b, 1.0), (b, b - 1, 1.0)])
        .collect();
    let values = (0..places)
        .flat_map(|place| (0..steps).map(move |step| (place, step)))
        .map(|(place, step)| count(place, step))
        .collect();
    (
        values,
        Neighbours::from_links(places as usize, &links).unwrap(),
    )
}

const LEVELS: Levels = Levels {
    step: 0.05,
    trend: 0.05,
};

/// Thirty quiet places, three of which have much to tell at the last of twelve steps.
fn burst() -> (Vec<f64>, Neighbours) {
    line(30, 12, |place, step| {
        f64::from(u8::from(step == 11 && (10..13).contains(&place))) * 9.0
            + f64::from(u8::from((place + step) % 7 == 0))
    })
}

#[test]
fn a_series_made_to_be_new_is_new() {
    let (values, graph) = burst();
    let rows = emerging(&values, &graph, Null::Exact, LEVELS).unwrap();
    let middle = rows[11].as_ref().unwrap();
    assert_eq!(middle.pattern, Pattern::Hot(Course::New));
    assert_eq!(rows[25].as_ref().unwrap().pattern, Pattern::None);
    assert_eq!(middle.steps[..11], [Step::Neither; 11]);
}

#[test]
fn the_level_decides_which_steps_count() {
    let (values, graph) = burst();
    let count = |step: f64| {
        let levels = Levels { step, trend: 0.05 };
        let rows = emerging(&values, &graph, Null::Exact, levels).unwrap();
        let steps = rows
            .iter()
            .flat_map(|row| row.as_ref().unwrap().steps.clone());
        steps.filter(|step| *step != Step::Neither).count()
    };
    // At level 1 every step counts that leans to a side; at 0 none does; between lie the places of the burst.
    assert!(count(1.0) > 200);
    assert!((1..=5).contains(&count(0.05)));
    assert_eq!(count(0.0), 0);
}

#[test]
fn a_place_that_is_always_hot_and_ever_hotter_intensifies() {
    let grow = |down: bool| {
        // The first step has no step before it and may fall short: of thirty, three may.
        let (values, graph) = line(80, 30, |place, step| {
            let step = if down { 29 - step } else { step };
            let busy = (18..23).contains(&place);
            if busy { f64::from(20 + step) } else { 0.0 }
        });
        let rows = emerging(&values, &graph, Null::Exact, LEVELS).unwrap();
        rows[20].as_ref().unwrap().pattern
    };
    assert_eq!(grow(false), Pattern::Hot(Course::Intensifying));
    assert_eq!(grow(true), Pattern::Hot(Course::Diminishing));
}

#[test]
fn what_comes_later_changes_no_earlier_z_but_through_the_map() {
    // The same multiset in another order after step 5: the z of steps up to 5 stay.
    let (values, graph) = line(6, 10, |place, step| {
        f64::from((place * 3 + step * step) % 5)
    });
    let mut turned = values.clone();
    for place in turned.chunks_exact_mut(10) {
        place[6..].reverse();
    }
    let z = |values: &[f64]| -> Vec<Vec<f64>> {
        let rows = emerging(values, &graph, Null::Exact, LEVELS).unwrap();
        rows.into_iter()
            .map(|row| row.unwrap().z[..6].to_vec())
            .collect()
    };
    assert_eq!(z(&values), z(&turned));
}

#[test]
fn islands_flat_cubes_and_short_series_say_so() {
    let graph = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
    let values: Vec<f64> = (0_u32..30).map(|at| f64::from(at * 7 % 5)).collect();
    let rows = emerging(&values, &graph, Null::Exact, LEVELS).unwrap();
    assert_eq!(rows[2], Err(Reason::Isolated));
    assert!(rows[0].is_ok());
    let flat = emerging(&[1.0; 30], &graph, Null::Exact, LEVELS).unwrap();
    assert_eq!(flat[0], Err(Reason::InsufficientVariation));
    assert_eq!(
        emerging(&values[..27], &graph, Null::Exact, LEVELS),
        Err(EmergingError::TooFewSteps(9))
    );
}

proptest! {
    /// Sums over steps and outcomes judged once are a way to the same numbers, to the last bit.
    #[test]
    fn counts_come_out_as_by_the_graph_of_their_steps(
        counts in proptest::collection::vec(0_u32..5, 8 * 12),
        links in proptest::collection::btree_set((0_u32..8, 0_u32..8), 0..20),
        step in 0.0..=1.0_f64,
    ) {
        let links: Vec<(u32, u32, f64)> = links
            .into_iter()
            .filter(|(a, b)| a != b)
            .map(|(a, b)| (a, b, 1.0))
            .collect();
        let graph = Neighbours::from_links(8, &links).unwrap();
        let values: Vec<f64> = counts.into_iter().map(f64::from).collect();
        let levels = Levels { step, trend: 0.3 };
        let found = emerging(&values, &graph, Null::Exact, levels).unwrap();
        let expected = by_graph(&values, &graph, Null::Exact, levels).unwrap();
        prop_assert_eq!(found, expected);
        let by_graph = bins(&values, &graph, Null::Exact).unwrap();
        let by_graph: Vec<Option<f64>> = by_graph.iter().map(GiRow::p_two_sided).collect();
        prop_assert_eq!(emerging_p(&values, &graph, Null::Exact).unwrap(), by_graph);
    }
}

#[test]
fn what_counts_refuse_is_what_the_graph_refuses() {
    let graph = Neighbours::from_links(2, &[(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
    for bad in [0.5, -1.0, f64::NAN, 5_000.0] {
        let mut values = vec![1.0; 20];
        values[13] = bad;
        let found = emerging(&values, &graph, Null::Exact, LEVELS);
        assert!(found.is_err());
        assert_eq!(
            format!("{found:?}"),
            format!("{:?}", by_graph(&values, &graph, Null::Exact, LEVELS))
        );
    }
    let island = Neighbours::from_links(2, &[]).unwrap();
    let found = emerging(&[9e9; 20], &island, Null::Exact, LEVELS);
    assert_eq!(found, by_graph(&[9e9; 20], &island, Null::Exact, LEVELS));
}
