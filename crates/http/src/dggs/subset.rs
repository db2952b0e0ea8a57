//! `subset`: parts of axes, `Lat(24:37),Lon(60:78),time("2018-07-01":"2018-07-31")`, as a box and an interval of time.

use naqsha_layers::BoundingBox;

/// An axis that can be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Lat,
    Lon,
    Time,
}

impl Axis {
    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "lat" | "latitude" => Some(Self::Lat),
            "lon" | "long" | "longitude" => Some(Self::Lon),
            "time" => Some(Self::Time),
            _ => None,
        }
    }
}

/// Parts of axes; an end that is open is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Subset {
    lat: Option<[Option<f64>; 2]>,
    lon: Option<[Option<f64>; 2]>,
    /// As the parameter `datetime` has it.
    pub(super) datetime: Option<String>,
}

impl Subset {
    /// Adds what one parameter says.
    pub(super) fn add(&mut self, value: &str) -> Result<(), String> {
        let mut rest = value.trim();
        while !rest.is_empty() {
            let (name, after) = rest
                .split_once('(')
                .ok_or("is not like Lat(24:37),Lon(60:78),time(\"2018-07-01\":\"2018-07-31\")")?;
            let name = name.trim();
            let axis = Axis::parse(name)
                .ok_or_else(|| format!("there is no axis {name:?}; there are Lat, Lon and time"))?;
            let (inside, behind) =
                closed(after).ok_or_else(|| format!("{name} has no closing parenthesis"))?;
            self.set(axis, inside)?;
            let behind = behind.trim_start();
            rest = match behind.strip_prefix(',') {
                Some(more) if !more.trim().is_empty() => more.trim_start(),
                None if behind.is_empty() => "",
                _ => return Err("has something that is no axis".to_owned()),
            };
        }
        Ok(())
    }

    /// Whether it cuts an axis of the zones themselves.
    pub(super) const fn is_spatial(&self) -> bool {
        self.lat.is_some() || self.lon.is_some()
    }

    /// The box, where an axis of it is cut; what reaches beyond the globe is cut off.
    pub(super) fn bbox(&self) -> Result<Option<BoundingBox>, String> {
        if !self.is_spatial() {
            return Ok(None);
        }
        let [south, north] = self.lat.unwrap_or_default();
        let [west, east] = self.lon.unwrap_or_default();
        let within =
            |value: Option<f64>, open: f64, most: f64| value.unwrap_or(open).clamp(-most, most);
        let corners = [
            within(west, -180.0, 180.0),
            within(south, -90.0, 90.0),
            within(east, 180.0, 180.0),
            within(north, 90.0, 90.0),
        ];
        let bbox = BoundingBox::new(corners).map_err(|error| error.to_string())?;
        Ok(Some(bbox))
    }

    fn set(&mut self, axis: Axis, inside: &str) -> Result<(), String> {
        let [low, high] = ends(inside)?;
        let twice = || format!("cuts {axis:?} twice");
        match axis {
            Axis::Time => {
                let open = |end: Option<String>| end.unwrap_or_else(|| "..".to_owned());
                let (low, high) = (open(low), open(high));
                let interval = if low == high {
                    low
                } else {
                    format!("{low}/{high}")
                };
                self.datetime
                    .replace(interval)
                    .map_or(Ok(()), |_| Err(twice()))
            }
            Axis::Lat | Axis::Lon => {
                let slot = if axis == Axis::Lat {
                    &mut self.lat
                } else {
                    &mut self.lon
                };
                let number = |end: Option<String>| {
                    let number = end.map(|text| text.parse::<f64>());
                    let number = number
                        .transpose()
                        .ok()
                        .filter(|n| n.is_none_or(f64::is_finite));
                    number.ok_or_else(|| format!("{axis:?} is cut by numbers"))
                };
                let ends = [number(low)?, number(high)?];
                slot.replace(ends).map_or(Ok(()), |_| Err(twice()))
            }
        }
    }
}

/// What is before the closing parenthesis, and what is behind it; one within quotation marks closes nothing.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ')' if !quoted => {
                return text
                    .split_at_checked(at)
                    .and_then(|(inside, rest)| Some((inside, rest.strip_prefix(')')?)));
            }
            _ => {}
        }
    }
    None
}

/// Both ends of an interval, or a point twice; `*` is open.
fn ends(inside: &str) -> Result<[Option<String>; 2], String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in inside.chars() {
        match letter {
            '"' => quoted = !quoted,
            ':' if !quoted => parts.push(String::new()),
            _ => parts
                .last_mut()
                .expect("one from the start on")
                .push(letter),
        }
    }
    let end = |text: &str| match text.trim() {
        "" => Err(format!("{inside:?} is not an interval low:high or a point")),
        "*" => Ok(None),
        other => Ok(Some(other.to_owned())),
    };
    match parts.as_slice() {
        [point] if point.trim() != "*" => Ok([end(point)?, end(point)?]),
        [low, high] => Ok([end(low)?, end(high)?]),
        _ => Err(format!("{inside:?} is not an interval low:high or a point")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Subset, String> {
        let mut subset = Subset::default();
        values.iter().try_for_each(|value| subset.add(value))?;
        subset.bbox()?;
        Ok(subset)
    }

    #[test]
    fn axes_in_one_parameter_or_in_several_are_a_box_and_an_interval() {
        let one = read(&["Lat(24:37),Lon(60.5:78),time(\"2018-07-01T00:00:00Z\":\"2018-07-31\")"])
            .unwrap();
        let several = read(&[
            "Lon(60.5:78)",
            "time(\"2018-07-01T00:00:00Z\":\"2018-07-31\")",
            "lat(24:37)",
        ])
        .unwrap();
        assert_eq!(one, several);
        let corners = one.bbox().unwrap().map(|bbox| bbox.corners());
        assert_eq!(corners, Some([60.5, 24.0, 78.0, 37.0]));
        assert_eq!(
            one.datetime.as_deref(),
            Some("2018-07-01T00:00:00Z/2018-07-31")
        );
    }

    #[test]
    fn open_ends_points_and_what_reaches_beyond() {
        let corners = |text| {
            let bbox = read(&[text]).unwrap().bbox().unwrap();
            bbox.map(|bbox| bbox.corners())
        };
        assert_eq!(corners("Lat(30)"), Some([-180.0, 30.0, 180.0, 30.0]));
        assert_eq!(
            corners("Lon(170:-170),Lat(*:200)"),
            Some([170.0, -90.0, -170.0, 90.0])
        );
        assert_eq!(
            read(&["time(\"2018-07-01\")"]).unwrap().datetime.as_deref(),
            Some("2018-07-01")
        );
        assert_eq!(
            read(&["time(*:\"2018-07-01\")"])
                .unwrap()
                .datetime
                .as_deref(),
            Some("../2018-07-01")
        );
        assert_eq!(read(&["time(\"2018\":*)"]).unwrap().bbox(), Ok(None));
    }

    #[test]
    fn what_is_no_subset_is_refused() {
        for wrong in [
            "Lat",
            "Lat(1:2",
            "Lat()",
            "Lat(*)",
            "Lat(1:2:3)",
            "Lat(a:b)",
            "Lat(NaN:1)",
            "Lat(5:1)",
            "height(1:2)",
            "Lat(1:2)Lon(1:2)",
            "Lat(1:2),",
            "Lat(1:2),Lat(3:4)",
        ] {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }
}
