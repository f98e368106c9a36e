//! Metrics that programs publish: what they measure is looked up.

use super::config::ScenarioConfig;
use super::watching::Watching;
use crate::language::{Files, Located, Name, Problems};
use crate::series::Statistic;
use crate::services::cloudwatch::{CustomMetricConfig, CustomMetricSettings, CustomSource, PublishAs};
use crate::wire::span;
use crate::world::watched_metric;

/// The custom metrics of a scenario; `None` when a problem was told.
pub(super) fn resolve(
    config: &ScenarioConfig,
    watching: &mut Watching<'_>,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<Vec<CustomMetricSettings>> {
    let mut settings = Vec::new();
    for (position, (name, custom)) in config.custom_metrics.iter().enumerate() {
        settings.push(one(position, name, custom, watching, files, problems));
    }
    settings.into_iter().collect()
}

fn one(
    position: usize,
    name: &Name,
    config: &CustomMetricConfig,
    watching: &mut Watching<'_>,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<CustomMetricSettings> {
    let delay = config.metric_delay.build(files, problems);
    let publish_as = PublishAs::from(config.publish_as);
    let source = source(config, watching, files, problems);
    if let Some(CustomSource::Series(watched)) = &source
        && watched.metrics().iter().any(|(metric, _)| (metric.0 as usize) < watching.custom_metrics())
    {
        problems
            .error(name.place, format!("`{name}` is computed from another custom metric"))
            .why("a program reads what it measures, not what CloudWatch shows later")
            .help("repeat the metrics here");
        return None;
    }
    if let Some(CustomSource::Series(watched)) = &source
        && watching.reads_parts(watched)
    {
        problems
            .error(name.place, format!("`{name}` measures single shards"))
            .why("only CloudWatch has their metrics")
            .help("let an alarm read them, with metric math if need be");
        return None;
    }
    // Programs see single values, whatever they publish of them.
    if let Some(CustomSource::Series(watched)) = &source {
        watching.keep_values(watched);
    }
    let dimensions: Vec<String> =
        config.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Some(CustomMetricSettings {
        name: name.text.clone(),
        namespace: config.namespace.clone(),
        dimensions: dimensions.join(";"),
        unit: config.unit.clone(),
        metric: watched_metric(position),
        source: source?,
        publish_as,
        interval: span(config.publish_interval),
        storage_resolution: span(config.storage_resolution),
        delay: delay?,
    })
}

fn source(
    config: &CustomMetricConfig,
    watching: &mut Watching<'_>,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<CustomSource> {
    if let Some(recording) = &config.recording {
        let values = recording.values(span(config.publish_interval), files, problems)?;
        return Some(CustomSource::Values(values));
    }
    if let Some(values) = &config.values {
        return Some(CustomSource::Values(values.iter().map(|value| value.0).collect()));
    }
    if let Some(metric) = &config.metric {
        let statistic = config.statistic.map_or(Statistic::Average, |statistic| statistic.0);
        return watching.series(metric, statistic, problems).map(CustomSource::Series);
    }
    let place = config.places.key("metrics");
    let (watched, period) = watching.queries(config.metrics.as_deref()?, place, problems)?;
    if let Some(Located { place, .. }) = period {
        problems
            .error(place, "a program that publishes has no `period`: it looks at what is now")
            .help("`publish_interval` says how often");
    }
    Some(CustomSource::Series(watched))
}
