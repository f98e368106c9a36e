//! Metrics declared once: from one table come instruments, CSV columns, CloudWatch datapoints and the reference page.

/// What a value is counted in. Times are kept in nanoseconds inside and told in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A time; nanoseconds inside, seconds outside.
    Seconds,
    /// A time; nanoseconds inside, milliseconds outside, where CloudWatch tells it so.
    Milliseconds,
    /// A size.
    Bytes,
    /// A share between 0 and 1; millionths inside an instrument.
    Ratio,
    /// Things per second.
    PerSecond,
    /// Hours of an instance.
    Hours,
    /// Money; millionths of a dollar inside.
    Dollars,
    /// Hundredths; thousandths of them inside.
    Percent,
}

impl Unit {
    /// CloudWatch's word for it ("MetricDatum", the `Unit` field).
    pub fn cloudwatch_name(self) -> &'static str {
        match self {
            Unit::Count => "Count",
            Unit::Seconds => "Seconds",
            Unit::Milliseconds => "Milliseconds",
            Unit::Bytes => "Bytes",
            Unit::Ratio | Unit::Hours | Unit::Dollars => "None",
            Unit::PerSecond => "Count/Second",
            Unit::Percent => "Percent",
        }
    }

    /// The word used in `summary.csv`.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Seconds => "s",
            Unit::Milliseconds => "ms",
            Unit::Bytes => "B",
            Unit::Ratio => "ratio",
            Unit::PerSecond => "per_s",
            Unit::Hours => "h",
            Unit::Dollars => "USD",
            Unit::Percent => "percent",
        }
    }

    /// The unit with this word.
    pub fn named(name: &str) -> Option<Self> {
        let all = [
            Unit::Count,
            Unit::Seconds,
            Unit::Milliseconds,
            Unit::Bytes,
            Unit::Ratio,
            Unit::PerSecond,
            Unit::Hours,
            Unit::Dollars,
            Unit::Percent,
        ];
        all.into_iter().find(|unit| unit.name() == name)
    }

    /// How many of an instrument's whole numbers are one outside: a second is so many nanoseconds, a percent a thousand
    /// thousandths, a dollar a million millionths, as is a whole of its shares. Dividing by it is exact where multiplying by its
    /// inverse is not: 59 s stay 59 s.
    pub fn parts(self) -> f64 {
        match self {
            Unit::Seconds => 1e9,
            Unit::Percent => 1e3,
            Unit::Milliseconds | Unit::Dollars | Unit::Ratio => 1e6,
            _ => 1.0,
        }
    }
}

/// Which kind of instrument measures a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstrumentKind {
    /// Things that happened; summed over a period.
    Counter,
    /// A level that changes in steps; averaged over time.
    Level,
    /// Values with a distribution; averaged over observations.
    Distribution,
}

impl InstrumentKind {
    /// The statistics such an instrument leaves in `summary.csv`, in their order there.
    pub fn statistics(self) -> &'static [&'static str] {
        match self {
            InstrumentKind::Counter => &["sum", "rate"],
            InstrumentKind::Level => &["mean", "min", "max", "last"],
            InstrumentKind::Distribution => &[
                "count",
                "mean",
                "stddev",
                "min",
                "p50",
                "p90",
                "p95",
                "p99",
                "p99.9",
                "max",
                "share_above_zero",
            ],
        }
    }
}

/// The declaration of one metric.
#[derive(Debug, Clone, Copy)]
pub struct MetricDefinition {
    /// Its name in `summary.csv` and in expectations, in `snake_case`.
    pub name: &'static str,
    /// CloudWatch's name, when it is published there.
    pub cloudwatch_name: Option<&'static str>,
    /// CloudWatch's namespace of the metric's owner; `queuelab` for metrics AWS has not.
    pub namespace: &'static str,
    /// CloudWatch's dimension that names the owner.
    pub dimension: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// How it is measured.
    pub kind: InstrumentKind,
    /// One sentence for the reference page.
    pub documentation: &'static str,
}

/// Declares the metrics of one kind of entity: a struct of instruments and the table that describes them.
///
/// ```
/// queuelab::metrics! {
///     /// What a shop counts.
///     pub struct ShopMetrics in "queuelab", by "ShopName" {
///         /// Customers that came in.
///         pub customers: Counter [Count] as "NumberOfCustomers",
///         /// How long they stayed.
///         pub stay: Distribution [Seconds],
///     }
/// }
/// let mut metrics = ShopMetrics::default();
/// metrics.customers.add(2);
/// assert_eq!(ShopMetrics::DEFINITIONS[0].cloudwatch_name, Some("NumberOfCustomers"));
/// ```
#[macro_export]
macro_rules! metrics {
    (
        $(#[$outer:meta])*
        $visibility:vis struct $name:ident in $namespace:literal, by $dimension:literal {
            $( #[doc = $first:literal] $(#[doc = $more:literal])*
               $field_visibility:vis $field:ident : $kind:ident [$unit:ident] $(as $cloudwatch:literal)? ),* $(,)?
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Default)]
        $visibility struct $name {
            $( #[doc = $first] $(#[doc = $more])* $field_visibility $field: $crate::record::$kind, )*
        }

        impl $name {
            /// The declarations, in the order of the fields.
            pub const DEFINITIONS: &'static [$crate::record::MetricDefinition] = &[
                $( $crate::record::MetricDefinition {
                    name: stringify!($field),
                    cloudwatch_name: $crate::metrics!(@cloudwatch $($cloudwatch)?),
                    namespace: $namespace,
                    dimension: $dimension,
                    unit: $crate::record::Unit::$unit,
                    kind: $crate::record::InstrumentKind::$kind,
                    documentation: concat!($first $(, $more)*),
                } ),*
            ];

            /// Shows every instrument with its position in [`Self::DEFINITIONS`].
            #[allow(unused_assignments)]
            pub fn visit(&mut self, visitor: &mut dyn FnMut(usize, $crate::record::Instrument<'_>)) {
                let mut position = 0;
                $( visitor(position, $crate::record::Instrument::$kind(&mut self.$field)); position += 1; )*
            }
        }
    };
    (@cloudwatch) => { None };
    (@cloudwatch $cloudwatch:literal) => { Some($cloudwatch) };
}
