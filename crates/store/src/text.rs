//! Lists of small records in one text column.
//!
//! A field ends with a bar, a record with a semicolon. Within a field a backslash stands before a bar, a semicolon
//! or a backslash; a field that is only a backslash and a zero is absent. So no list, a list of one empty field and
//! a list of one absent field differ. Examples stand in the tests and in `docs/store-format.md`.

/// Appends one field.
pub(crate) fn push_field(text: &mut String, field: Option<&str>) {
    match field {
        None => text.push_str("\\0"),
        // Few texts hold one of the three signs: look once, copy whole.
        Some(field) if !field.bytes().any(|b| matches!(b, b'\\' | b'|' | b';')) => {
            text.push_str(field);
        }
        Some(field) => {
            for letter in field.chars() {
                if matches!(letter, '\\' | '|' | ';') {
                    text.push('\\');
                }
                text.push(letter);
            }
        }
    }
    text.push('|');
}

/// Ends a record.
pub(crate) fn end_record(text: &mut String) {
    text.push(';');
}

/// Reads the records back; `None` for a text that was not written so.
pub(crate) fn records(text: &str) -> Option<Vec<Vec<Option<String>>>> {
    let (mut records, mut fields) = (Vec::new(), Vec::new());
    let (mut field, mut absent) = (String::new(), false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next()? {
                '0' => absent = true,
                escaped => field.push(escaped),
            },
            '|' => {
                let value = std::mem::take(&mut field);
                fields.push((!std::mem::take(&mut absent)).then_some(value));
            }
            ';' => records.push(std::mem::take(&mut fields)),
            other => field.push(other),
        }
    }
    (field.is_empty() && fields.is_empty() && !absent).then_some(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(records: &[Vec<Option<String>>]) -> String {
        let mut text = String::new();
        for record in records {
            for field in record {
                push_field(&mut text, field.as_deref());
            }
            end_record(&mut text);
        }
        text
    }

    proptest! {
        #[test]
        fn any_list_reads_back(list in prop::collection::vec(prop::collection::vec(
            prop::option::of("[a|;\\\\0\u{627}\n]{0,4}"), 0..4), 0..4)) {
            prop_assert_eq!(records(&written(&list)), Some(list));
        }
    }

    #[test]
    fn the_format_is_as_documented() {
        let list = vec![
            vec![Some("9(c);".to_owned()), None],
            vec![Some(String::new())],
        ];
        assert_eq!(written(&list), r"9(c)\;|\0|;|;");
        assert_eq!(records("no end"), None);
        assert_eq!(records("a|"), None);
    }
}
