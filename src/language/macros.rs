//! The three ways to declare what a scenario can say: `section!`, `choice!` and `keyword!`.

// A crate that uses only some of them (this floor's tests, say) is no reason for a warning.
#![allow(unused_macros, unused_imports)]

/// One attribute of a declaration: its text if it is a doc comment.
macro_rules! doc_line {
    (doc = $text:expr) => {
        Some($text)
    };
    ($($other:tt)*) => {
        None
    };
}
pub(crate) use doc_line;

/// Declares a section: a mapping with known keys. See the floor's page for an example.
macro_rules! section {
    (
        $(#[$($attribute:tt)*])*
        pub struct $name:ident $(<$parameter:ident : $bound:path>)? {
            $(
                $(#[$($field_attribute:tt)*])*
                pub $field:ident : $type:ty $(= $default:expr)? $(, $limit:ident ( $($edge:expr),+ $(,)? ))?
            );* $(;)?
        }
        $(check $check:path;)?
    ) => {
        $(#[$($attribute)*])*
        #[derive(Debug, Clone)]
        #[allow(unreachable_pub)] // a floor may keep its declarations to itself
        pub struct $name $(<$parameter: $bound>)? {
            $(
                $(#[$($field_attribute)*])*
                pub $field: $type,
            )*
            /// Where the section stands: its key, or its beginning.
            #[allow(dead_code)] // for checks of the floors above, not every section has any
            pub place: $crate::language::Place,
            /// Where the given keys stand.
            #[allow(dead_code)]
            pub places: $crate::language::Places,
        }

        impl $(<$parameter: $bound>)? $crate::language::Decode for $name $(<$parameter>)? {
            fn decode(
                node: &$crate::language::Node,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                let keys = [$($crate::language::key_name(stringify!($field))),*];
                let reader = $crate::language::SectionReader::open(node, &keys, problems)?;
                $(
                    let name = $crate::language::key_name(stringify!($field));
                    let meaning = [$($crate::language::doc_line!($($field_attribute)*)),*];
                    #[allow(unused_mut, unused_assignments)]
                    let mut default: Option<fn() -> $type> = None;
                    $( default = Some(|| $default); )?
                    let $field: Option<$type> = reader.field(name, &meaning, default, problems);
                    $(
                        let $field = reader.limited(
                            $field,
                            name,
                            &$crate::language::Limits::$limit($($edge),+),
                            problems,
                        );
                    )?
                )*
                let (place, places, sound) = reader.close(problems);
                let section = $name { $($field: $field?,)* place, places };
                $(
                    let errors = problems.errors();
                    $check(&section, problems);
                    let sound = sound && problems.errors() == errors;
                )?
                sound.then_some(section)
            }

            fn schema(definitions: &mut $crate::language::Definitions) -> $crate::language::Json {
                let documentation = $crate::language::documentation(
                    &[$($crate::language::doc_line!($($attribute)*)),*],
                );
                let declared = $crate::language::declared_name(stringify!($name), &[$($parameter::NAME)?]);
                definitions.section(&declared, module_path!(), documentation, |definitions| {
                    vec![$({
                        #[allow(unused_mut, unused_assignments)]
                        let mut default: Option<fn() -> $type> = None;
                        $( default = Some(|| $default); )?
                        let row = $crate::language::Row::new::<$type>(
                            $crate::language::key_name(stringify!($field)),
                            $crate::language::documentation(
                                &[$($crate::language::doc_line!($($field_attribute)*)),*],
                            ),
                            default,
                            definitions,
                        );
                        $( let row = row.limited::<$type>(&$crate::language::Limits::$limit($($edge),+)); )?
                        row
                    }),*]
                })
            }

            fn type_name() -> String {
                $crate::language::link(
                    &$crate::language::declared_name(stringify!($name), &[$($parameter::NAME)?]),
                )
            }
        }
    };
}
pub(crate) use section;

/// Declares a choice: a mapping with exactly one of some keys. A variant without a type is a word alone.
macro_rules! choice {
    (
        $(#[$($attribute:tt)*])*
        pub enum $name:ident $(<$parameter:ident : $bound:path>)? {
            $(
                $(#[$($variant_attribute:tt)*])*
                $variant:ident $(($type:ty))? = $key:literal
            ),* $(,)?
        }
    ) => {
        $(#[$($attribute)*])*
        #[derive(Debug, Clone)]
        #[allow(unreachable_pub)] // a floor may keep its declarations to itself
        #[allow(clippy::large_enum_variant)] // read once; boxes would show in every match
        pub enum $name $(<$parameter: $bound>)? {
            $(
                $(#[$($variant_attribute)*])*
                $variant $(($type))?,
            )*
        }

        impl $(<$parameter: $bound>)? $name $(<$parameter>)? {
            /// The key this variant has in a scenario.
            #[allow(dead_code, unreachable_pub)]
            pub fn key(&self) -> &'static str {
                match self {
                    $($name::$variant { .. } => $key,)*
                }
            }
        }

        impl $(<$parameter: $bound>)? $crate::language::Decode for $name $(<$parameter>)? {
            fn decode(
                node: &$crate::language::Node,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                let variants = [$($key),*];
                let words: Vec<(&'static str, bool)> =
                    [$($crate::language::choice_word!($key $(, $type)?)),*].into_iter().flatten().collect();
                let (key, value) = $crate::language::read_choice(node, &variants, &words, problems)?;
                $(
                    if key == $key {
                        return $crate::language::choice_value!(
                            $name, $variant, value, problems $(, $type)?
                        );
                    }
                )*
                None
            }

            fn schema(definitions: &mut $crate::language::Definitions) -> $crate::language::Json {
                let documentation = $crate::language::documentation(
                    &[$($crate::language::doc_line!($($attribute)*)),*],
                );
                let declared = $crate::language::declared_name(stringify!($name), &[$($parameter::NAME)?]);
                definitions.choice(&declared, module_path!(), documentation, |definitions| {
                    let _ = &definitions;
                    vec![$({
                        let documentation = $crate::language::documentation(
                            &[$($crate::language::doc_line!($($variant_attribute)*)),*],
                        );
                        $crate::language::choice_row!($key, documentation, definitions $(, $type)?)
                    }),*]
                })
            }

            fn type_name() -> String {
                $crate::language::link(
                    &$crate::language::declared_name(stringify!($name), &[$($parameter::NAME)?]),
                )
            }

            fn to_json(&self) -> Option<$crate::language::Json> {
                $(
                    if matches!(self, $name::$variant { .. }) {
                        let word: Option<(&str, bool)> = $crate::language::choice_word!($key $(, $type)?);
                        return word.map(|(word, _)| $crate::language::Json::from(word));
                    }
                )*
                None
            }
        }
    };
}
pub(crate) use choice;

/// The key of a variant that may be a word alone, and whether it may also have a value.
macro_rules! choice_word {
    ($key:literal) => {
        Some(($key, false))
    };
    ($key:literal, $type:ty) => {
        <$type as $crate::language::Decode>::absent().map(|_| ($key, true))
    };
}
pub(crate) use choice_word;

/// Builds a variant from the node of its value.
macro_rules! choice_value {
    ($name:ident, $variant:ident, $value:ident, $problems:ident) => {{
        let _ = $value;
        Some($name::$variant)
    }};
    ($name:ident, $variant:ident, $value:ident, $problems:ident, $type:ty) => {
        match $value {
            Some(value) => <$type as $crate::language::Decode>::decode(value, $problems),
            None => <$type as $crate::language::Decode>::absent(),
        }
        .map($name::$variant)
    };
}
pub(crate) use choice_value;

/// Describes a variant.
macro_rules! choice_row {
    ($key:literal, $documentation:ident, $definitions:ident) => {
        $crate::language::Row::word($key, $documentation)
    };
    ($key:literal, $documentation:ident, $definitions:ident, $type:ty) => {
        $crate::language::Row::new::<$type>($key, $documentation, None, $definitions)
    };
}
pub(crate) use choice_row;

/// Declares a keyword: one of some words.
macro_rules! keyword {
    (
        $(#[$($attribute:tt)*])*
        pub enum $name:ident {
            $(
                $(#[$($variant_attribute:tt)*])*
                $variant:ident = $word:literal
            ),* $(,)?
        }
    ) => {
        $(#[$($attribute)*])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(unreachable_pub)]
        #[allow(clippy::enum_variant_names)] // the words are AWS's
        pub enum $name {
            $(
                $(#[$($variant_attribute)*])*
                $variant,
            )*
        }

        impl $name {
            /// All of them, in the order of declaration.
            #[allow(dead_code, unreachable_pub)]
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word a scenario uses.
            #[allow(dead_code, unreachable_pub)]
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl $crate::language::Decode for $name {
            fn decode(
                node: &$crate::language::Node,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                let index = $crate::language::read_keyword(node, &[$($word),*], problems)?;
                $name::ALL.get(index).copied()
            }

            fn schema(definitions: &mut $crate::language::Definitions) -> $crate::language::Json {
                let documentation = $crate::language::documentation(
                    &[$($crate::language::doc_line!($($attribute)*)),*],
                );
                let words = [$((
                    $word,
                    $crate::language::documentation(
                        &[$($crate::language::doc_line!($($variant_attribute)*)),*],
                    ),
                )),*];
                definitions.keyword(stringify!($name), module_path!(), documentation, &words)
            }

            fn type_name() -> String {
                $crate::language::link(stringify!($name))
            }

            fn to_json(&self) -> Option<$crate::language::Json> {
                Some($crate::language::Json::from(self.as_str()))
            }
        }
    };
}
pub(crate) use keyword;
