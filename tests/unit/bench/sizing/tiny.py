"""A set small enough to be worked out by hand: one job, on two instance types.

Dollars per hour of every cluster are made round: (nodes * price + 0.24).
"""

from pathlib import Path

from scripts.bench.sizing.data import Measurements, load_measurements

INSTANCES = """instance_type,vcpu,mem_gib,ec2_usd_h,emr_usd_h,ebs_mbps,source
small,4,16,0.08,0.04,100,made up
big,16,64,0.4,0.04,400,made up
"""

# On 10 GB: small x 1 (0.36 $/h) takes 3180 s (0.36 $), small x 3 (0.60 $/h) 1180 s and 1020 s, so 1100 s (0.2533 $),
# and big x 4 (2 $/h) 480 s (0.50 $).
HEAD = "dataset,job,job_class,family,context,data_bytes,instance_type,nodes,rep,runtime_s\n"
RUNS = """scout,count,scan,count|a,count|a|10,10000000000,small,1,1,3180
scout,count,scan,count|a,count|a|10,10000000000,small,3,1,1180
scout,count,scan,count|a,count|a|10,10000000000,small,3,2,1020
scout,count,scan,count|a,count|a|10,10000000000,big,4,1,480
scout,count,scan,count|a,count|a|20,20000000000,small,1,1,6000
scout,count,scan,count|a,count|a|20,20000000000,small,3,1,2100
scout,count,scan,count|a,count|a|20,20000000000,big,4,1,900
scout,count,scan,count|a,count|a|?,,big,4,1,900
dataproc,lone,sql,lone,lone|5,5000000000,big,2,1,300
"""


def write(folder: Path, instances: str = INSTANCES, runs: str = HEAD + RUNS) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "instances.csv").write_text(instances)
    (folder / "tiny_runs.csv").write_text(runs)
    return folder


def tiny(folder: Path) -> Measurements:
    return load_measurements(write(folder))
