//! Reliability packs: tables of failure rates with the source of each, which a scenario takes up by name.

use toml::{Table, Value};

use super::defaults::detection;
use super::file::{File, Leaf, LifeTable};
use super::problem::Problem;
use super::read::peek;
use crate::network::StudyPlan;

/// A pack that ships with the program.
struct Pack {
    name: &'static str,
    text: &'static str,
}

const PACKS: [Pack; 1] = [Pack { name: "planning", text: include_str!("planning.toml") }];

/// The tables that stand for the pack that `table` names: what `[reliability]` says of itself is laid over them.
pub(super) fn tables(table: &Table, problems: &mut Vec<Problem>) -> Table {
    let Some(Value::Table(reliability)) = table.get("reliability") else { return Table::new() };
    let Some(named) = reliability.get("pack") else { return Table::new() };
    let Some(pack) = PACKS.iter().find(|pack| named.as_str() == Some(pack.name)) else {
        let known: Vec<&str> = PACKS.iter().map(|pack| pack.name).collect();
        let message = format!("no reliability pack is named {named}");
        problems.push(Problem::error("reliability.pack", message, format!("there are: {}", known.join(", "))));
        return Table::new();
    };
    let inner: Table = toml::from_str(pack.text).expect("a pack that ships is TOML");
    Table::from_iter([("reliability".to_owned(), Value::Table(inner))])
}

/// Fills what a failure model leaves open; a scenario without one stays without.
pub(super) fn fill(file: &mut File) {
    let reliability = &mut file.reliability;
    let Some(classes) = &mut reliability.classes else { return };
    let level = default(&mut reliability.level, "base").clone();
    default(&mut reliability.start, "stationary");
    for class in classes.values_mut() {
        fill_class(class, &level);
    }
    let plan = StudyPlan::default();
    let whole = |number: u64| Value::Integer(i64::try_from(number).expect("a small default"));
    default(&mut file.study.periods, whole(plan.periods));
    default(&mut file.study.precision, plan.precision.to_string());
    default(&mut file.study.episodes, whole(plan.episodes.into()));
    default(&mut file.study.degraded, whole(plan.degraded.into()));
    default(&mut file.study.joint, whole(plan.joint.into()));
    default(&mut file.study.demand, plan.demand.to_string());
    let levels = plan.demand_levels.iter().map(|level| Value::String(level.to_string())).collect();
    default(&mut file.study.demand_levels, Value::Array(levels));
}

fn fill_class(class: &mut LifeTable, level: &Value) {
    default(&mut class.level, level.clone());
    default(&mut class.begins, "sudden");
    default(&mut class.per_km, false);
    default(&mut class.in_turn, false);
    default(&mut class.up_law, "exponential");
    default(&mut class.down_law, "exponential");
    default(&mut class.up_mean, "mean");
    default(&mut class.down_mean, "mean");
    if class.detection.is_some() {
        default(&mut class.detection_law, "exponential");
        default(&mut class.detection_mean, "mean");
        let whole = peek(&class.of) != Some("member-ends");
        detection(whole, [&mut class.detected_by, &mut class.mitigation, &mut class.drain]);
    }
    default(&mut class.shared, "0%");
    default(&mut class.coverage, "100%");
}

fn default(leaf: &mut Leaf, value: impl Into<Value>) -> &Value {
    leaf.get_or_insert_with(|| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_of_a_pack_has_three_levels_and_a_source() {
        for pack in &PACKS {
            let table: Table = toml::from_str(pack.text).expect(pack.name);
            assert!(table["basis"].as_str().is_some());
            for (name, class) in table["classes"].as_table().expect("classes") {
                assert!(class["source"].as_str().is_some_and(|source| source.len() > 20), "{name}");
                let detection = class.get("detection").map(|_| "detection");
                for key in ["up", "down"].into_iter().chain(detection) {
                    for level in ["low", "base", "high"] {
                        assert!(class[key][level].as_str().is_some(), "{name}.{key}.{level}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_unknown_pack_is_named_with_those_that_exist() {
        let table: Table = toml::from_str("reliability.pack = \"x\"").expect("TOML");
        let mut problems = Vec::new();
        assert!(tables(&table, &mut problems).is_empty());
        assert!(problems[0].remedy.contains("planning"), "{problems:?}");
    }
}
