//! The account: what all functions use together.

use super::metrics::AccountMetrics;
use crate::record::{Instrument, MetricDefinition};
use crate::wire::{Context, EntityId, Outbox, Service, Signal};

/// The account in its Region, as CloudWatch sees it.
#[derive(Debug, Default)]
pub struct Account {
    metrics: AccountMetrics,
}

impl Service for Account {
    type Timer = ();
    const KIND: &'static str = "account";

    fn receive<O: Outbox<()>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Executions { unreserved, total } => {
                self.metrics.unreserved_concurrent_executions.set(cx.now, u64::from(unreserved));
                self.metrics.concurrent_executions.set(cx.now, u64::from(total));
            }
            other => unreachable!("an account is never told {other:?}"),
        }
    }

    fn wake<O: Outbox<()>>(&mut self, _timer: (), _cx: &mut Context<'_, O>) {}

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&AccountMetrics::DEFINITIONS[position], instrument));
    }
}
