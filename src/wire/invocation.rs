//! Invocations: how a Lambda function answers whoever waits.

use super::BatchId;

/// How a synchronous invocation ended ("`Invoke`", `InvocationType: RequestResponse`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvokeOutcome {
    /// The function returned, and reported no failure.
    Success,
    /// The function returned, and its answer lists messages that failed (`batchItemFailures`). Their messages are held by
    /// nobody through this batch; the taker closes it.
    ItemFailures(BatchId),
    /// The function raised an error, or ran out of time.
    FunctionError,
    /// There was no concurrency left: the function did not run (`TooManyRequestsException`).
    Throttled,
}
