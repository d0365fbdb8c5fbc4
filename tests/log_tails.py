"""Tails of logs as Spark and Python write them."""

EXECUTOR_OOM = (
    "ERROR YarnClusterScheduler: Lost executor 3 on ip-10-0-0-7.ec2.internal: Container killed by YARN for exceeding "
    "physical memory limits. 11.2 GB of 11 GB physical memory used. Consider boosting spark.executor.memoryOverhead.\n"
)
DRIVER_OOM = (
    "ERROR ApplicationMaster: User class threw exception: java.lang.OutOfMemoryError: Java heap space\n"
    "java.lang.OutOfMemoryError: Java heap space\n"
    "\tat org.apache.spark.sql.Dataset.collectFromPlan(Dataset.scala:4334)\n"
    "\tat org.apache.spark.deploy.yarn.ApplicationMaster$$anon$2.run(ApplicationMaster.scala:741)\n"
)
TRACEBACK = 'Traceback (most recent call last):\n  File "clean.py", line 7, in <module>\nValueError: bad row\n'
