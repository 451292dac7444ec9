//! Every variable that the server reads is in `.env.example`, and no other.

use std::collections::BTreeMap;
use std::fs;

use tidy::workspace::root;
use tidy::{assert_none, configuration, sources};

#[test]
fn the_example_has_exactly_the_variables_that_the_configuration_structs_read() {
    let mut fields = BTreeMap::new();
    let mut violations = Vec::new();
    for source in sources::all().iter().filter(|source| source.path.ends_with("/settings.rs")) {
        let found = configuration::variables(&source.text);
        if found.is_empty() && source.text.contains("Deserialize") {
            violations.push(format!(
                "{} has no struct whose doc comment says `Environment prefix:`; mark it so that its fields can be found.",
                source.path
            ));
        }
        for name in found {
            if let Some(other) = fields.insert(name.clone(), source.path.clone()) {
                violations.push(format!("{} and {other} both read {name}.", source.path));
            }
        }
    }
    let example = fs::read_to_string(root().join(".env.example")).expect("there is a .env.example");
    violations.extend(configuration::compare(&fields, &configuration::example_variables(&example)));
    assert_none(&violations);
}
