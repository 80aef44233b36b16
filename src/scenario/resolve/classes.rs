//! Which classes of components there are.

use std::collections::BTreeMap;

use super::Resolver;
use crate::scenario::file::LifeTable;

impl Resolver<'_> {
    /// Classes that say what they are made of; one that does not is somebody's change to a class that is not there.
    pub(super) fn classes_that_are<'t>(
        &mut self,
        classes: &'t BTreeMap<String, LifeTable>,
    ) -> Vec<(&'t String, &'t LifeTable)> {
        let says = |class: &LifeTable| class.of.is_some() || class.kind.is_some();
        let (are, others): (Vec<_>, Vec<_>) = classes.iter().partition(|(_, class)| says(class));
        let names: Vec<&str> = are.iter().map(|(name, _)| name.as_str()).collect();
        let remedy = match names.as_slice() {
            [] => "write of and kind, or [reliability] with pack = \"planning\"".to_owned(),
            names => format!("the classes are {}; one of your own needs of and kind", names.join(", ")),
        };
        for (name, _) in others {
            self.reader.error(format!("reliability.classes.{name}"), "is no class that is there", remedy.as_str());
        }
        are
    }
}
