#!/bin/sh
# A sweep as an array job of Slurm:
#
#   array=$(sbatch --parsable deploy/slurm.sh experiment.yaml reports/my-sweep)
#   sbatch --dependency=afterok:$array --wrap "queuelab sweep merge reports/my-sweep.parts"
#
# Change the number of tasks with --array, the processors of each with --cpus-per-task.
#SBATCH --job-name=queuelab-sweep
#SBATCH --array=0-7
#SBATCH --cpus-per-task=2
set -eu
queuelab sweep "$1" --output "$2" --threads "${SLURM_CPUS_PER_TASK:-1}"
