//! Every message is accounted for: what came in equals what went out plus what is still there.

/// Which side of the balance a fate is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Messages that came in.
    In,
    /// Messages that left, or are still there.
    Out,
    /// Told for information; part of another row, not of the balance.
    Memo,
}

/// One fate of messages at one resource: a row of `ledger.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// What kind of thing the resource is: `queue`, `producer`, `consumer`, `run`.
    pub kind: &'static str,
    /// The resource's name in the scenario.
    pub name: String,
    /// The fate, in `snake_case`.
    pub fate: &'static str,
    /// How many messages met it, over the whole run (the warm-up included).
    pub messages: u64,
    /// The side of the balance it is on.
    pub side: Side,
}

/// The rows of one run.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    rows: Vec<LedgerRow>,
}

impl Ledger {
    /// Adds the fates of one resource.
    pub fn enter(&mut self, kind: &'static str, name: &str, fates: &[(Side, &'static str, u64)]) {
        self.rows.extend(fates.iter().map(|&(side, fate, messages)| LedgerRow {
            kind,
            name: name.to_owned(),
            fate,
            messages,
            side,
        }));
    }

    /// All rows, in the order they were entered.
    pub fn rows(&self) -> &[LedgerRow] {
        &self.rows
    }

    /// The number of messages that met a fate, if the row exists.
    pub fn get(&self, kind: &str, name: &str, fate: &str) -> Option<u64> {
        self.rows
            .iter()
            .find(|row| row.kind == kind && row.name == name && row.fate == fate)
            .map(|row| row.messages)
    }

    /// One sentence for each resource whose books do not balance; empty when all is well.
    pub fn imbalances(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for resource in self.rows.chunk_by(|a, b| a.kind == b.kind && a.name == b.name) {
            let total = |side| {
                resource
                    .iter()
                    .filter(|row| row.side == side)
                    .map(|row| u128::from(row.messages))
                    .sum::<u128>()
            };
            let (came, went) = (total(Side::In), total(Side::Out));
            if came != went {
                let fates: Vec<String> =
                    resource.iter().map(|row| format!("{} {}", row.fate, row.messages)).collect();
                sentences.push(format!(
                    "{} `{}`: {came} messages came in, {went} are accounted for ({})",
                    resource[0].kind,
                    resource[0].name,
                    fates.join(", ")
                ));
            }
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imbalance_is_told_with_its_fates() {
        let mut ledger = Ledger::default();
        ledger.enter(
            "queue",
            "a",
            &[(Side::In, "sent", 3), (Side::Out, "deleted", 2), (Side::Out, "visible", 1)],
        );
        assert!(ledger.imbalances().is_empty());
        ledger.enter(
            "queue",
            "b",
            &[(Side::In, "sent", 3), (Side::Out, "deleted", 2), (Side::Memo, "received", 9)],
        );
        assert_eq!(
            ledger.imbalances(),
            ["queue `b`: 3 messages came in, 2 are accounted for (sent 3, deleted 2, received 9)"]
        );
        assert_eq!(ledger.get("queue", "b", "deleted"), Some(2));
    }
}
