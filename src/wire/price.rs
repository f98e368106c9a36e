//! List prices, to estimate what a run costs: `data/prices.yaml`, and what a scenario changes in it.

use crate::language::{
    Date, Decode, Definitions, Json, Limits, Located, Named, Node, Problems, Row, SectionReader, Sources,
    link, parse, section,
};
use std::sync::LazyLock;

section! {
    /// A file of prices.
    pub struct PriceFileConfig {
        /// The Region they hold for.
        pub region: String;
        /// The pages they come from.
        pub pages: Vec<PricePageConfig>;
    }
}

section! {
    /// A page of prices.
    pub struct PricePageConfig {
        /// Its title.
        pub title: String;
        /// The day it was read.
        pub read_on: Date;
        /// Prices by key.
        pub prices: Named<PriceConfig>;
        /// Dollars for an hour of an EC2 instance, by type.
        pub ec2_instances_per_hour: Named<PriceConfig>;
    }
}

section! {
    /// A price with its meaning.
    pub struct ExplainedPriceConfig {
        /// The price.
        pub dollars: f64, at_least (0.0);
        /// What it is for.
        pub meaning: String = String::new();
    }
}

/// A price: dollars, alone or with their meaning.
#[derive(Debug, Clone)]
pub struct PriceConfig {
    dollars: f64,
    meaning: String,
}

impl Decode for PriceConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if node.mapping().is_some() {
            let ExplainedPriceConfig { dollars, meaning, .. } = ExplainedPriceConfig::decode(node, problems)?;
            return Some(Self { dollars, meaning });
        }
        let dollars = f64::decode(node, problems)?;
        if dollars < 0.0 {
            problems.error(node.place, format!("a price of {dollars} dollars")).label("must be at least 0");
            return None;
        }
        Some(Self { dollars, meaning: String::new() })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        f64::schema(definitions)
    }

    fn type_name() -> String {
        f64::type_name()
    }
}

/// A price in force.
#[derive(Debug, Clone, PartialEq)]
struct Price {
    key: String,
    dollars: f64,
    meaning: String,
    /// The page it comes from and the day that was read; empty for what a scenario says itself.
    source: String,
}

/// All prices, by key, and those of EC2 instances, by type.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceList {
    region: String,
    prices: Vec<Price>,
    instances: Vec<Price>,
}

static PUBLISHED: LazyLock<PriceList> = LazyLock::new(|| {
    let text = include_str!("../../data/prices.yaml");
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let empty = PriceList { region: String::new(), prices: Vec::new(), instances: Vec::new() };
    let list = empty.with_file("data/prices.yaml", text, false, &mut sources, &mut problems);
    list.unwrap_or_else(|| panic!("{}", problems.render(&sources, false)))
});

impl PriceList {
    /// AWS's list prices, as they were read.
    pub fn published() -> &'static PriceList {
        &PUBLISHED
    }

    /// The Region whose prices these are, apart from those that a scenario changes.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A price by its key in `data/prices.yaml`, in dollars for what the key says.
    pub fn dollars(&self, key: &str) -> f64 {
        let price = self.prices.iter().find(|price| price.key == key);
        price.unwrap_or_else(|| panic!("data/prices.yaml has no price `{key}`")).dollars
    }

    /// The on-demand price of an instance type, dollars an hour.
    pub fn instance_per_hour(&self, instance_type: &str) -> Option<f64> {
        let price = self.instances.iter().find(|price| price.key == instance_type);
        price.map(|price| price.dollars)
    }

    /// The instance types whose price is known.
    pub fn instance_types(&self) -> impl Iterator<Item = &str> {
        self.instances.iter().map(|price| price.key.as_str())
    }

    /// The list with the prices of a file in place of its own; `None` when the file is not in order. Where `is_known` is
    /// asked for, a key must be one of the list's.
    fn with_file(
        &self,
        name: &str,
        text: &str,
        is_known: bool,
        sources: &mut Sources,
        problems: &mut Problems,
    ) -> Option<PriceList> {
        let errors = problems.errors();
        let root = parse(sources, name, text, problems)?;
        let file = PriceFileConfig::decode(&root, problems)?;
        let mut list = PriceList { region: file.region, ..self.clone() };
        let mut seen: Vec<&str> = Vec::new();
        for page in &file.pages {
            let source = format!("\"{}\", read on {}", page.title, day(page.read_on));
            for (prices, listed) in
                [(&page.prices, &mut list.prices), (&page.ec2_instances_per_hour, &mut list.instances)]
            {
                for (key, price) in prices.iter() {
                    if seen.contains(&key.as_str()) {
                        problems.error(key.place, format!("the price `{key}` occurs twice"));
                    }
                    seen.push(key.as_str());
                    set(listed, key.as_str(), price, &source);
                }
            }
            if is_known {
                let known: Vec<&str> = self.prices.iter().map(|price| price.key.as_str()).collect();
                for (key, _) in page.prices.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
                    let help = problems.suggest(key.as_str(), &known, "prices");
                    problems.error(key.place, format!("there is no price `{key}`")).help(help);
                }
            }
        }
        (problems.errors() == errors).then_some(list)
    }
}

/// The day of an instant, as a file of prices writes it.
fn day(date: Date) -> String {
    date.to_string().chars().take(10).collect()
}

/// Puts a price in its place.
fn set(listed: &mut Vec<Price>, key: &str, price: &PriceConfig, source: &str) {
    match listed.iter_mut().find(|listed| listed.key == key) {
        Some(listed) => {
            listed.dollars = price.dollars;
            source.clone_into(&mut listed.source);
        }
        None => listed.push(Price {
            key: key.to_owned(),
            dollars: price.dollars,
            meaning: price.meaning.clone(),
            source: source.to_owned(),
        }),
    }
}

/// Prices in a scenario: single ones by their keys, a file of them, or both; the single ones win.
#[derive(Debug, Clone, Default)]
pub struct PricesConfig {
    /// A file in the form of `data/prices.yaml`.
    pub file: Option<Located<String>>,
    prices: Vec<(&'static str, f64)>,
    instances: Named<PriceConfig>,
}

const FILE: &str = "file";
const INSTANCES: &str = "ec2_instances_per_hour";

impl PricesConfig {
    /// The prices in force. `read` gives the text of a file.
    pub fn list(
        &self,
        read: impl FnOnce(&str) -> Result<String, String>,
        sources: &mut Sources,
        problems: &mut Problems,
    ) -> Option<PriceList> {
        let mut list = PriceList::published().clone();
        if let Some(file) = &self.file {
            let text = read(&file.value).map_err(|why| {
                problems.error(file.place, format!("cannot read `{}`: {why}", file.value));
            });
            list = list.with_file(&file.value, &text.ok()?, true, sources, problems)?;
        }
        for (key, dollars) in &self.prices {
            set(&mut list.prices, key, &PriceConfig { dollars: *dollars, meaning: String::new() }, "");
        }
        for (key, price) in self.instances.iter() {
            set(&mut list.instances, key.as_str(), price, "");
        }
        Some(list)
    }
}

/// The keys of a scenario's `prices` are those of the list, so that a new price needs no word here.
impl Decode for PricesConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let listed = &PriceList::published().prices;
        let mut keys: Vec<&'static str> = vec![FILE, INSTANCES];
        keys.extend(listed.iter().map(|price| price.key.as_str()));
        let reader = SectionReader::open(node, &keys, problems)?;
        let file = reader.field::<Option<Located<String>>>(FILE, &[], None, problems);
        let instances = reader.field::<Named<PriceConfig>>(INSTANCES, &[], None, problems);
        let mut prices = Vec::new();
        for price in listed {
            let given = reader.field::<Option<f64>>(&price.key, &[], None, problems);
            let given = reader.limited(given, &price.key, &Limits::at_least(0.0), problems);
            prices.extend(given.flatten().map(|dollars| (price.key.as_str(), dollars)));
        }
        let (.., sound) = reader.close(problems);
        sound.then_some(Self { file: file?, prices, instances: instances? })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let documentation =
            "Prices in dollars. Defaults are list prices, from `data/prices.yaml`.".to_owned();
        definitions.section("PricesConfig", module_path!(), documentation, |definitions| {
            let file =
                "A file of prices, in the form of `data/prices.yaml`; single prices win over it.".to_owned();
            let instances =
                "An hour of an instance, by type: types that the list does not have, or has otherwise."
                    .to_owned();
            let mut rows = vec![
                Row::new::<Option<String>>(FILE, file, None, definitions),
                Row::new::<Named<PriceConfig>>(INSTANCES, instances, None, definitions),
            ];
            for price in &PriceList::published().prices {
                let meaning = format!("{} {}.", price.meaning, price.source);
                let mut row = Row::new::<Option<f64>>(&price.key, meaning, None, definitions)
                    .limited::<f64>(&Limits::at_least(0.0));
                row.default = price.dollars.to_json();
                rows.push(row);
            }
            rows
        })
    }

    fn type_name() -> String {
        link("PricesConfig")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str, file: &str) -> Result<PriceList, String> {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let root = parse(&mut sources, "a.yaml", text, &mut problems).unwrap();
        let config = PricesConfig::decode(&root, &mut problems);
        let list = config.and_then(|config| {
            config.list(
                |path| if path == "my.yaml" { Ok(file.to_owned()) } else { Err("no such file".to_owned()) },
                &mut sources,
                &mut problems,
            )
        });
        list.filter(|_| !problems.has_errors()).ok_or_else(|| problems.render(&sources, false))
    }

    #[test]
    fn every_price_has_a_source_and_a_meaning() {
        let list = PriceList::published();
        assert_eq!(list.region(), "us-east-1");
        for price in &list.prices {
            assert!(!price.source.is_empty() && price.meaning.ends_with('.'), "{price:?}");
        }
        assert!(list.dollars("sqs_standard_per_million_requests") > 0.0);
        assert_eq!(list.instance_per_hour("t3.medium"), Some(0.0416));
        assert_eq!(list.instance_per_hour("t3.huge"), None);
    }

    const FILE: &str = "
region: eu-central-1
pages:
  - title: my contract
    read_on: 2026-10-01
    prices: { sqs_fifo_per_million_requests: 0.6, kms_per_ten_thousand_requests: { dollars: 0.02 } }
    ec2_instances_per_hour: { t3.nano: 0.006, x9.large: 3 }
";

    #[test]
    fn single_prices_win_over_a_file_and_a_file_over_the_list() {
        let text =
            "{ file: my.yaml, sqs_fifo_per_million_requests: 0.7, ec2_instances_per_hour: { t3.nano: 1 } }";
        let list = list(text, FILE).unwrap();
        assert_eq!(list.region(), "eu-central-1");
        assert_eq!(list.dollars("sqs_fifo_per_million_requests"), 0.7);
        assert_eq!(list.dollars("kms_per_ten_thousand_requests"), 0.02);
        let published = PriceList::published().dollars("sqs_standard_per_million_requests");
        assert_eq!(list.dollars("sqs_standard_per_million_requests"), published);
        assert_eq!(list.instance_per_hour("t3.nano"), Some(1.0));
        assert_eq!(list.instance_per_hour("x9.large"), Some(3.0));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let told = list("{ sqs_fifo_per_million: 1 }", "").unwrap_err();
        assert!(told.contains("did you mean `sqs_fifo_per_million_requests`?"), "{told}");
        let told = list("{ kms_per_ten_thousand_requests: -1 }", "").unwrap_err();
        assert!(told.contains("at least 0"), "{told}");
        let told = list("{ file: other.yaml }", "").unwrap_err();
        assert!(told.contains("cannot read `other.yaml`"), "{told}");
        let told = list("{ file: my.yaml }", &FILE.replace("sqs_fifo_per", "sqs_fifo_pro")).unwrap_err();
        assert!(told.contains("my.yaml:6") && told.contains("did you mean"), "{told}");
        let told = list("{ file: my.yaml }", &FILE.replace("0.6", "-0.6")).unwrap_err();
        assert!(told.contains("my.yaml:6") && told.contains("at least 0"), "{told}");
        let twice = FILE.replace("x9.large", "sqs_fifo_per_million_requests");
        assert!(list("{ file: my.yaml }", &twice).unwrap_err().contains("occurs twice"));
        assert!(list("{ file: my.yaml }", "region: x").unwrap_err().contains("`pages` is missing"));
    }
}
