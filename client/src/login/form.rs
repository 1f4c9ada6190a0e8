//! What goes with the parameters of a caller.

/// Adds a parameter, unless the caller has passed it: the server refuses one that is repeated.
pub(super) fn add<'a>(
    form: &mut Vec<(&'a str, &'a str)>,
    name: &'static str,
    value: Option<&'a str>,
) {
    if form.iter().all(|(passed, _)| *passed != name) {
        form.extend(value.map(|value| (name, value)));
    }
}
