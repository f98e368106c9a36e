//! Calls whose answer somebody reads: those of scripted clients, and questions of consumers.

use super::Timer;
use super::log::Wanted;
use super::routes::Routes;
use super::settings::{CapacityMode, Change, RecordDistribution};
use super::shard::Shard;
use super::stream::DataStream;
use crate::engine::Span;
use crate::wire::{
    Action, Answer, ApiError, Context, EntityId, Entry, HashRange, IteratorPlace, Outbox, RecordKey,
    RecordPlace, RecordRead, RecordsRead, RequestId, SendEntry, ShardId, ShardIterator, StreamStatus,
};

impl DataStream {
    /// A call is answered at once.
    pub(super) fn ask<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        cx: &mut Context<'_, O>,
    ) {
        let action = cx.requests.action(request).clone();
        let answer = self.answer(action, cx).unwrap_or_else(Answer::Failed);
        cx.answer((from, request), answer, Span::ZERO);
    }

    fn answer<O: Outbox<Timer>>(
        &mut self,
        action: Action,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        if let Action::CreateStream { shards, on_demand } = action {
            return self.create(shards, on_demand, cx);
        }
        if !self.exists {
            return Err(ApiError::ResourceNotFoundException);
        }
        match action {
            Action::DescribeStream => Ok(Answer::Stream(self.describe())),
            Action::ListShards => Ok(Answer::Shards(self.list_shards())),
            // A stream that is being created can be described, nothing else: it cannot be changed yet, and for records it is
            // not there.
            Action::SplitShard(..)
            | Action::MergeShards(..)
            | Action::UpdateShardCount(_)
            | Action::UpdateStreamMode { .. }
            | Action::UpdateStreamWarmThroughput(_)
            | Action::UpdateStreamRecordDistributionStrategy { .. }
                if self.status == StreamStatus::Creating =>
            {
                Err(ApiError::ResourceInUseException)
            }
            _ if self.status == StreamStatus::Creating => Err(ApiError::ResourceNotFoundException),
            Action::PutRecord(entry, key) => self.put_and_tell(&[entry], &[key], true, cx),
            Action::PutRecords(entries, keys) => self.put_and_tell(&entries, &keys, false, cx),
            Action::GetShardIterator(shard, place) => self.give_iterator(shard, place, cx),
            Action::GetRecords { iterator, limit } => self.read_for_script(iterator, limit, cx),
            Action::SplitShard(shard, at) => self.change_and_tell(Change::Split(shard, at), cx),
            Action::MergeShards(shard, other) => self.change_and_tell(Change::Merge(shard, other), cx),
            Action::UpdateShardCount(target) => {
                let target = u32::try_from(target).map_err(|_| ApiError::InvalidArgumentException)?;
                self.change_and_tell(Change::UpdateShardCount(target), cx)
            }
            Action::UpdateStreamMode { on_demand } => {
                let mode = if on_demand { CapacityMode::OnDemand } else { CapacityMode::Provisioned };
                self.change_and_tell(Change::UpdateStreamMode(mode), cx)
            }
            Action::UpdateStreamWarmThroughput(mebibytes) => {
                let mebibytes = u64::try_from(mebibytes).map_err(|_| ApiError::InvalidArgumentException)?;
                self.change_and_tell(Change::WarmThroughput(mebibytes.saturating_mul(1 << 20)), cx)
            }
            Action::UpdateStreamRecordDistributionStrategy { auto } => {
                let to = if auto { RecordDistribution::Auto } else { RecordDistribution::UserPartitionKey };
                self.change_and_tell(Change::RecordDistribution(to), cx)
            }
            Action::IncreaseStreamRetentionPeriod(hours) => self.change_retention(hours, true, cx),
            Action::DecreaseStreamRetentionPeriod(hours) => self.change_retention(hours, false, cx),
            _ => Err(ApiError::UnsupportedOperation),
        }
    }

    /// `CreateStream`: the stream is `CREATING` for a while.
    fn create<O: Outbox<Timer>>(
        &mut self,
        shards: Option<i64>,
        on_demand: bool,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        if self.exists {
            return Err(ApiError::ResourceInUseException);
        }
        let shards = match (shards, on_demand) {
            // "`CreateStream`": a stream on demand takes no `ShardCount`, a provisioned one needs it.
            (None, true) => self.settings.shards.max(super::config::NEW_ON_DEMAND_SHARDS),
            (Some(shards), false) if shards > 0 => {
                u32::try_from(shards).map_err(|_| ApiError::LimitExceededException)?
            }
            _ => return Err(ApiError::InvalidArgumentException),
        };
        if shards > self.settings.quotas.most_shards {
            return Err(ApiError::LimitExceededException);
        }
        self.exists = true;
        self.mode = if on_demand { CapacityMode::OnDemand } else { CapacityMode::Provisioned };
        if !on_demand {
            self.distribution = RecordDistribution::UserPartitionKey;
        }
        let ranges = HashRange::even(shards);
        self.shards = ranges.iter().map(|range| Shard::new(*range, [None; 2], &self.settings)).collect();
        self.open = Routes::new(&ranges);
        cx.outbox.wake(cx.now + self.settings.create_time, Timer::Created);
        Ok(Answer::Done)
    }

    /// The stream is `ACTIVE` from now on.
    pub(super) fn finish_creation<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.charge(cx.now);
        self.status = StreamStatus::Active;
        self.update_levels(cx.now);
        if self.mode == CapacityMode::OnDemand {
            self.begin_watch(cx);
        }
    }

    fn change_and_tell<O: Outbox<Timer>>(
        &mut self,
        change: Change,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        self.change(change, cx).map(|()| Answer::Done)
    }

    /// "`IncreaseStreamRetentionPeriod`" takes more than the present period, "`DecreaseStreamRetentionPeriod`" less; both 24
    /// to 8,760 hours.
    fn change_retention<O: Outbox<Timer>>(
        &mut self,
        hours: i64,
        grows: bool,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        let hours = u64::try_from(hours).ok().filter(|hours| (24..=8_760).contains(hours));
        let retention = Span::from_hours(hours.ok_or(ApiError::InvalidArgumentException)?);
        let fits = if grows { retention > self.retention } else { retention < self.retention };
        if !fits {
            return Err(ApiError::InvalidArgumentException);
        }
        self.change_and_tell(Change::Retention(retention), cx)
    }

    /// `PutRecord`, `PutRecords`: whoever asks keeps what is refused.
    fn put_and_tell<O: Outbox<Timer>>(
        &mut self,
        entries: &[SendEntry],
        keys: &[RecordKey],
        single: bool,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        // "Producer API behavior with service-managed distribution": a partition key is optional there, and there is no order to
        // ask for.
        let is_wrong = |key: &RecordKey| match self.distribution {
            RecordDistribution::UserPartitionKey => {
                key.hash.is_none() || key.after.is_some_and(|place| !self.gave(place))
            }
            RecordDistribution::Auto => key.after.is_some(),
        };
        if entries.is_empty() || keys.iter().any(is_wrong) {
            return Err(ApiError::InvalidArgumentException);
        }
        let batch = cx.batches.open();
        for (entry, key) in entries.iter().zip(keys) {
            let entry = Entry::for_stream(entry.message, key.hash.unwrap_or(0), cx.messages);
            cx.batches.entries_mut(batch).push(entry);
        }
        let mut places = Vec::with_capacity(entries.len());
        let taken = self.take_call(batch, single, |place| places.push(place), cx);
        cx.batches.close(batch);
        taken?.forget(cx);
        self.push_what_came(cx);
        match places[..] {
            [Err(error)] if single => Err(error),
            _ => Ok(Answer::Put(places)),
        }
    }

    /// Whether the stream has given this sequence number.
    fn gave(&self, place: Option<RecordPlace>) -> bool {
        place.is_some_and(|place| {
            self.shards.get(place.shard.index()).is_some_and(|shard| place.position < shard.log.end())
        })
    }

    /// `GetShardIterator`: five calls a second to a shard.
    fn give_iterator<O>(
        &mut self,
        shard: ShardId,
        place: IteratorPlace,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        if shard.index() >= self.shards.len() {
            return Err(ApiError::ResourceNotFoundException);
        }
        self.expire(shard.0, cx.now, cx.messages);
        let of_shard = |gave: bool, place: Option<RecordPlace>| {
            let place = place.filter(|place| gave && place.shard == shard);
            place.map(|place| place.position).ok_or(ApiError::InvalidArgumentException)
        };
        let position = match place {
            IteratorPlace::TrimHorizon => self.shards[shard.index()].log.trim_horizon(),
            IteratorPlace::Latest => self.shards[shard.index()].log.end(),
            // A time to come is no place ("`GetShardIterator`").
            IteratorPlace::AtTimestamp(time) if time > cx.now => {
                return Err(ApiError::InvalidArgumentException);
            }
            IteratorPlace::AtTimestamp(time) => self.shards[shard.index()].log.position_at(time),
            IteratorPlace::AtSequenceNumber(place) => of_shard(self.gave(place), place)?,
            IteratorPlace::AfterSequenceNumber(place) => of_shard(self.gave(place), place)? + 1,
        };
        let log = &mut self.shards[shard.index()];
        if !log.iterator_calls.has(1, cx.now) {
            return Err(ApiError::ProvisionedThroughputExceededException);
        }
        log.iterator_calls.take(1, cx.now);
        Ok(Answer::Iterator(ShardIterator { shard, position, issued_at: cx.now }))
    }

    /// `GetRecords` of a script: under the same limits as everybody's.
    fn read_for_script<O>(
        &mut self,
        iterator: Option<ShardIterator>,
        limit: Option<i64>,
        cx: &mut Context<'_, O>,
    ) -> Result<Answer, ApiError> {
        let most = self.settings.quotas.get_records_entries;
        let limit = limit.unwrap_or(i64::from(most));
        let iterator = iterator.filter(|_| (1..=i64::from(most)).contains(&limit));
        let iterator = iterator.ok_or(ApiError::InvalidArgumentException)?;
        let shard = iterator.shard;
        self.expire(shard.0, cx.now, cx.messages);
        self.metrics.get_records_calls.add(1);
        if self.is_iterator_old(iterator.issued_at, cx.now) {
            return Err(ApiError::ExpiredIteratorException);
        }
        let wanted = Wanted {
            position: iterator.position,
            records: limit as u64,
            bytes: u64::from(self.settings.quotas.get_records_bytes),
        };
        let (batch, read) = self.read_shard(shard, wanted, Span::ZERO, cx)?;
        let mut records = Vec::new();
        for entry in cx.batches.entries(batch) {
            records.push(RecordRead {
                content: cx.messages.detail(entry.message).content,
                origin: cx.messages.origin(entry.message),
                key: cx.messages.group(entry.message),
                place: RecordPlace { shard, position: entry.receipt.position() },
                arrived_at: entry.enqueued_at,
            });
            cx.messages.release(entry.message);
        }
        cx.batches.close(batch);
        let next = ShardIterator { shard, position: read.position, issued_at: cx.now };
        Ok(Answer::Records(RecordsRead {
            records,
            next: (!read.shard_end).then_some(next),
            milliseconds_behind: read.milliseconds_behind,
        }))
    }
}
