//! Invocations: how a Lambda function answers whoever waits.

use super::BatchId;

/// Where the messages of an event come from: it says what the function does after a failure, and what is late or comes
/// again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    /// A standard queue, or somebody who invokes the function directly.
    Standard,
    /// A FIFO queue: the code stops at the first message that fails, as it should.
    Fifo,
    /// A stream: the same, and each partition key has an order of its own. Other consumers may have processed the same
    /// records, so they tell by their entries whether this function has.
    Stream,
}

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
