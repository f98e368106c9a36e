//! Who works at the same time: the only place with threads.

use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Threads that work on independent things.
#[derive(Debug)]
pub struct Crew {
    pool: rayon::ThreadPool,
}

impl Crew {
    /// A crew of so many threads; of as many as the machine has processors when `None`.
    ///
    /// # Errors
    ///
    /// Why the operating system gives no threads.
    pub fn new(threads: Option<usize>) -> Result<Self, String> {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0));
        Ok(Self { pool: builder.build().map_err(|error| error.to_string())? })
    }

    /// Does `work` for each number below `count` and returns what came of it in the order of the numbers, whoever did it
    /// when.
    pub fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        self.map_telling(count, work, |_, _| {})
    }

    /// [`Crew::map`], and tells each result as soon as it and all before it are there.
    pub fn map_telling<T: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> T + Sync + Send,
        tell: impl FnMut(usize, &T) + Send,
    ) -> Vec<T> {
        struct Told<T, F> {
            results: Vec<Option<T>>,
            next: usize,
            tell: F,
        }
        let told = Mutex::new(Told { results: (0..count).map(|_| None).collect(), next: 0, tell });
        self.pool.install(|| {
            (0..count).into_par_iter().with_max_len(1).for_each(|index| {
                let result = work(index);
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                let Told { results, next, tell } = &mut *told;
                results[index] = Some(result);
                while let Some(Some(result)) = results.get(*next) {
                    tell(*next, result);
                    *next += 1;
                }
            });
        });
        let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
        told.results.into_iter().flatten().collect()
    }
}
