"""The rules about the steps and scripts of jobs: what breaks each, and what is similar and does not."""

from pathlib import Path

import pytest

from scripts.checking.job_scripts import container_mib
from tests.unit.checking.variants import PRICING, SHIPPING, SPARK, Case, Edit, holds

CLEAN = "jobs/pricing-summary/clean.py"
SUMMARISE = "jobs/pricing-summary/summarise.py"

CLEANED = "--input, << output.clean >>"
RESULTS = f"{CLEANED}, --output, << output >>"
DECLARED = "    output: s3://${data_bucket}/results/<< run_id >>/\n"
SHARED: Edit = (PRICING, DECLARED, DECLARED.replace("<< run_id >>/", ""))
DYNAMIC = "spark.sql.sources.partitionOverwriteMode"
BOOTSTRAP = "bootstrap_actions:\n  - {name: a, script: s3://a-bucket/c.sh}\nconfigurations:"
BUILDER = "SparkSession.builder.appName"
WRITE = 'rows.write.csv(folder, header=True, mode="overwrite")'


def args(new: str, old: str = RESULTS) -> Edit:
    return (PRICING, old, new)


def summarise(old: str, new: str) -> Edit:
    return (SUMMARISE, old, new)


def configured(key: str, value: str) -> Edit:
    return summarise(BUILDER, f'SparkSession.builder.config("{key}", "{value}").appName')


def more(words: str) -> Edit:
    return args(f"{RESULTS}, {words}")


CLEAN_FOLDER = "s3://${data_bucket}/shipping/<< run_id >>/clean/"
UNDECLARED: tuple[Edit, ...] = (
    (SHIPPING, f"<< output >>]\n    output: {CLEAN_FOLDER}", f'"{CLEAN_FOLDER}"]'),
    (SHIPPING, "<< output.clean >>lineitem/", f'"{CLEAN_FOLDER}lineitem/"'),
)

CASES = [
    Case(
        "output-shared-by-runs",
        (SHARED,),
        "results/",
        "step 'summarise' of every run writes to s3://${data_bucket}/results/",
        (SHARED, configured(DYNAMIC, "dynamic")),
    ),
    Case(
        "output-shared-by-runs",
        (SHARED, configured(DYNAMIC, "static")),
        "results/",
        "step 'summarise' of every run writes to s3://${data_bucket}/results/",
        (SHARED, (SPARK, "  spark-defaults:", f"  spark-defaults:\n    {DYNAMIC}: DYNAMIC")),
    ),
    Case(
        "output-shared-by-runs",
        (args('"--output=s3://${data_bucket}/results/"'),),
        "results/",
        "writes to s3://${data_bucket}/results/",
        (
            args('"--output=s3://${data_bucket}/results/"'),
            summarise(WRITE, 'rows.write.option("partitionOverwriteMode", "dynamic").csv(folder, mode="overwrite")'),
        ),
    ),
    Case(
        "output-shared-by-runs",
        (args('"--output=s3://${data_bucket}/more/"'),),
        "more/",
        "writes to s3://${data_bucket}/more/",
        (args('"--output=s3://${data_bucket}/more/<<run_id>>/"'),),
    ),
    Case(
        "input-not-written",
        (args('--input, "s3://${data_bucket}/cleaned/<< run_id >>/"', CLEANED),),
        "cleaned/",
        "step 'summarise' reads s3://${data_bucket}/cleaned/<< run_id >>/, which no step writes",
        (
            args('--input, "s3://${data_bucket}/cleaned/<< run_id >>/orders/"', CLEANED),
            args('--cleaned, "s3://${data_bucket}/cleaned/<< run_id >>/"', "--input, << input >>"),
        ),
    ),
    Case(
        "input-not-awaited",
        (*UNDECLARED, (SHIPPING, "needs: [clean]\n    script: by_mode.py", "needs: []\n    script: by_mode.py")),
        "shipping/<< run_id >>/clean/lineitem/",
        "step 'by-mode' does not wait for 'clean'",
        (*UNDECLARED, (SHIPPING, "    needs: [clean]\n    script: by_mode.py", "    script: by_mode.py")),
    ),
    Case(
        "outputs-overlap",
        (args('--output, "s3://${data_bucket}/clean/"'),),
        "clean/",
        "step 'summarise' writes to s3://${data_bucket}/clean/, 'clean' to s3://${data_bucket}/clean/<< run_id >>/",
        (args('--output, "s3://${data_bucket}/clean-results/<< run_id >>/"'),),
    ),
    Case(
        "step-without-output",
        (args(f"{CLEANED}, --output, results"), (PRICING, DECLARED, "")),
        "name: summarise",
        "step 'summarise' declares no output",
        (args(f"{CLEANED}, --output, results"),),
    ),
    Case(
        "output-not-declared",
        (more('--customers, "s3://${data_bucket}/customers/<< run_id >>/"'),),
        "customers/",
        "s3://${data_bucket}/customers/<< run_id >>/ of step 'summarise' lies in no output that it or an earlier step",
        (more('--customers, "s3://${data_bucket}/results/<<run_id>>/customers/"'),),
    ),
    Case(
        "output-replaces-input",
        (more('--previous, "s3://${data_bucket}/results/<< run_id >>/"'),),
        "results/",
        "step 'summarise' reads s3://${data_bucket}/results/<< run_id >>/ and writes there",
        (more('--previous, "s3://${data_bucket}/older-results/"'),),
    ),
    Case(
        "input-unused",
        (args('--input, "s3://${data_bucket}/landing/tpch/"', "--input, << input >>"),),
        "steps:",
        "no step has << input >> or << manifest >>",
        (args("--input, << manifest >>", "--input, << input >>"),),
    ),
    Case(
        "submit-option-after-script",
        (more("--conf, spark.ui.enabled=false"),),
        "spark.ui.enabled",
        "--conf of step 'summarise'",
        (more("--config, spark.ui.enabled=false"),),
    ),
    Case(
        "s3-scheme-old",
        (args('--output, "s3a://${data_bucket}/results/<< run_id >>/"'),),
        "s3a://",
        "s3a://${data_bucket}/results/<< run_id >>/ of step 'summarise'",
        (more("--label, s3a"),),
    ),
    Case(
        "data-on-cluster",
        (args('--output, "hdfs:///results/<< run_id >>/"'),),
        "hdfs://",
        "hdfs:///results/<< run_id >>/ of step 'summarise'",
        (more("--label, hdfs"),),
    ),
    Case(
        "secret-in-spec",
        (more("--db-password, hunter2"),),
        "hunter2",
        "an argument of step 'summarise'",
        (more('--db-password, "arn:aws:secretsmanager:us-east-1:111122223333:secret:db"'),),
    ),
    Case(
        "secret-in-spec",
        (more('"--key=AKIA' + "Z" * 16 + '"'),),
        "--key=AKIA",
        "an argument of step 'summarise'",
        (more('"--key=AKIA"'),),
    ),
    Case(
        "secret-in-spec",
        ((SPARK, "  spark-defaults:", "  spark-defaults:\n    spark.hadoop.fs.s3a.secret.key: abc/def"),),
        "fs.s3a.secret.key",
        "the value of spark.hadoop.fs.s3a.secret.key",
        ((SPARK, "  spark-defaults:", "  spark-defaults:\n    spark.hadoop.fs.s3a.endpoint: abc/def"),),
    ),
    Case(
        "secret-in-spec",
        (
            (
                SPARK,
                "configurations:",
                BOOTSTRAP.replace("c.sh}", "c.sh, args: [token, API_KEY=x1]}"),
            ),
        ),
        "name: a",
        "an argument of 'a'",
        (
            (
                SPARK,
                "configurations:",
                BOOTSTRAP.replace("c.sh}", "c.sh, args: [token, KEYS=x1]}"),
            ),
        ),
    ),
    Case(
        "script-syntax",
        (summarise("def main() -> None:", "def main( -> None:"),),
        "def main( -> None:",
        "emr-7.14.0 runs it with Python 3.9",
        (summarise("def main() -> None:", "def main():"),),
    ),
    Case(
        "script-syntax",
        (summarise("    spark.stop()", "    match target:\n        case _:\n            spark.stop()"),),
        "match target:",
        "3.10 and greater; emr-7.14.0 runs it with Python 3.9",
        (
            summarise("    spark.stop()", "    match target:\n        case _:\n            spark.stop()"),
            (SPARK, "release: emr-7.14.0", "release: emr-spark-8.1.0"),
        ),
    ),
    Case(
        "script-sets-master",
        (summarise(BUILDER, 'SparkSession.builder.master("local[*]").appName'),),
        "local[*]",
        "the master is 'local[*]'",
        (summarise(BUILDER, "SparkSession.builder.enableHiveSupport().appName"),),
    ),
    Case(
        "script-sets-master",
        (configured("spark.master", "local[4]"),),
        "local[4]",
        "spark.master is 'local[4]'",
        (configured("spark.ui.enabled", "false"),),
    ),
    Case(
        "script-sets-size",
        (configured("spark.executor.memory", "8g"),),
        "8g",
        "spark.executor.memory is '8g'",
        (configured("spark.sql.session.timeZone", "UTC"),),
    ),
    Case(
        "executor-larger-than-node",
        (configured("spark.executor.memory", "2000g"),),
        "2000g",
        "an executor of 2000g takes 2,252,800 MiB with its overhead",
        (configured("spark.executor.memory", "64g"),),
    ),
    Case(
        "module-not-installed",
        (summarise("import argparse\n", "import argparse\n\nimport pandas as pd\n"),),
        "import pandas",
        "pandas is not installed on emr-7.14.0",
        (
            summarise("import argparse\n", "import argparse\n\nimport pandas as pd\n"),
            (
                SPARK,
                "configurations:",
                BOOTSTRAP,
            ),
        ),
    ),
    Case(
        "module-not-installed",
        (summarise("import argparse\n", "import argparse\nfrom pyarrow.fs import S3FileSystem\n"),),
        "from pyarrow",
        "pyarrow is not installed",
        (
            summarise(
                "import argparse\n",
                "import argparse\ntry:\n    import pyarrow\nexcept ImportError:\n    pyarrow = None\n",
            ),
        ),
    ),
    Case(
        "module-not-shipped",
        (
            summarise("import argparse\n", "import argparse\nimport tables\n"),
            ("jobs/pricing-summary/tables.py", "", "NAMES = ()\n"),
        ),
        "import tables",
        "tables lies beside the script",
        (
            summarise("import argparse\n", "import argparse\nimport tables\n"),
            summarise("    spark.stop()", '    spark.sparkContext.addPyFile("s3://a/tables.py")\n    spark.stop()'),
            ("jobs/pricing-summary/tables.py", "", "NAMES = ()\n"),
        ),
    ),
    Case(
        "argument-unknown",
        (more("--format, parquet"),),
        "--format",
        "summarise.py knows --input, --latest, --output, not --format",
        (
            more("--format, parquet"),
            summarise("    options = parser", '    parser.add_argument("-f", "--format")\n    options = parser'),
        ),
    ),
    Case(
        "argument-unknown",
        (more("--format, parquet"),),
        "--format",
        "not --format",
        (
            more("--format, parquet"),
            summarise("options = parser.parse_args()", "options, _ = parser.parse_known_args()"),
        ),
    ),
    Case(
        "argument-missing",
        (summarise("    options = parser", '    parser.add_argument("--top", required=True)\n    options = parser'),),
        "args:",
        "summarise.py requires --top, which step 'summarise' does not give",
        (summarise("    options = parser", '    parser.add_argument("--top", default=10)\n    options = parser'),),
    ),
    Case(
        "write-without-mode",
        (summarise(WRITE, "rows.write.csv(folder, header=True)"),),
        "rows.write.csv",
        "write...csv() without a mode",
        (summarise(WRITE, 'rows.write.mode("overwrite").csv(folder, header=True)'),),
    ),
    Case(
        "write-without-mode",
        (summarise(WRITE, 'rows.write.format("orc").save(folder)'),),
        "rows.write",
        "write...save() without a mode",
        (summarise(WRITE, 'rows.write.parquet(folder, "overwrite")'),),
    ),
    Case(
        "write-appends",
        (summarise(WRITE, 'rows.write.mode("append").csv(folder)'),),
        "append",
        "it appends",
        (summarise(WRITE, 'rows.write.mode("ignore").csv(folder)'),),
    ),
    Case(
        "write-appends",
        (summarise(WRITE, 'rows.write.csv(folder, mode="append")'),),
        "append",
        "it appends",
        (summarise(WRITE, "[].append(rows.write.csv(folder, mode='overwrite'))"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_mistake_is_found_and_what_is_right_is_not(case: Case, tmp_path: Path) -> None:
    holds(case, tmp_path)


@pytest.mark.parametrize(
    ("memory", "mib"), [("1g", 1408), ("10g", 11264), ("512m", 896), ("2GB", 2432), ("0.5t", None), ("a lot", None)]
)
def test_what_an_executor_takes_of_yarn(memory: str, mib: int | None) -> None:
    assert container_mib(memory) == mib
