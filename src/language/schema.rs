//! Definitions: what the declared types say of themselves, collected for JSON Schema and for the reference.

use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

use super::decode::Decode;
use super::limits::{Limits, Ranged};

/// The named types reached from a root, in the order they were first mentioned.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    all: Vec<Definition>,
}

/// One named type.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name in `$defs`.
    pub name: String,
    /// The module that declares it: two modules may use the same name.
    path: &'static str,
    /// The name as declared.
    declared: String,
    /// Its JSON Schema.
    pub schema: Json,
    /// What the reference says.
    pub page: Page,
}

/// What the reference says of a type.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The doc comment.
    pub documentation: String,
    /// What the type is made of.
    pub content: Content,
}

/// What a type is made of.
#[derive(Debug, Clone)]
pub enum Content {
    /// A mapping with these keys.
    Section(Vec<Row>),
    /// One of these, as the only key of a mapping.
    Choice(Vec<Row>),
    /// One of these words, with their meaning.
    Keyword(Vec<(String, String)>),
    /// A text of a certain form; some examples.
    Form(Vec<String>),
}

impl Default for Content {
    fn default() -> Self {
        Content::Section(Vec::new())
    }
}

/// One key of a section or choice.
#[derive(Debug, Clone)]
pub struct Row {
    /// The key.
    pub key: String,
    /// [`Decode::type_name`] of its value.
    pub type_name: String,
    /// Whether it must be given.
    pub required: bool,
    /// The default, as a scenario would write it.
    pub default: Option<Json>,
    /// The range in words.
    pub range: Option<String>,
    /// The doc comment.
    pub documentation: String,
    schema: Json,
}

impl Row {
    /// Describes a key whose value is a `T`.
    pub fn new<T: Decode>(
        key: &str,
        documentation: String,
        default: Option<fn() -> T>,
        definitions: &mut Definitions,
    ) -> Self {
        let schema = T::schema(definitions);
        Row {
            key: key.to_owned(),
            type_name: T::type_name(),
            required: default.is_none() && T::absent().is_none(),
            default: default.and_then(|default| default().to_json()),
            range: None,
            documentation,
            schema,
        }
    }

    /// Adds the range.
    #[must_use]
    pub fn limited<T: Ranged>(mut self, limits: &Limits<T::Bound>) -> Self {
        self.range = Some(limits.describe());
        let place =
            if self.schema.get("items").is_some() { &mut self.schema["items"] } else { &mut self.schema };
        if let Json::Object(schema) = place {
            schema.extend(limits.keywords());
        }
        self
    }

    /// The schema of the value, with description and default.
    fn property(&self) -> Json {
        let mut schema = match &self.schema {
            Json::Object(schema) => schema.clone(),
            _ => Map::new(),
        };
        let mut description = self.documentation.clone();
        if let Some(range) = &self.range {
            let _ = write!(description, "\n\nRange: {range}.");
        }
        schema.insert("description".to_owned(), Json::String(description));
        if let Some(default) = &self.default {
            schema.insert("default".to_owned(), default.clone());
        }
        Json::Object(schema)
    }
}

impl Definitions {
    /// Nothing defined.
    pub fn new() -> Self {
        Definitions::default()
    }

    /// The types defined so far.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.all.iter()
    }

    /// Defines the type `declared` of module `path` unless it is known, and gives a reference to it.
    ///
    /// `describe` may reach the same type again: it then finds it known.
    pub fn define(
        &mut self,
        declared: &str,
        path: &'static str,
        describe: impl FnOnce(&mut Definitions) -> (Json, Page),
    ) -> Json {
        let known = self.all.iter().find(|known| known.declared == declared && known.path == path);
        if let Some(known) = known {
            return reference(&known.name);
        }
        let name = self.free_name(declared, path);
        let index = self.all.len();
        self.all.push(Definition {
            name: name.clone(),
            path,
            declared: declared.to_owned(),
            schema: Json::Null,
            page: Page::default(),
        });
        let (schema, page) = describe(self);
        self.all[index].schema = schema;
        self.all[index].page = page;
        reference(&name)
    }

    /// The declared name, or one with its module where another module took that.
    fn free_name(&self, declared: &str, path: &str) -> String {
        let taken = |name: &str| self.all.iter().any(|known| known.name == name);
        if !taken(declared) {
            return declared.to_owned();
        }
        let mut modules = path.rsplit("::").filter(|module| *module != "config");
        let mut name = format!("{}.{declared}", modules.next().unwrap_or("other"));
        while taken(&name) {
            name.push('\'');
        }
        name
    }

    /// Defines a section: a mapping with the given keys and no others.
    pub fn section(
        &mut self,
        declared: &str,
        path: &'static str,
        documentation: String,
        rows: impl FnOnce(&mut Definitions) -> Vec<Row>,
    ) -> Json {
        self.define(declared, path, |definitions| {
            let rows = rows(definitions);
            let mut properties = Map::new();
            for row in &rows {
                properties.insert(row.key.clone(), row.property());
            }
            let required: Vec<&str> =
                rows.iter().filter(|row| row.required).map(|row| row.key.as_str()).collect();
            // `orders:` with nothing behind it is an empty section, if nothing must be given.
            let kind = if required.is_empty() { json!(["object", "null"]) } else { json!("object") };
            let mut schema = json!({
                "type": kind,
                "description": documentation,
                "properties": properties,
                "additionalProperties": false,
            });
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            (schema, Page { documentation, content: Content::Section(rows) })
        })
    }

    /// Defines a choice: a mapping with exactly one of the given keys; those in `words` may stand alone.
    pub fn choice(
        &mut self,
        declared: &str,
        path: &'static str,
        documentation: String,
        rows: impl FnOnce(&mut Definitions) -> Vec<Row>,
    ) -> Json {
        self.define(declared, path, |definitions| {
            let rows = rows(definitions);
            let variants: Vec<Json> = rows.iter().map(Row::variant).collect();
            let schema = json!({ "description": documentation, "anyOf": variants });
            (schema, Page { documentation, content: Content::Choice(rows) })
        })
    }

    /// Defines a set of words with their meanings.
    pub fn keyword(
        &mut self,
        declared: &str,
        path: &'static str,
        documentation: String,
        words: &[(&str, String)],
    ) -> Json {
        self.define(declared, path, |_| {
            let values: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let meanings: Vec<&str> = words.iter().map(|(_, meaning)| meaning.as_str()).collect();
            let schema = json!({
                "type": "string",
                "description": documentation,
                "enum": values,
                "markdownEnumDescriptions": meanings,
            });
            let words = words.iter().map(|(word, meaning)| ((*word).to_owned(), meaning.clone())).collect();
            (schema, Page { documentation, content: Content::Keyword(words) })
        })
    }

    /// Defines a text of a certain form, with examples.
    pub fn form(&mut self, declared: &str, path: &'static str, documentation: &str, schema: Json) -> Json {
        self.define(declared, path, |_| {
            let mut schema = schema;
            schema["description"] = json!(documentation);
            let examples = schema.get("examples").and_then(Json::as_array).cloned().unwrap_or_default();
            let examples =
                examples.iter().map(|example| example.as_str().map_or(example.to_string(), str::to_owned));
            let content = Content::Form(examples.collect());
            (schema, Page { documentation: documentation.to_owned(), content })
        })
    }

    /// The whole schema document (draft 2020-12) of a scenario whose root is a `T`.
    pub fn document<T: Decode>(title: &str) -> Json {
        let mut definitions = Definitions::new();
        let root = T::schema(&mut definitions);
        let mut named = Map::new();
        for definition in definitions.all {
            named.insert(definition.name, definition.schema);
        }
        let mut document = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
        });
        if let (Json::Object(document), Json::Object(root)) = (&mut document, root) {
            document.extend(root);
            document.insert("$defs".to_owned(), Json::Object(named));
        }
        document
    }
}

impl Row {
    /// A row of a choice that is a word alone, without a value.
    pub fn word(key: &str, documentation: String) -> Self {
        Row {
            key: key.to_owned(),
            type_name: String::new(),
            required: false,
            default: None,
            range: None,
            documentation,
            schema: Json::Null,
        }
    }

    /// The schema of this row as the only key of a choice.
    fn variant(&self) -> Json {
        if self.schema.is_null() {
            return json!({ "const": self.key, "description": self.documentation });
        }
        let mapping = json!({
            "type": "object",
            "description": self.documentation,
            "properties": { self.key.as_str(): self.property() },
            "required": [self.key],
            "additionalProperties": false,
        });
        if self.required {
            return mapping;
        }
        // The value may be left out, and then the key may stand alone.
        json!({ "anyOf": [{ "const": self.key, "description": self.documentation }, mapping] })
    }
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{name}") })
}
