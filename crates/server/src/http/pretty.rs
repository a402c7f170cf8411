//! Line breaks and indentation for compact JSON, without reading it: the order of keys and the
//! text of numbers stay as they are.

/// The spaces of one level.
const INDENT: usize = 2;

/// Spreads compact JSON over lines.
pub(super) fn indent(compact: &[u8]) -> Vec<u8> {
    let mut spread = Vec::with_capacity(compact.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut bytes = compact.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_text {
            spread.push(byte);
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'{' | b'[' => {
                spread.push(byte);
                // The bytes of both pairs of brackets are two apart.
                if let Some(close) = bytes.next_if_eq(&(byte + 2)) {
                    spread.push(close);
                } else {
                    depth += 1;
                    break_line(&mut spread, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut spread, depth);
                spread.push(byte);
            }
            b',' => {
                spread.push(byte);
                break_line(&mut spread, depth);
            }
            b':' => spread.extend(b": "),
            _ => {
                in_text = byte == b'"';
                spread.push(byte);
            }
        }
    }
    spread
}

fn break_line(spread: &mut Vec<u8>, depth: usize) {
    spread.push(b'\n');
    spread.resize(spread.len() + depth * INDENT, b' ');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(value: &Value) {
        let compact = serde_json::to_vec(value).unwrap();
        let expected = serde_json::to_string_pretty(value).unwrap();
        assert_eq!(String::from_utf8(indent(&compact)).unwrap(), expected);
    }

    #[test]
    fn it_is_what_the_json_library_makes() {
        check(&json!({}));
        check(&json!([]));
        check(&json!("a\\\"{b:[,"));
        check(
            &json!({"a": [1, {"b": "x\"y\\", "c": [], "d": {}}, null], "\\": [[true]], "é": 0.5}),
        );
    }
}
