//! Which of several tasks this is: told by the command line, or by the scheduler that started it.

use super::outcome::wrong;
use clap::Args;

/// Which task of how many.
#[derive(Debug, Args)]
pub(super) struct TaskArguments {
    /// Run only the points of this task, from 0. By default what Slurm, AWS Batch or Kubernetes says of an array job.
    #[arg(long, value_name = "NUMBER")]
    task_index: Option<usize>,
    /// How many tasks there are.
    #[arg(long, value_name = "NUMBER")]
    task_count: Option<usize>,
}

/// A task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) index: usize,
    pub(super) count: usize,
}

/// A scheduler's variables: of the index, of the lowest index, of the distance between two, and of the number of tasks.
struct Scheduler {
    name: &'static str,
    index: &'static str,
    lowest: Option<&'static str>,
    step: Option<&'static str>,
    count: Option<&'static str>,
}

const SCHEDULERS: [Scheduler; 3] = [
    // "Job Array Support", OUTPUT ENVIRONMENT VARIABLES.
    Scheduler {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        lowest: Some("SLURM_ARRAY_TASK_MIN"),
        step: Some("SLURM_ARRAY_TASK_STEP"),
        count: Some("SLURM_ARRAY_TASK_COUNT"),
    },
    // "Use AWS Batch job environment variables".
    Scheduler {
        name: "AWS Batch",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        lowest: None,
        step: None,
        count: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
    // "Indexed Job for Parallel Processing with Static Work Assignment": the number is not told.
    Scheduler { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", lowest: None, step: None, count: None },
];

impl TaskArguments {
    /// Which task this is; `None` when it is no part of an array job.
    #[allow(clippy::disallowed_methods, reason = "schedulers speak through variables")]
    pub(super) fn task(&self) -> anyhow::Result<Option<Task>> {
        self.read(&|name| std::env::var(name).ok()).map_err(wrong)
    }

    fn read(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Task>, String> {
        let number = |name: &str| match variable(name) {
            None => Ok(None),
            Some(text) => text
                .trim()
                .parse::<usize>()
                .map(Some)
                .map_err(|_| format!("the variable {name} is `{text}`, which is no number")),
        };
        let mut index = self.task_index;
        let mut count = self.task_count;
        let mut told_by = "--task-index";
        if index.is_none() {
            for scheduler in &SCHEDULERS {
                let Some(own) = number(scheduler.index)? else { continue };
                let lowest = scheduler.lowest.map_or(Ok(None), number)?.unwrap_or(0);
                let step = scheduler.step.map_or(Ok(None), number)?.unwrap_or(1).max(1);
                index = Some(own.saturating_sub(lowest) / step);
                count = count.or(scheduler.count.map_or(Ok(None), number)?);
                told_by = scheduler.name;
                break;
            }
        }
        match (index, count) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err("`--task-count` needs `--task-index`".to_owned()),
            (Some(index), None) => {
                Err(format!("this is task {index} ({told_by}), of how many is not known: add `--task-count`"))
            }
            (Some(index), Some(count)) if index < count => Ok(Some(Task { index, count })),
            (Some(index), Some(count)) => Err(format!(
                "task {index} ({told_by}) is none of {count}: they count from 0 to {}",
                count.max(1) - 1
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedulers_say_which_task_it_is() {
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<usize>, Option<usize>, Wanted);
        type Wanted = Result<Option<(usize, usize)>, &'static str>;
        let cases: [Case<'_>; 9] = [
            (&[], None, None, Ok(None)),
            (&[], Some(2), Some(7), Ok(Some((2, 7)))),
            (
                &[
                    ("SLURM_ARRAY_TASK_ID", "5"),
                    ("SLURM_ARRAY_TASK_MIN", "1"),
                    ("SLURM_ARRAY_TASK_COUNT", "8"),
                ],
                None,
                None,
                Ok(Some((4, 8))),
            ),
            (
                &[
                    ("SLURM_ARRAY_TASK_ID", "6"),
                    ("SLURM_ARRAY_TASK_STEP", "2"),
                    ("SLURM_ARRAY_TASK_COUNT", "4"),
                ],
                None,
                None,
                Ok(Some((3, 4))),
            ),
            (
                &[("AWS_BATCH_JOB_ARRAY_INDEX", "3"), ("AWS_BATCH_JOB_ARRAY_SIZE", "4")],
                None,
                None,
                Ok(Some((3, 4))),
            ),
            (&[("JOB_COMPLETION_INDEX", "1")], None, Some(3), Ok(Some((1, 3)))),
            (&[("JOB_COMPLETION_INDEX", "1")], None, None, Err("add `--task-count`")),
            (&[("JOB_COMPLETION_INDEX", "x")], None, Some(3), Err("no number")),
            (&[("SLURM_ARRAY_TASK_ID", "1")], Some(3), Some(3), Err("they count from 0 to 2")),
        ];
        for (variables, task_index, task_count, wanted) in cases {
            let variable = |name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            let read = TaskArguments { task_index, task_count }.read(&variable);
            match (read, wanted) {
                (Ok(task), Ok(wanted)) => assert_eq!(task.map(|task| (task.index, task.count)), wanted),
                (Err(error), Err(wanted)) => assert!(error.contains(wanted), "{error}"),
                (read, wanted) => panic!("{read:?} is not {wanted:?}"),
            }
        }
    }
}
